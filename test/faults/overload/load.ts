/**
 * A load that does not slow down: so many records a second are made whatever happens, kept while they are refused, and sent again when the
 * answer says so. What does not fit what a client may keep is dropped by the client and counted, as an SDK does.
 */
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { logRequest } from './records.js'

export interface LoadOptions {
  readonly port: number
  readonly recordsPerSecond: number
  readonly recordsPerRequest: number
  readonly severe: boolean
  readonly firstId: number
  /** Requests that a client keeps. */
  readonly keeps: number
  /** No more is made then; what is kept goes on until it is taken. */
  readonly until: AbortSignal
  /** The end for what is kept as well. */
  readonly over: AbortSignal
}

export interface LoadReport {
  made: number
  /** Made and not kept, as the client was full. */
  droppedByClient: number
  readonly acknowledged: Set<number>
  readonly answers: Map<string, number>
}

export async function load (options: LoadOptions): Promise<LoadReport> {
  const report: LoadReport = { made: 0, droppedByClient: 0, acknowledged: new Set(), answers: new Map() }
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const kept = new Set<Promise<void>>()
  const startMs = performance.now()
  const { recordsPerSecond, recordsPerRequest, firstId, until } = options
  while (!until.aborted) {
    const due = (performance.now() - startMs) / 1000 * recordsPerSecond
    while (report.made + recordsPerRequest <= due) {
      const ids = Array.from({ length: recordsPerRequest }, (_, i) => firstId + report.made + i)
      report.made += ids.length
      if (kept.size >= options.keeps) { report.droppedByClient += ids.length; continue }
      const work: Promise<void> = insist(ids, agent, options, report).finally(() => { kept.delete(work) })
      kept.add(work)
    }
    await sleep(10)
  }
  await Promise.all(kept)
  agent.destroy()
  return report
}

async function insist (ids: readonly number[], agent: Agent, { port, severe, over }: LoadOptions, report: LoadReport): Promise<void> {
  const body = logRequest(ids, severe)
  while (!over.aborted) {
    const { status, hint } = await post(port, body, agent)
    const key = hint === undefined ? String(status) : `${status} with Retry-After ${hint}`
    report.answers.set(key, (report.answers.get(key) ?? 0) + 1)
    if (status === 200) { for (const id of ids) report.acknowledged.add(id); return }
    // Spread, so that clients that were refused together do not come back together.
    await sleep((Number(hint ?? 1) * 1000) * (0.75 + Math.random() / 2))
  }
}

/** Status 0: no answer. */
function post (port: number, body: Buffer, agent: Agent): Promise<{ readonly status: number, readonly hint: string | undefined }> {
  return new Promise(resolve => {
    const none = (): void => { resolve({ status: 0, hint: undefined }) }
    const call = request({ host: '127.0.0.1', port, path: '/v1/logs', method: 'POST', agent, timeout: 30_000, headers: { 'content-type': 'application/x-protobuf', 'content-length': body.length } }, response => {
      response.resume().once('end', () => { resolve({ status: response.statusCode ?? 0, hint: response.headers['retry-after'] }) }).once('error', none)
    })
    call.once('timeout', () => { call.destroy() }).once('error', none)
    call.end(body)
  })
}

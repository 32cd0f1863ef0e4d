/** An OTLP/HTTP client that keeps what it was not told is taken, and sends it again: as the SDKs' retrying exporters do, without giving up. */
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ledger } from './ledger.js'

export interface ClientOptions {
  readonly ledger: Ledger
  readonly port: number
  readonly records: number
  /** The id of the first record. Left out = 0. */
  readonly first?: number
  readonly batch: number
  readonly connections: number
  /** Between two batches of a connection. */
  readonly pauseMs: number
  readonly signal: AbortSignal
}

export interface ClientReport { readonly retries: number, readonly statuses: ReadonlyMap<number, number>, readonly withHint: number }

/** Resolves when every record is acknowledged or refused for good, or the signal aborted. */
export async function sendAll (options: ClientOptions): Promise<ClientReport> {
  const agent = new Agent({ keepAlive: true, maxSockets: options.connections })
  const report = { retries: 0, statuses: new Map<number, number>(), withHint: 0 }
  const { first = 0 } = options
  const end = first + options.records
  let next = first
  const lane = async (): Promise<void> => {
    while (next < end && !options.signal.aborted) {
      const ids = Array.from({ length: Math.min(options.batch, end - next) }, (_, i) => next + i)
      next += ids.length
      options.ledger.sent += ids.length
      await insist(ids, agent, options, report)
      if (options.pauseMs > 0) await sleep(options.pauseMs)
    }
  }
  await Promise.all(Array.from({ length: options.connections }, lane))
  agent.destroy()
  return report
}

async function insist (ids: readonly number[], agent: Agent, { ledger, port, signal }: ClientOptions, report: { retries: number, statuses: Map<number, number>, withHint: number }): Promise<void> {
  for (let waitMs = 20; !signal.aborted; waitMs = Math.min(500, waitMs * 2)) {
    const { status, retryAfterMs } = await post(port, ids, agent)
    report.statuses.set(status, (report.statuses.get(status) ?? 0) + 1)
    if (status === 200) { ledger.acknowledge(ids); return }
    if (status >= 400 && status < 500 && status !== 429) { ledger.refuse(ids); return }
    report.retries++
    if (retryAfterMs > 0) report.withHint++
    await sleep(Math.max(waitMs, Math.min(retryAfterMs, 2000)))
  }
}

/** Status 0: no answer. */
function post (port: number, ids: readonly number[], agent: Agent): Promise<{ readonly status: number, readonly retryAfterMs: number }> {
  const body = JSON.stringify({ resourceLogs: [{ resource: { attributes: [{ key: 'service.name', value: { stringValue: 'ledger' } }] }, scopeLogs: [{ logRecords: ids.map(id => ({ body: { intValue: String(id) }, severityNumber: 9, timeUnixNano: '1767225600000000000' })) }] }] })
  return new Promise(resolve => {
    const none = { status: 0, retryAfterMs: 0 }
    const call = request({ host: '127.0.0.1', port, path: '/v1/logs', method: 'POST', agent, timeout: 30_000, headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } }, response => {
      response.resume().once('end', () => { resolve({ status: response.statusCode ?? 0, retryAfterMs: Number(response.headers['retry-after'] ?? 0) * 1000 }) }).once('error', () => { resolve(none) })
    })
    call.once('timeout', () => { call.destroy() }).once('error', () => { resolve(none) })
    call.end(body)
  })
}

/**
 * What watching a cluster costs: the real program with the kubernetes receiver and a file exporter, on 10,000 pods, then 50,000
 * changes across 20 broken connections. Afterwards the file is compared with the API server's log, change by change.
 */
import { createReadStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readFrames } from '../../core/data/read-frames.js'
import { ApiServerStandIn } from '../../core/testing/api-server/server.js'
import { Churn, expectedSince, judge } from '../kubernetes/churn.js'
import { freePort, launchTapio } from '../peers/launch.js'
import { cpuSeconds, memoryMiB } from './collector/process-stats.js'
import { printMachine, type Report } from './report.js'

const pods = 10_000
const steps = 50_000
const drops = 20
const stepsATurn = 100

export async function run (report: Report): Promise<void> {
  printMachine(report)
  for (const objects of ['changes', 'none'] as const) await measure(objects, report)
}

async function measure (objects: string, report: Report): Promise<void> {
  const server = new ApiServerStandIn()
  const directory = mkdtempSync(join(tmpdir(), 'tapio-bench-'))
  const churn = new Churn(server.store, 11)
  churn.fill(pods)
  const metrics = await freePort()
  const file = join(directory, 'events.tapio')
  const startedMs = performance.now()
  const tapio = await launchTapio('tapio', {
    receivers: { kubernetes: { auth_type: 'none', api_server: await server.start(), resources: ['pods', 'events'], objects, checkpoint: { file: join(directory, 'checkpoint') } } },
    exporters: { file: { path: file, rotation: { max_size: '0B' } } },
    service: { mode: 'standard', telemetry: { metrics: { endpoint: `127.0.0.1:${metrics}` } }, pipelines: { cluster: { receivers: ['kubernetes'], exporters: ['file'] } } }
  }, metrics)
  try {
    await until(() => server.watches.size === 2)
    const syncMs = performance.now() - startedMs
    const [syncedMiB, syncedCpu] = [memoryMiB(tapio.pid).now, cpuSeconds(tapio.pid)]
    const from = server.store.version
    const churnMs = await changes(server, churn)
    const expected = expectedSince(server.store, from)
    await until(() => server.watches.size === 2)
    await taken(metrics, server.store.log.length - pods)
    const [memory, cpu] = [memoryMiB(tapio.pid), cpuSeconds(tapio.pid) - syncedCpu]
    await tapio.stop()
    const verdict = judge(expected, await idsOf(file))
    report(`objects: ${objects}`)
    report(`  ${pods} pods known after ${(syncMs / 1000).toFixed(2)} s (start of the process included), CPU ${syncedCpu.toFixed(2)} s, RSS ${syncedMiB.toFixed(0)} MiB`)
    report(`  ${steps} changes in ${(churnMs / 1000).toFixed(1)} s across ${drops} broken connections: CPU ${(cpu / steps * 1e6).toFixed(0)} us a change, RSS ${memory.now.toFixed(0)} MiB, peak ${memory.peak.toFixed(0)}`)
    report(`  told ${verdict.expected - verdict.missed} of ${verdict.expected}: missed ${verdict.missed}, doubled ${verdict.doubled}, out of order ${verdict.outOfOrder}, unexpected ${verdict.unexpected}`)
  } finally {
    await tapio.stop()
    await server.stop()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** As fast as both sides go: the server writes to its connections, and waits a turn of the loop. */
async function changes (server: ApiServerStandIn, churn: Churn): Promise<number> {
  const startedMs = performance.now()
  for (let done = 0; done < steps; done += stepsATurn) {
    for (let i = 0; i < stepsATurn; i++) churn.step()
    if (done % (steps / drops) === 0) server.drop(done % (2 * steps / drops) === 0 ? 'cleanly' : 'within a line')
    await new Promise(resolve => setImmediate(resolve))
  }
  return performance.now() - startedMs
}

async function until (holds: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 120_000
  while (!holds()) {
    if (performance.now() > deadlineMs) throw new Error('the receiver does not come along')
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

/** Waits until the receiver has seen so many changes and its queue is empty. */
async function taken (port: number, wanted: number): Promise<void> {
  const deadlineMs = performance.now() + 180_000
  for (;;) {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    const sum = (pattern: RegExp): number => text.split('\n').filter(line => pattern.test(line)).reduce((n, line) => n + Number(line.split(' ').at(-1)), 0)
    if (sum(/^tapio_kubernetes_watch_total\{.*what="change"/) >= wanted && sum(/^tapio_kubernetes_queued_events\{?/) === 0) return
    if (performance.now() > deadlineMs) throw new Error(`${sum(/what="change"/)} of ${wanted} changes came\n${text.split('\n').filter(l => l.includes('kubernetes')).join('\n')}`)
    await new Promise(resolve => setTimeout(resolve, 200))
  }
}

async function idsOf (file: string): Promise<string[]> {
  const ids: string[] = []
  for await (const item of readFrames(createReadStream(file), 256 << 20)) {
    if (item.kind === 'damage') throw new Error(`the file is damaged: ${item.reason}`)
    for (let i = 0; i < item.batch.count; i++) ids.push(item.batch.at(i).get('id') ?? '')
  }
  return ids
}

/**
 * Overload, with figures.
 *
 * In one process, 2 times what the sink takes: memory must stay where it was after the first seconds, and every row be delivered, refused
 * to the source, or dropped with a count.
 *
 * Through the network, 5 times what the backend takes, with a memory limit (a control group where one can be made): memory, answers and
 * hints, what became of what each client had, the official SDK among them, and how long severe records took beside the others.
 */
import { fileURLToPath } from 'node:url'
import { pipelineOf } from '../../core/builder.js'
import { silentLogger } from '../../core/testing/services.js'
import { valueOf } from '../../core/telemetry/snapshot.js'
import { overload as overloadBackend, percentile, type OverloadOptions } from '../faults/overload/run.js'
import { printMachine, printTable, type Report } from './report.js'

const catalog = [new URL('../../core/cli/registry.js', import.meta.url).href, new URL('../../core/testing/components.js', import.meta.url).href]
const seconds = Number(process.env['TAPIO_OVERLOAD_SECONDS'] ?? 60)
const sinkRate = 50_000

async function inProcess (whenFull: 'retry' | 'drop', report: Report): Promise<void> {
  const rows = sinkRate * 2 * seconds
  const tapio = await pipelineOf(catalog).withMode('ring-buffer').withLogger(silentLogger)
    .withService({ when_full: whenFull, enqueue_timeout: '5ms', shutdown_timeout: '60s', batch_size: 1000, telemetry: { metrics: { enabled: false }, logs: { level: 'error' } } })
    .receiver('test_source', { rows, batch_rows: 500, rows_per_second: sinkRate * 2 })
    .processor('validation').processor('attributes', { actions: [{ key: 'a', value: 'b', action: 'insert' }] })
    .exporter('test_sink', { rows_per_second: sinkRate })
    .build()
  await tapio.start()
  const samples: number[] = []
  const watch = setInterval(() => { samples.push(process.memoryUsage.rss() / 2 ** 20) }, 1000)
  await tapio.endRequested
  clearInterval(watch)
  const { undelivered } = await tapio.stop()
  const count = (name: string, attributes = {}): number => Number(valueOf(tapio.snapshot(), name, attributes))
  const delivered = count('tapio_test_sink_events_total')
  const refused = count('tapio_test_source_refused_events_total')
  const dropped = count('tapio_component_dropped_events_total')
  const third = Math.floor(samples.length / 3)
  const peak = (part: readonly number[]): string => Math.max(...part).toFixed(0)
  report(`when_full: ${whenFull}, ${seconds} s at ${sinkRate * 2} events/s into a sink of ${sinkRate} events/s`)
  printTable(report, [
    ['sent', 'delivered', 'refused', 'dropped', 'undelivered', 'unaccounted', 'peak RSS MiB 1st third', '2nd', '3rd'],
    [rows, delivered, refused, dropped, undelivered, rows - delivered - refused - dropped - undelivered, peak(samples.slice(0, third)), peak(samples.slice(third, 2 * third)), peak(samples.slice(2 * third))].map(String)
  ])
}

const recordBytes = 8000
const network = { capacity: 400, ordinaryPerSecond: 2000, severePerSecond: 20, sdkPerSecond: 50, drainSeconds: 120 }

async function throughNetwork (name: string, options: Pick<OverloadOptions, 'limitMib' | 'cgroup' | 'queue'>, report: Report): Promise<void> {
  const r = await overloadBackend({ ...network, seconds, ...options })
  report('')
  report(`${name}: ${seconds} s of ${network.ordinaryPerSecond + network.severePerSecond + network.sdkPerSecond} log records/s of ${recordBytes} bytes into a backend that takes ${network.capacity}/s; ${r.limitedBy}`)
  printTable(report, [
    ['memory', 'limit MiB', 'peak RSS MiB', 'at the end MiB', 'killed', 'back to normal after s'],
    ['', options.limitMib, r.peakMib.toFixed(0), r.endMib.toFixed(0), r.kills, r.recoveredSeconds.toFixed(0)].map(String)
  ])
  report(`levels: none ${r.levels.join(' ')}`)
  printTable(report, [
    ['client', 'made', 'had no room at the client', 'given up by the client', 'acknowledged'],
    ...([['ordinary', r.ordinary], ['severe', r.severe]] as const).map(([who, c]) => [who, c.made, c.droppedByClient, 0, c.acknowledged.size].map(String)),
    ['OpenTelemetry JS SDK', r.sdk.made, 0, r.sdk.givenUp.size, r.sdk.acknowledged.size].map(String)
  ])
  report(`acknowledged and not delivered: ${r.lost}; delivered more than once: ${r.deliveredAgain}`)
  const answers = new Map([...r.ordinary.answers].map(([answer, n]) => [answer, n + (r.severe.answers.get(answer) ?? 0)] as const))
  report(`answers: ${[...answers].map(([answer, n]) => `${answer}: ${n}`).join('; ')}`)
  const ms = (values: readonly number[], p: number): string => percentile(values, p).toFixed(0)
  printTable(report, [
    ['from being made to the backend, under load', 'records', 'p50 ms', 'p99 ms'],
    ...([['severe', r.latencies.severe], ['others', r.latencies.others]] as const).map(([who, values]) => [who, String(values.length), ms(values, 50), ms(values, 99)])
  ])
}

export async function run (report: Report): Promise<void> {
  printMachine(report)
  await inProcess('retry', report)
  await inProcess('drop', report)
  await throughNetwork('memory_limiter', { limitMib: 260, cgroup: true }, report)
  await throughNetwork('memory_limiter, limit_mib', { limitMib: 280, cgroup: false }, report)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await run(line => console.log(line))

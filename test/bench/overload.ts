/**
 * Memory under overload: a source at twice what the sink takes, for a minute. Memory must stay where it was after the first
 * seconds, and every row must be delivered, refused to the source, or dropped with a count.
 */
import { fileURLToPath } from 'node:url'
import { pipelineOf } from '../../core/builder.js'
import { silentLogger } from '../../core/testing/services.js'
import { valueOf } from '../../core/telemetry/snapshot.js'
import { printMachine, printTable, type Report } from './report.js'

const catalog = [new URL('../../core/cli/registry.js', import.meta.url).href, new URL('../../core/testing/components.js', import.meta.url).href]
const seconds = Number(process.env['TAPIO_OVERLOAD_SECONDS'] ?? 60)
const sinkRate = 50_000

async function overload (whenFull: 'retry' | 'drop', report: Report): Promise<void> {
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

export async function run (report: Report): Promise<void> {
  printMachine(report)
  await overload('retry', report)
  await overload('drop', report)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await run(line => console.log(line))

/** Correlation in ring-buffer mode: source, correlating processors and sink in threads of their own, rings between. */
import { pipelineOf } from '../../../core/builder.js'
import { silentLogger } from '../../../core/testing/services.js'
import { valueOf } from '../../../core/telemetry/snapshot.js'
import { printTable, rate, type Report } from '../report.js'
import { batchRows } from './rows.js'

const catalog = [new URL('../../../core/cli/registry.js', import.meta.url).href, new URL('../../../core/testing/components.js', import.meta.url).href, new URL('./source.js', import.meta.url).href]
const shares = (process.env['TAPIO_BENCH_SHARES'] ?? '0.01,0.1').split(',').map(Number)
const batches = Math.ceil(Number(process.env['TAPIO_BENCH_RING_EVENTS'] ?? 4_000_000) / batchRows)
const claimed = 1_000_000

export async function ringBuffer (report: Report, startMs: number): Promise<void> {
  const rows = [['ring-buffer mode', 'abnormal', 'events/s', 'claimed', 'ratio', 'CPU ns/event, all threads', 'RSS MiB', 'rows out']]
  for (const share of shares) {
    for (const [name, stages] of [['noop, same batches', ['noop']], ['correlation', ['context', 'k8s_correlation', 'temporal_correlation', 'impact', 'incident']]] as const) {
      const { perSecond, cpuNs, rssMiB, out } = await pass(stages, share, startMs)
      rows.push([name, `${share * 100} %`, rate(perSecond), rate(claimed), `${(perSecond / claimed).toFixed(2)}x`, cpuNs.toFixed(0), rssMiB.toFixed(0), String(out)])
    }
  }
  printTable(report, rows)
  report(`${batches * batchRows} events each, from the first that arrives to the last; the source gives each batch new times as it goes`)
}

async function pass (stages: readonly string[], share: number, startMs: number): Promise<{ perSecond: number, cpuNs: number, rssMiB: number, out: number }> {
  const builder = pipelineOf(catalog).withMode('ring-buffer').withLogger(silentLogger).withService({ shutdown_timeout: '60s', telemetry: { metrics: { enabled: false }, logs: { level: 'error' } } })
    .receiver('correlation_source', { batches, share, start_ms: startMs })
  for (const stage of stages) builder.processor(stage)
  const tapio = await builder.exporter('test_sink').build()
  await tapio.start()
  const sunk = (): number => Number(valueOf(tapio.snapshot(), 'tapio_test_sink_events_total'))
  const objectRows = 14_000
  // The clock starts when the cluster is known and rows come: making the templates is not measured.
  while (sunk() <= objectRows) await new Promise(resolve => setTimeout(resolve, 5))
  const [startedMs, started, first] = [performance.now(), process.cpuUsage(), sunk()]
  await tapio.endRequested
  const last = (): number => sunk() - first
  let seen = last()
  for (let still = 0; still < 20; still = last() === seen ? still + 1 : 0) { seen = last(); await new Promise(resolve => setTimeout(resolve, 10)) }
  const seconds = (performance.now() - startedMs - 200) / 1000
  const { user, system } = process.cpuUsage(started)
  const rssMiB = process.memoryUsage.rss() / 2 ** 20
  await tapio.stop()
  return { perSecond: seen / seconds, cpuNs: (user + system) * 1000 / seen, rssMiB, out: sunk() }
}

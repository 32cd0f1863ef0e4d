/**
 * The four modes end to end: columnar source -> validation -> filter -> attributes -> counting sink, each as fast as it
 * goes, then paced at half of that for latency. Beside each figure: what the seed's README claims for the mode.
 *
 * Latency is from the wall clock stamped when the source makes a batch to when the sink has it, so it includes queueing.
 */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { pipelineOf } from '../../core/builder.js'
import type { Instance } from '../../core/instance.js'
import { modeNames, modes, type Mode } from '../../core/config/modes.js'
import { testSink } from '../../core/testing/components.js'
import { silentLogger } from '../../core/testing/services.js'
import { valueOf, type MetricSnapshot } from '../../core/telemetry/snapshot.js'
import { printMachine, printTable, rate, type Report } from './report.js'

const catalog = [new URL('../../core/cli/registry.js', import.meta.url).href, new URL('../../core/testing/components.js', import.meta.url).href]
const claims: Readonly<Record<Mode, { readonly perSecond: number, readonly p99Ms: number }>> = {
  'ring-buffer': { perSecond: 1_000_000, p99Ms: 1 },
  'high-performance': { perSecond: 165_000, p99Ms: 9.74 },
  standard: { perSecond: 50_000, p99Ms: 25 },
  debug: { perSecond: 10_000, p99Ms: 100 }
}

/** Workers start cold: the first batches pay for compiling the code they run. */
const warmUpMs = 2000

interface Pass { readonly perSecond: number, readonly p50Ms: number, readonly p99Ms: number, readonly rssMiB: number, readonly lost: number }

function build (mode: Mode, rows: number, batchRows: number, rowsPerSecond: number): Promise<Instance> {
  return pipelineOf(catalog).withMode(mode)
    // What debug mode is for (tracing every batch, profiling) stays on; only its log is not printed.
    .withService({ telemetry: { metrics: { enabled: false }, logs: { level: 'error' } } })
    .withLogger(silentLogger)
    .receiver('test_source', { rows, batch_rows: batchRows, rows_per_second: rowsPerSecond })
    .processor('validation')
    .processor('filter', { exclude: [{ severity: { max: 'debug' } }, { name: 'event-11', entityNamespace: 'ns-3' }] })
    .processor('attributes', { actions: [{ key: 'deployment.environment.name', value: 'bench', action: 'upsert' }] })
    .exporter('test_sink')
    .build()
}

/** One run in this process: rows in all, rows a batch, pace (0 = full speed). */
async function pass (mode: Mode, rows: number, batchRows: number, rowsPerSecond: number): Promise<Pass> {
  const tapio = await build(mode, rows, batchRows, rowsPerSecond)
  await tapio.start()
  const startedMs = performance.now()
  let rssMiB = 0
  let warm: MetricSnapshot | undefined
  const warmUp = setTimeout(() => { warm = tapio.snapshot() }, warmUpMs)
  const watch = setInterval(() => { rssMiB = Math.max(rssMiB, process.memoryUsage.rss() / 2 ** 20) }, 50)
  await tapio.endRequested
  const report = await tapio.stop()
  const seconds = (performance.now() - startedMs) / 1000
  clearInterval(watch)
  clearTimeout(warmUp)
  const snapshot = tapio.snapshot()
  const sunk = Number(valueOf(snapshot, 'tapio_test_sink_events_total'))
  const filtered = Number(valueOf(snapshot, 'tapio_component_dropped_events_total', { reason: 'filtered' }))
  const refused = Number(valueOf(snapshot, 'tapio_test_source_refused_events_total'))
  return { perSecond: rows / seconds, ...latency(snapshot, warm), rssMiB, lost: rows - sunk - filtered - refused - report.undelivered }
}

/** Upper bound of the bucket that holds the quantile, of what came after the warm-up. */
function latency (snapshot: MetricSnapshot, warm: MetricSnapshot | undefined): { p50Ms: number, p99Ms: number } {
  const [all, before] = [latencyBuckets(snapshot), warm === undefined ? [] : latencyBuckets(warm)]
  const buckets = all.map((n, i) => n - (before[i] ?? 0))
  const total = buckets.reduce((sum, n) => sum + n, 0)
  const quantile = (q: number): number => {
    let seen = 0
    const at = buckets.findIndex(n => (seen += n) >= total * q)
    return (testSink.metrics[1]?.bounds?.[at] ?? Infinity) * 1000
  }
  return { p50Ms: quantile(0.5), p99Ms: quantile(0.99) }
}

function latencyBuckets (snapshot: MetricSnapshot): number[] {
  const family = snapshot.families.find(f => f.name === 'tapio_test_sink_latency_seconds')
  return family?.kind === 'histogram' ? (family.series[0]?.buckets ?? []).map(Number) : []
}

/** Each mode in a process of its own, so that one's heap and JIT do not help or hurt the next. */
async function inOwnProcess (mode: Mode): Promise<Measured> {
  const child = fork(fileURLToPath(import.meta.url), [mode], { execArgv: process.execArgv })
  return await new Promise((resolve, reject) => {
    child.once('message', message => resolve(message as Measured))
    child.once('exit', code => { if (code !== 0) reject(new Error(`the ${mode} run ended with code ${code}`)) })
  })
}

interface Measured { readonly full: Pass, readonly paced: Pass, readonly small: Pass | undefined }

async function measure (mode: Mode): Promise<Measured> {
  const { batchSize } = modes[mode]
  await pass(mode, batchSize * 200, batchSize, 0)
  const trial = await pass(mode, batchSize * 400, batchSize, 0)
  const rows = Math.ceil(trial.perSecond * 6 / batchSize) * batchSize
  const full = await pass(mode, rows, batchSize, 0)
  const half = full.perSecond / 2
  const paced = await pass(mode, Math.ceil(half * 7 / batchSize) * batchSize, batchSize, half)
  // Large batches are for throughput; what the same mode takes when latency matters:
  const small = mode === 'ring-buffer' ? await pass(mode, 64 * Math.ceil(100_000 * 7 / 64), 64, 100_000) : undefined
  return { full, paced, small }
}

export async function run (report: Report): Promise<void> {
  printMachine(report)
  report('modes end to end: columnar source -> validation -> filter -> attributes -> counting sink')
  const rows: string[][] = [['mode', 'batch', 'events/s', 'claimed', 'ratio', 'p50 ms*', 'p99 ms*', 'claimed p99', 'at rate', 'RSS MiB', 'unaccounted']]
  for (const mode of modeNames) {
    const { full, paced, small } = await inOwnProcess(mode)
    const claim = claims[mode]
    rows.push([mode, String(modes[mode].batchSize), rate(full.perSecond), rate(claim.perSecond), `${(full.perSecond / claim.perSecond).toFixed(1)}x`,
      `<= ${paced.p50Ms}`, `<= ${paced.p99Ms}`, `${claim.p99Ms}`, rate(paced.perSecond), full.rssMiB.toFixed(0), String(full.lost + paced.lost)])
    if (small !== undefined) rows.push(['  same, small batches', '64', '', '', '', `<= ${small.p50Ms}`, `<= ${small.p99Ms}`, `${claim.p99Ms}`, rate(small.perSecond), small.rssMiB.toFixed(0), String(small.lost)])
  }
  printTable(report, rows)
  report('* after 2 s of warm-up, at half of the full rate, upper bound of the histogram bucket')
}

const [mode] = process.argv.slice(2)
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.send !== undefined && mode !== undefined) {
    process.send(await measure(mode as Mode), () => process.disconnect())
  } else await run(line => console.log(line))
}

/** One graph under load for some seconds, and what its own metrics say of it. */
import { PerformanceObserver } from 'node:perf_hooks'
import { openCatalog, planConfig, Instance } from '../instance.js'
import type { ResolvedConfig } from '../config/shape.js'
import type { Plan } from '../graph/plan.js'
import { exposedName } from '../telemetry/declaration.js'
import { componentDropped } from '../telemetry/drops.js'
import { edgeMetrics } from '../telemetry/edges.js'
import { valueOf, type HistogramFamily, type MetricSnapshot, type NumberFamily } from '../telemetry/snapshot.js'
import { threadMetrics } from '../telemetry/thread-metrics.js'
import { silentLogger } from '../testing/services.js'
import { doublesUrl, refusedRows, sinkLatency, sinkRows, sourceRows } from './doubles.js'

export interface EdgeFigures { readonly from: string, readonly to: string, readonly pipeline: string, readonly rowsPerSecond: number, readonly seconds: number, readonly batches: number }

export interface Measured {
  readonly plan: Plan
  readonly seconds: number
  /** Rows that the pipelines took from the generator, that came to the sinks, and that were not taken. A second. */
  readonly inPerSecond: number
  readonly outPerSecond: number
  readonly refusedPerSecond: number
  /** Rows that ended in a component, by `component: reason`. */
  readonly drops: Readonly<Record<string, number>>
  /** Upper bounds of the buckets; undefined when no sink measured. */
  readonly p50Ms: number | undefined
  readonly p99Ms: number | undefined
  readonly edges: readonly EdgeFigures[]
  /** 0 to 1 by thread, of its last sample; left out when it was not sampled. */
  readonly threads: Readonly<Record<string, number>>
  /** CPU seconds a second: of how many cores. */
  readonly cores: number
  readonly rssMaxBytes: number
  /** Of the main thread. */
  readonly gcMs: number
}

const warmUpMs = 1000

/** Rejects when the configuration cannot be planned or started. */
export async function measure (config: ResolvedConfig, modules: readonly string[], ms: number, signal: AbortSignal): Promise<Measured> {
  const planned = planConfig(config, await openCatalog([...modules, doublesUrl]))
  if (!planned.ok) throw new Error(planned.faults.map(f => `${f.path.join('.')}: ${f.message}`).join('; '))
  const instance = new Instance(config, planned.plan, silentLogger)
  let [rssMaxBytes, gcMs] = [0, 0]
  const gc = new PerformanceObserver(list => { for (const e of list.getEntries()) gcMs += e.duration })
  const watch = setInterval(() => { rssMaxBytes = Math.max(rssMaxBytes, process.memoryUsage.rss()) }, 100)
  try {
    await instance.start()
    await pause(Math.min(warmUpMs, ms / 3), signal)
    const [before, cpu, startedMs] = [instance.snapshot(), process.cpuUsage(), performance.now()]
    gcMs = 0
    gc.observe({ entryTypes: ['gc'] })
    await pause(ms - Math.min(warmUpMs, ms / 3), signal)
    const [after, used, seconds] = [instance.snapshot(), process.cpuUsage(cpu), (performance.now() - startedMs) / 1000]
    const rate = (name: string): number => (Number(valueOf(after, name)) - Number(valueOf(before, name))) / seconds
    return {
      plan: planned.plan, seconds, gcMs, rssMaxBytes: Math.max(rssMaxBytes, process.memoryUsage.rss()), cores: (used.user + used.system) / 1e6 / seconds,
      inPerSecond: rate(exposedName(sourceRows)), outPerSecond: rate(exposedName(sinkRows)), refusedPerSecond: rate(exposedName(refusedRows)),
      drops: dropsBetween(before, after), ...quantiles(before, after), edges: inOrder(edgesBetween(before, after, seconds), planned.plan), threads: threadsIn(after)
    }
  } finally {
    gc.disconnect()
    clearInterval(watch)
    await instance.stop(5000)
  }
}

/** Ends early when `signal` aborts: what was measured so far is told. */
function pause (ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => {
    const done = (): void => { clearTimeout(timer); signal.removeEventListener('abort', done); resolve() }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}

const histogram = (s: MetricSnapshot, name: string): HistogramFamily | undefined => s.families.find((f): f is HistogramFamily => f.name === name && f.kind === 'histogram')
const numbers = (s: MetricSnapshot, name: string): NumberFamily['series'] => s.families.find((f): f is NumberFamily => f.name === name && f.kind === 'number')?.series ?? []

function quantiles (before: MetricSnapshot, after: MetricSnapshot): { readonly p50Ms: number | undefined, readonly p99Ms: number | undefined } {
  const buckets = (s: MetricSnapshot): number[] => {
    const sums: number[] = []
    for (const { buckets } of histogram(s, exposedName(sinkLatency))?.series ?? []) buckets.forEach((n, i) => { sums[i] = (sums[i] ?? 0) + Number(n) })
    return sums
  }
  const was = buckets(before)
  const counts = buckets(after).map((n, i) => n - (was[i] ?? 0))
  const total = counts.reduce((a, b) => a + b, 0)
  const at = (q: number): number | undefined => {
    if (total === 0) return undefined
    let seen = 0
    const bucket = counts.findIndex(n => (seen += n) >= total * q)
    return (sinkLatency.bounds?.[bucket] ?? Infinity) * 1000
  }
  return { p50Ms: at(0.5), p99Ms: at(0.99) }
}

function edgesBetween (before: MetricSnapshot, after: MetricSnapshot, seconds: number): EdgeFigures[] {
  const name = exposedName(edgeMetrics.duration)
  const sent = (s: MetricSnapshot, attributes: Readonly<Record<string, string>>): number => Number(valueOf(s, exposedName(edgeMetrics.accepted), attributes))
  return (histogram(after, name)?.series ?? []).map(({ attributes, sum, count }) => {
    const ends = { from: attributes['from'] ?? '', to: attributes['to'] ?? '', pipeline: attributes['pipeline'] ?? '' }
    const was = histogram(before, name)?.series.find(s => s.attributes['from'] === ends.from && s.attributes['to'] === ends.to && s.attributes['pipeline'] === ends.pipeline)
    return { ...ends, rowsPerSecond: (sent(after, ends) - sent(before, ends)) / seconds, seconds: sum - (was?.sum ?? 0), batches: Number(count - (was?.count ?? 0n)) }
  })
}

/** As rows flow. */
function inOrder (edges: readonly EdgeFigures[], plan: Plan): EdgeFigures[] {
  const steps = ['receiver/', 'pipeline/', 'processor/', 'connector/']
  const rank = ({ from }: EdgeFigures): number => steps.findIndex(s => from.startsWith(s))
  const place = ({ from, to, pipeline }: EdgeFigures): number => plan.pipelines.findIndex(p => p.id === pipeline) * 1000 + placeIn(plan, pipeline, from, to)
  return [...edges].sort((a, b) => place(a) - place(b) || rank(a) - rank(b))
}

function placeIn (plan: Plan, pipeline: string, from: string, to: string): number {
  if (to.startsWith('pipeline/')) return -1
  const processors = plan.pipelines.find(p => p.id === pipeline)?.processors ?? []
  const at = (name: string): number => processors.findIndex(id => `processor/${id}` === name)
  return to.startsWith('processor/') ? at(to) : at(from) + 500
}

function dropsBetween (before: MetricSnapshot, after: MetricSnapshot): Record<string, number> {
  const name = exposedName(componentDropped)
  const found: Record<string, number> = {}
  for (const { attributes, value } of numbers(after, name)) {
    const key = `${attributes['component'] ?? ''}: ${attributes['reason'] ?? ''}`
    const n = Number(value) - Number(valueOf(before, name, attributes))
    if (n > 0) found[key] = (found[key] ?? 0) + n
  }
  return found
}

function threadsIn (after: MetricSnapshot): Record<string, number> {
  return Object.fromEntries(numbers(after, exposedName(threadMetrics.busy)).map(({ attributes, value }) => [attributes['thread'] ?? '', Number(value)]).filter(([, v]) => Number(v) > 0))
}

/** What one thread's JavaScript engine does. Every thread has its own; `thread` keeps them apart, as they do not add up. */
import { monitorEventLoopDelay, performance, type EventLoopUtilization, type IntervalHistogram } from 'node:perf_hooks'
import type { Clock } from '../component/clock.js'
import type { Gauge, Meter, MetricDeclaration } from './meter.js'

export const threadMetrics = {
  heap: { name: 'thread_heap_used', kind: 'gauge', unit: 'bytes', description: 'Used heap of the thread.', attributes: ['thread'] },
  delay: {
    name: 'thread_event_loop_delay',
    kind: 'gauge',
    unit: 'seconds',
    description: 'How late timers fired since the last sample, by statistic (p50, p99, max).',
    attributes: ['thread', 'stat']
  },
  busy: { name: 'thread_event_loop_utilization', kind: 'gauge', unit: 'ratio', description: 'Share of time the event loop was busy since the last sample, 0 to 1.', attributes: ['thread'] }
} as const satisfies Record<string, MetricDeclaration>

const resolutionMs = 20
const defaultIntervalMs = 5000

/** Samples every `intervalMs` from `start` to `stop`; timers do not keep the thread alive. */
export class ThreadMetrics {
  readonly #clock: Clock
  readonly #heap: Gauge
  readonly #delays: readonly (readonly [percentile: number, gauge: Gauge])[]
  readonly #busy: Gauge
  #monitor: IntervalHistogram | undefined
  #lastUse: EventLoopUtilization | undefined
  #cancel: () => void = () => {}

  constructor (meter: Meter, thread: string, clock: Clock) {
    this.#clock = clock
    this.#heap = meter.gauge(threadMetrics.heap, { thread })
    this.#busy = meter.gauge(threadMetrics.busy, { thread })
    this.#delays = ([[50, 'p50'], [99, 'p99'], [100, 'max']] as const).map(([p, stat]) => [p, meter.gauge(threadMetrics.delay, { thread, stat })])
  }

  start (intervalMs: number = defaultIntervalMs): void {
    if (this.#monitor !== undefined) return
    this.#monitor = monitorEventLoopDelay({ resolution: resolutionMs })
    this.#monitor.enable()
    this.#lastUse = performance.eventLoopUtilization()
    this.#repeat(intervalMs)
  }

  stop (): void {
    this.#cancel()
    this.#monitor?.disable()
    this.#monitor = undefined
  }

  #repeat (intervalMs: number): void {
    this.#cancel = this.#clock.after(intervalMs, () => {
      this.#sample()
      this.#repeat(intervalMs)
    })
  }

  #sample (): void {
    const use = performance.eventLoopUtilization()
    this.#busy.set(performance.eventLoopUtilization(use, this.#lastUse).utilization)
    this.#lastUse = use
    this.#heap.set(process.memoryUsage().heapUsed)
    const monitor = this.#monitor
    if (monitor === undefined) return
    for (const [percentile, gauge] of this.#delays) {
      // What is recorded is the time between two ticks of its timer, so an idle loop shows the resolution, not 0.
      const ns = percentile === 100 ? monitor.max : monitor.percentile(percentile)
      gauge.set(monitor.count === 0 ? 0 : Math.max(0, ns - resolutionMs * 1e6) / 1e9)
    }
    monitor.reset()
  }
}

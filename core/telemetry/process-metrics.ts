/** What the process as a whole uses. Main's: the numbers are the process's whichever thread asks. */
import type { Counter, Gauge, Meter, MetricDeclaration } from './meter.js'

export const processMetrics = {
  cpu: { name: 'process_cpu', kind: 'counter', unit: 'seconds', description: 'CPU time of all threads, by mode.', attributes: ['mode'] },
  rss: { name: 'process_memory_rss', kind: 'gauge', unit: 'bytes', description: 'Resident memory of the process.' },
  external: { name: 'process_memory_array_buffers', kind: 'gauge', unit: 'bytes', description: 'Memory of buffers outside the main thread\'s heap.' },
  uptime: { name: 'process_uptime', kind: 'gauge', unit: 'seconds', description: 'Since the process started.' }
} as const satisfies Record<string, MetricDeclaration>

/** Reads the figures when `sample` is called: before each scrape and each live summary. */
export class ProcessMetrics {
  readonly #user: Counter
  readonly #system: Counter
  readonly #rss: Gauge
  readonly #external: Gauge
  readonly #uptime: Gauge
  #last = { user: 0, system: 0 }

  constructor (meter: Meter) {
    this.#user = meter.counter(processMetrics.cpu, { mode: 'user' })
    this.#system = meter.counter(processMetrics.cpu, { mode: 'system' })
    this.#rss = meter.gauge(processMetrics.rss)
    this.#external = meter.gauge(processMetrics.external)
    this.#uptime = meter.gauge(processMetrics.uptime)
  }

  sample (): void {
    const cpu = process.cpuUsage()
    this.#user.add(Math.max(0, cpu.user - this.#last.user) / 1e6)
    this.#system.add(Math.max(0, cpu.system - this.#last.system) / 1e6)
    this.#last = cpu
    const memory = process.memoryUsage()
    this.#rss.set(memory.rss)
    this.#external.set(memory.arrayBuffers)
    this.#uptime.set(process.uptime())
  }
}

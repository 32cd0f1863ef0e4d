/**
 * One thread of a running graph: its components, the ends of the rings that reach it, and its instruments. The main
 * thread has one of these in itself, every worker has one behind messages (worker.ts); both are driven layer by layer.
 */
import { systemClock, type Clock } from '../component/clock.js'
import type { Consumer, Deadline, Host } from '../component/component.js'
import type { ComponentState, StatusReporter } from '../component/status.js'
import type { Override } from '../component/services.js'
import { SharedPressure, type PressureMemory } from '../pressure/pressure.js'
import { localRetryPolicy } from '../delivery/backoff.js'
import { createDrops } from '../telemetry/drops.js'
import type { FindFactory, Plan } from '../graph/plan.js'
import type { RingPlan } from '../graph/plan-rings.js'
import { ringWritten } from '../graph/runtime-metrics.js'
import { ThreadGraph, type Layer } from '../graph/thread-graph.js'
import type { TapReport } from '../graph/tap.js'
import { ThreadTaps } from '../graph/thread-taps.js'
import { Unanswered, type Answered } from '../graph/unanswered.js'
import { EdgeMetrics } from '../telemetry/edges.js'
import type { Logger } from '../telemetry/logger.js'
import { ThreadMeters } from '../telemetry/registry.js'
import { ThreadMetrics } from '../telemetry/thread-metrics.js'
import type { SeriesDescription } from '../telemetry/series.js'
import type { Slab } from '../telemetry/slab.js'
import type { Inquiry } from './protocol.js'
import { RingConsumer, RingProducer, type RingMemory } from './ring.js'
import { RingPump } from './ring-pump.js'
import { RingSender } from './ring-sender.js'

/** What a thread tells the runtime, by call or by message. */
export interface ThreadEvents {
  series(series: SeriesDescription): void
  status(component: string, state: ComponentState, reason: string): void
  fail(component: string, reason: string): void
  finish(reason: string): void
  tapped(id: number, report: TapReport): void
}

export interface ThreadOptions {
  readonly thread: string
  readonly plan: Plan
  readonly find: FindFactory
  readonly rings: Readonly<Record<string, RingMemory>>
  readonly inherit: Readonly<Record<string, number>>
  readonly slab: Slab
  readonly pressure: PressureMemory
  readonly logger: Logger
  readonly events: ThreadEvents
  readonly overrides?: readonly Override[]
  readonly clock?: Clock
}

export class ThreadRuntime {
  readonly graph: ThreadGraph
  readonly taps: ThreadTaps
  readonly #options: ThreadOptions
  readonly #meters: ThreadMeters
  readonly #clock: Clock
  readonly #engine: ThreadMetrics
  readonly #producers: RingProducer[] = []
  readonly #writers = new Map<string, Consumer | undefined>()
  /** Components that told their state themselves: having started is then no news. */
  readonly #spoken = new Set<string>()
  readonly #pumps: { readonly side: 'in' | 'out', readonly layer: Layer, readonly pump: RingPump }[] = []

  constructor (options: ThreadOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#meters = new ThreadMeters(options.slab, series => options.events.series(series), { logger: options.logger })
    this.#engine = new ThreadMetrics(this.#meters.meterFor({}), options.thread, this.#clock)
    this.graph = new ThreadGraph(options.plan, options.thread, {
      clock: this.#clock,
      logger: options.logger,
      meter: attributes => this.#meters.meterFor(attributes),
      edge: (from, to, pipeline) => new EdgeMetrics(this.#meters.meterFor({}), { from, to, pipeline }),
      drops: (component, pipeline) => createDrops(this.#meters.meterFor({ component, pipeline })),
      status: component => this.#reporter(component),
      lifecycle: (component, state) => { if (state !== 'ok' || !this.#spoken.has(component)) this.#tell(component, state) },
      host: component => this.#hostOf(component),
      find: options.find,
      pressure: new SharedPressure(options.pressure),
      overrides: options.overrides ?? []
    }, (pipeline, side) => this.#writer(pipeline, side))
    this.taps = new ThreadTaps({ edges: this.graph.edges, clock: this.#clock, logger: options.logger, tapped: (id, report) => options.events.tapped(id, report) })
  }

  /** Creates components and attaches to the rings. Nothing moves yet. */
  async build (): Promise<void> {
    await this.graph.build()
    for (const ring of this.#options.plan.rings) if (ring.consumer === this.#options.thread) this.#addPump(ring)
  }

  async start (layer: Layer): Promise<void> {
    this.#engine.start()
    await this.graph.start(layer)
    for (const p of this.#pumps) if (p.layer === layer) p.pump.start()
  }

  /** Drains what feeds the layer, then stops its components. The rings that feed it must be closed before. */
  async stop (layer: Layer, deadline: Deadline): Promise<readonly string[]> {
    const giveUp = (): void => this.abort()
    deadline.signal.addEventListener('abort', giveUp, { once: true })
    try {
      await Promise.all(this.#pumps.filter(p => p.layer === layer).map(p => p.pump.ended))
      return await this.graph.stop(layer, deadline)
    } finally {
      deadline.signal.removeEventListener('abort', giveUp)
    }
  }

  /** Ends all waiting: for consumers that answer `retry` and for room in rings. */
  abort (): void {
    for (const { pump } of this.#pumps) pump.abort()
    this.graph.abort()
  }

  /** What a component throws is its own fault, told to the log and to the asker. */
  async ask ({ component, question, argument }: Inquiry): Promise<Answered> {
    try {
      return { ok: true, answer: await this.graph.ask(component, question, argument) }
    } catch (error) {
      if (error instanceof Unanswered) return { ok: false, why: error.why, detail: error.detail }
      this.#options.logger.error('a component threw while it was asked', { component, question, error })
      return { ok: false, why: 'failed', detail: `could not answer ${question}: ${error instanceof Error ? error.message : String(error)}` }
    }
  }

  close (): void {
    this.taps.endAll()
    this.#engine.stop()
    for (const producer of this.#producers) producer.detach()
  }

  /** Replicas of one processor are components of their own; receivers and exporters exist once. */
  #nameOf (component: string): string {
    const { plan, thread } = this.#options
    return plan.threads.length > 2 && !/^(receiver|exporter)\//.test(component) ? `${component}@${thread}` : component
  }

  #tell (component: string, state: ComponentState, reason = ''): void {
    this.#options.events.status(this.#nameOf(component), state, reason)
  }

  #hostOf (component: string): Host {
    const { events } = this.#options
    const name = this.#nameOf(component)
    return { fail: error => events.fail(name, error.message), finish: reason => events.finish(`${name}: ${reason}`) }
  }

  /** Components report after every send; only changes cross the thread. */
  #reporter (component: string): StatusReporter {
    let last = ''
    const tell = (state: ComponentState, reason: string): void => {
      if (last === state + reason) return
      last = state + reason
      this.#spoken.add(component)
      this.#tell(component, state, reason)
    }
    return {
      ok: () => tell('ok', ''),
      degraded: reason => tell('degraded', reason),
      recoverableError: reason => tell('recoverable_error', reason),
      permanentError: reason => tell('permanent_error', reason)
    }
  }

  /** One writing end a thread, however many components send into the pipeline. */
  #writer (pipeline: string, side: 'in' | 'out'): Consumer | undefined {
    const key = `${pipeline}:${side}`
    if (!this.#writers.has(key)) this.#writers.set(key, this.#attachWriter(pipeline, side))
    return this.#writers.get(key)
  }

  #attachWriter (pipeline: string, side: 'in' | 'out'): Consumer | undefined {
    const { plan, thread, rings } = this.#options
    const targets = plan.rings.filter(r => r.pipeline === pipeline && r.side === side && r.producers.includes(thread))
    if (targets.length === 0) return undefined
    const producers = targets.map(r => RingProducer.attach(rings[r.id] as RingMemory))
    this.#producers.push(...producers)
    const drops = createDrops(this.#meters.meterFor({ component: `ring/${pipeline}:${side}`, pipeline }))
    const written = this.#meters.meterFor({}).counter(ringWritten, { pipeline, side })
    return new RingSender(producers, {
      whenFull: plan.service.whenFull,
      enqueueTimeoutMs: plan.service.enqueueTimeoutMs,
      onDrop: (reason, rows) => drops.add(reason, rows),
      onWritten: rows => written.add(rows)
    })
  }

  #addPump (ring: RingPlan): void {
    const { plan, rings, inherit, logger } = this.#options
    const memory = rings[ring.id] as RingMemory
    const kept = inherit[ring.id]
    const consumer = (kept === undefined ? undefined : RingConsumer.takeOver(memory, kept)) ?? RingConsumer.attach(memory)
    const drops = createDrops(this.#meters.meterFor({ component: `ring/${ring.pipeline}:${ring.side}`, pipeline: ring.pipeline }))
    const toProcess = ring.side === 'in' && plan.pipelines.some(p => p.id === ring.pipeline && p.hasProcess)
    const pump = new RingPump(ring.id, consumer, this.graph.entry(ring.pipeline, ring.side), {
      batchSize: plan.service.batchSize,
      lend: this.graph.borrows(ring.pipeline, ring.side),
      parallel: toProcess ? 1 : this.graph.parallel(ring.pipeline),
      clock: this.#clock,
      policy: localRetryPolicy,
      logger,
      onDrop: (reason, rows) => drops.add(reason, rows)
    })
    this.#pumps.push({ side: ring.side, layer: toProcess ? 'processors' : 'exporters', pump })
  }
}

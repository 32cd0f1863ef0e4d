/**
 * One thread of a running graph: its components, the ends of the rings that reach it, and its instruments. The main
 * thread has one of these in itself, every worker has one behind messages (worker.ts); both are driven layer by layer.
 */
import { isDeepStrictEqual } from 'node:util'
import { catalogOf } from '../component/catalog.js'
import { systemClock, type Clock } from '../component/clock.js'
import type { Deadline } from '../component/component.js'
import type { ComponentState } from '../component/status.js'
import type { AskPeer } from '../component/lookup.js'
import type { Override } from '../component/services.js'
import { HeapWatch } from '../pressure/heap-watch.js'
import { SharedPressure, type PressureMemory } from '../pressure/pressure.js'
import { createDrops } from '../telemetry/drops.js'
import { ringPassed } from '../graph/runtime-metrics.js'
import type { FindFactory, Plan } from '../graph/plan.js'
import { disturbance, isNamedByThread, planDiff, type Disturbance } from '../graph/plan-diff.js'
import type { Layer } from '../graph/layers.js'
import { ThreadExchange } from '../graph/thread-exchange.js'
import { ThreadGraph, type RepeatingReporter, type ThreadGraphOptions, type ThreadServices } from '../graph/thread-graph.js'
import type { TapReport } from '../graph/tap.js'
import { ThreadTaps } from '../graph/thread-taps.js'
import { Unanswered, type Answered } from '../graph/unanswered.js'
import { EdgeMetrics } from '../telemetry/edges.js'
import type { Logger, LogLevel } from '../telemetry/logger.js'
import { ThreadMeters } from '../telemetry/registry.js'
import { ThreadMetrics } from '../telemetry/thread-metrics.js'
import type { SeriesDescription } from '../telemetry/series.js'
import type { Slab } from '../telemetry/slab.js'
import type { HeldRing, Inquiry } from './protocol.js'
import { RingEnds } from './ring-ends.js'

/** What a thread tells the runtime, by call or by message. */
export interface ThreadEvents {
  series(series: SeriesDescription): void
  status(component: string, state: ComponentState, reason: string): void
  /** A component has left the graph. */
  gone(component: string): void
  fail(component: string, reason: string): void
  finish(reason: string): void
  tapped(id: number, report: TapReport): void
  /** A component asks another, in whatever thread. */
  readonly inquire: AskPeer
}

export interface ThreadOptions {
  readonly thread: string
  readonly plan: Plan
  /** By the catalog of the plan; a later plan may have another. */
  readonly find: FindFactory
  readonly rings: Readonly<Record<string, HeldRing>>
  readonly inherit: Readonly<Record<string, number>>
  /** The thread is new in a running graph: what its receivers bring waits for `takeOver`. */
  readonly held?: boolean
  readonly slab: Slab
  readonly pressure: PressureMemory
  readonly logger: Logger
  readonly events: ThreadEvents
  readonly overrides?: readonly Override[]
  readonly clock?: Clock
}

/** What runs by one plan. */
interface Part { readonly find: FindFactory, readonly graph: ThreadGraph, readonly ends: RingEnds }
/** What is to follow it. */
interface NextPart extends Part { readonly exchange: ThreadExchange, readonly disturbed: Disturbance }

export class ThreadRuntime {
  readonly taps: ThreadTaps
  readonly #options: ThreadOptions
  readonly #meters: ThreadMeters
  readonly #clock: Clock
  readonly #engine: ThreadMetrics
  readonly #pressure: SharedPressure
  readonly #heap: HeapWatch
  /** Components that told their state themselves: having started is then no news. */
  readonly #spoken = new Set<string>()
  #isHeld: boolean
  #now: Part
  #next: NextPart | undefined

  constructor (options: ThreadOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#meters = new ThreadMeters(options.slab, series => options.events.series(series), { logger: options.logger })
    this.#engine = new ThreadMetrics(this.#meters.meterFor({}), options.thread, this.#clock)
    this.#pressure = new SharedPressure(options.pressure)
    this.#heap = new HeapWatch({ pressure: this.#pressure, place: options.plan.threads.indexOf(options.thread), clock: this.#clock })
    this.#isHeld = options.held === true
    this.#now = this.#part(options.plan, options.find, options.rings, { held: options.held, isReload: options.held }, options.inherit)
    this.taps = new ThreadTaps({ edges: [], clock: this.#clock, logger: options.logger, tapped: (id, report) => options.events.tapped(id, report) })
  }

  /** Creates components and attaches to the rings. Nothing moves yet. */
  async build (): Promise<void> {
    await this.#now.graph.build()
    this.#now.ends.attach(this.#now.graph)
    this.taps.setEdges(this.#now.graph.edges)
  }

  /** A layer of the next graph, when there is one. */
  async start (layer: Layer): Promise<void> {
    const { graph, ends } = this.#next ?? this.#now
    this.#engine.start()
    this.#heap.start()
    await graph.start(layer)
    ends.start(layer)
  }

  /** Drains what feeds the layer, then stops its components. The rings that feed it must be closed before. */
  async stop (layer: Layer, deadline: Deadline): Promise<readonly string[]> {
    const giveUp = (): void => this.abort()
    deadline.signal.addEventListener('abort', giveUp, { once: true })
    try {
      const parts = this.#next === undefined ? [this.#now] : [this.#next, this.#now]
      await Promise.all(parts.map(p => p.ends.drained(layer)))
      const errors: string[] = []
      for (const { graph } of parts) errors.push(...await graph.stop(layer, deadline))
      return errors
    } finally {
      deadline.signal.removeEventListener('abort', giveUp)
    }
  }

  /** Ends all waiting: for consumers that answer `retry` and for room in rings. */
  abort (): void {
    for (const { ends, graph } of [this.#now, ...(this.#next === undefined ? [] : [this.#next])]) {
      ends.abort()
      graph.abort()
    }
  }

  /** Makes what another plan needs beside what runs. Rejects with what could not be created; then it was never there. */
  async prepare (plan: Plan, rings: Readonly<Record<string, HeldRing>>): Promise<void> {
    const { thread } = this.#options
    const { graph, ends } = this.#now
    const find = isDeepStrictEqual(graph.plan.catalog, plan.catalog) ? this.#now.find : await catalogOf(plan.catalog)
    const diff = planDiff(graph.plan, plan, find)
    // Back to the plan in force: what does not start there is dealt with as it always is.
    const isReload = !isDeepStrictEqual(graph.plan, plan)
    const next = this.#part(plan, find, rings, { held: true, isReload, origin: { graph, kept: diff.kept.get(thread) ?? new Set() } }, {}, ends)
    try {
      await next.graph.build()
      next.ends.attach(next.graph)
    } catch (error) {
      next.ends.drop()
      throw error
    }
    const disturbed = disturbance(graph.plan, diff, thread)
    this.#next = { ...next, disturbed, exchange: new ThreadExchange(graph, next.graph, disturbed) }
  }

  /** Holds or stops a layer of what runs (thread-exchange.ts). Rings that do not stay must be closed before what they feed is held. */
  async hold (layer: Layer, deadline: Deadline): Promise<readonly string[]> {
    if (this.#next === undefined) return []
    const { ends, exchange, disturbed } = this.#next
    await this.#now.ends.hold(layer, ends, pipeline => disturbed.late(pipeline), deadline.signal)
    const errors = await exchange.hold(layer, deadline)
    if (layer === 'early' || layer === 'processors') this.#now.ends.leaveTo(ends)
    return errors
  }

  /** The prepared graph is the one that runs. All of it must have been started. */
  takeOver (): void {
    const next = this.#next
    // A new thread has no graph before: what its receivers brought may go.
    if (next === undefined) {
      this.#now.graph.takeOver()
      this.#isHeld = false
      return
    }
    for (const name of next.exchange.takeOver()) this.#options.events.gone(this.#nameOf(name, this.#now.graph.plan))
    next.ends.takeOver(next.graph)
    this.taps.setEdges(next.graph.edges)
    this.#now = { find: next.find, graph: next.graph, ends: next.ends }
    this.#next = undefined
  }

  /** Stops what the prepared graph has of its own; it never was. What was held stays so until something takes over. */
  async drop (deadline: Deadline): Promise<void> {
    const next = this.#next
    if (next === undefined) {
      if (this.#isHeld) await this.#now.graph.drop(deadline)
      return
    }
    for (const name of await next.exchange.drop(deadline)) this.#options.events.gone(this.#nameOf(name, next.graph.plan))
    next.ends.drop()
    this.#next = undefined
  }

  /** What a component throws is its own fault, told to the log and to the asker. */
  async ask ({ component, question, argument }: Inquiry): Promise<Answered> {
    try {
      return { ok: true, answer: await this.#now.graph.ask(component, question, argument) }
    } catch (error) {
      if (error instanceof Unanswered) return { ok: false, why: error.why, detail: error.detail }
      this.#options.logger.error('a component threw while it was asked', { component, question, error })
      return { ok: false, why: 'failed', detail: `could not answer ${question}: ${error instanceof Error ? error.message : String(error)}` }
    }
  }

  setLogLevel (level: LogLevel): void { this.#options.logger.setLevel?.(level) }

  close (): void {
    this.taps.endAll()
    this.#engine.stop()
    this.#heap.stop()
    this.#now.ends.close()
  }

  #part (plan: Plan, find: FindFactory, rings: Readonly<Record<string, HeldRing>>, graph: ThreadGraphOptions, inherit: Readonly<Record<string, number>>, before?: RingEnds): Part {
    const { thread, logger } = this.#options
    const services = this.#servicesBy(plan, find)
    const ends = new RingEnds({ thread, plan, find, rings, inherit, clock: this.#clock, pressure: this.#pressure, logger, drops: (component, pipeline) => services.drops(component, pipeline), passed: pipeline => this.#meters.meterFor({}).counter(ringPassed, { pipeline, thread }) }, before)
    return { find, ends, graph: new ThreadGraph(plan, thread, services, (pipeline, side) => ends.writer(pipeline, side), graph) }
  }

  /** Replicas of one processor are components of their own; receivers and exporters exist once. */
  #nameOf (component: string, plan: Plan): string {
    return isNamedByThread(plan) && !/^(receiver|exporter)\//.test(component) ? `${component}@${this.#options.thread}` : component
  }

  #servicesBy (plan: Plan, find: FindFactory): ThreadServices {
    const { logger, events, overrides } = this.#options
    const tell = (component: string, state: ComponentState, reason = ''): void => events.status(this.#nameOf(component, plan), state, reason)
    return {
      clock: this.#clock,
      logger,
      meter: attributes => this.#meters.meterFor(attributes),
      edge: (from, to, pipeline) => new EdgeMetrics(this.#meters.meterFor({}), { from, to, pipeline }),
      drops: (component, pipeline) => createDrops(this.#meters.meterFor({ component, pipeline })),
      status: component => this.#reporter((state, reason) => {
        this.#spoken.add(component)
        tell(component, state, reason)
      }),
      lifecycle: (component, state) => {
        if (state === 'created') this.#spoken.delete(component)
        if (state !== 'ok' || !this.#spoken.has(component)) tell(component, state)
      },
      host: component => {
        const name = this.#nameOf(component, plan)
        return { fail: error => events.fail(name, error.message), finish: reason => events.finish(`${name}: ${reason}`) }
      },
      ask: (question, argument) => events.inquire(question, argument),
      find,
      pressure: this.#pressure,
      overrides: overrides ?? []
    }
  }

  /** Components report after every send; only changes cross the thread. */
  #reporter (report: (state: ComponentState, reason: string) => void): RepeatingReporter {
    let last: { readonly state: ComponentState, readonly reason: string } | undefined
    const tell = (state: ComponentState, reason: string): void => {
      if (last?.state === state && last.reason === reason) return
      last = { state, reason }
      report(state, reason)
    }
    return {
      ok: () => tell('ok', ''),
      degraded: reason => tell('degraded', reason),
      recoverableError: reason => tell('recoverable_error', reason),
      permanentError: reason => tell('permanent_error', reason),
      repeat: () => { if (last !== undefined) report(last.state, last.reason) }
    }
  }
}

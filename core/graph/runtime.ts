/**
 * A running Tapio: takes a plan, brings up its threads and rings, starts and stops the layers in order over all threads,
 * and replaces a worker that dies.
 *
 * Start: exporters, processors, receivers; so whatever a component sends to is running. Stop: receivers; then the rings
 * into `process` are closed and drained and the processors stopped; then the rings into `deliver`; exporters last.
 * In between it may go over to another plan (plan-change.ts).
 */
import { isDeepStrictEqual } from 'node:util'
import { systemClock } from '../component/clock.js'
import { loadCatalog, finder } from '../component/catalog.js'
import { peerQuestions } from '../component/lookup.js'
import type { Answer, Question, Questions } from '../component/questions.js'
import type { Override } from '../component/services.js'
import { HealthBoard } from '../telemetry/health.js'
import type { Logger, LogLevel } from '../telemetry/logger.js'
import type { Meter, MetricAttributes } from '../telemetry/meter.js'
import { MetricStore } from '../telemetry/metric-store.js'
import type { LogFormat } from '../telemetry/pino-logger.js'
import { ThreadMeters } from '../telemetry/registry.js'
import { createSlab } from '../telemetry/slab.js'
import type { MetricSnapshot } from '../telemetry/snapshot.js'
import { createPressureMemory, SharedPressure, type Pressure } from '../pressure/pressure.js'
import type { ThreadHandle } from '../threads/thread-handle.js'
import { LocalThread } from '../threads/local-thread.js'
import { WorkerCrew } from '../threads/worker-crew.js'
import type { ThreadEvents } from '../threads/thread-runtime.js'
import { Inquiries } from './inquiries.js'
import type { FindFactory, Plan } from './plan.js'
import type { RingPlan } from './plan-rings.js'
import { Rings } from './rings.js'
import type { TapReport, TapSelection, Tapped } from './tap.js'
import { Taps } from './taps.js'
import { within } from './within.js'
import { layers, type Layer } from './layers.js'
import { PlanChange, isIntoProcess, type PlanChanged } from './plan-change.js'

export interface RuntimeOptions {
  readonly plan: Plan
  readonly logger: Logger
  /** For the loggers of worker threads. */
  readonly log?: { readonly level: LogLevel, readonly format: LogFormat }
  /** Replaced services, for components on the main thread only (functions cannot cross threads). */
  readonly overrides?: readonly Override[]
  /** How long a component may take to answer (`ask`). Left out = 5 s. */
  readonly askTimeoutMs?: number
}

/** Why a runtime ended by itself. */
export interface EndRequest { readonly kind: 'finished' | 'failed', readonly reason: string }

export interface StopReport {
  /** Rows that were still inside when the deadline passed: counted, not delivered. */
  readonly undelivered: number
  readonly errors: readonly string[]
}

/** Share of the shutdown deadline that processors may use, so that exporters have time to flush what they got. */
const processorsShare = 0.8

/** Share of the shutdown deadline that a change of plans under way may take to end: the graph stops in order after it. */
const changeShare = 0.5

export class Runtime {
  readonly metrics: MetricStore
  readonly health: HealthBoard
  /** Resolves when a component asked for the end, or a thread failed for good. Whoever started the runtime then stops it. */
  readonly endRequested: Promise<EndRequest>
  readonly #options: RuntimeOptions
  readonly #rings: Rings
  readonly #pressure = createPressureMemory()
  readonly #meters: ThreadMeters
  readonly #crew: WorkerCrew
  readonly #threads: ThreadHandle[] = []
  readonly #inquiries: Inquiries
  readonly #taps: Taps
  /** Which thread brought a component onto the health board. */
  readonly #owners = new Map<string, string>()
  #plan: Plan
  #find: FindFactory | undefined
  #changing: Promise<unknown> = Promise.resolve()
  #requestEnd: (request: EndRequest) => void = () => undefined
  #stopping: Promise<StopReport> | undefined

  constructor (options: RuntimeOptions) {
    this.#options = options
    this.#plan = options.plan
    this.metrics = new MetricStore({ logger: options.logger })
    this.health = new HealthBoard(systemClock, options.logger)
    this.endRequested = new Promise(resolve => { this.#requestEnd = resolve })
    const slab = createSlab()
    this.metrics.addThread('runtime', slab)
    this.#meters = new ThreadMeters(slab, series => this.metrics.addSeries('runtime', series), { logger: options.logger })
    this.#rings = new Rings(options.plan, this.#meters.meterFor({}))
    this.#crew = new WorkerCrew({
      plan: options.plan,
      log: options.log ?? { level: 'info', format: 'json' },
      logger: options.logger,
      rings: this.#rings,
      pressure: this.#pressure,
      metrics: this.metrics,
      meter: this.#meters.meterFor({}),
      eventsOf: thread => this.#eventsOf(thread),
      onGiveUp: reason => this.#requestEnd({ kind: 'failed', reason })
    })
    this.#taps = new Taps({ plan: () => this.#plan, logger: options.logger, threads: () => this.#find === undefined ? [] : this.#threads })
    this.#inquiries = new Inquiries({
      plan: () => this.#plan, find: () => this.#find, thread: name => this.#threads.find(t => t.thread === name), timeoutMs: options.askTimeoutMs ?? 5000
    })
  }

  /** Rejects with an error that names the component, after everything that had started was stopped again. */
  async start (): Promise<void> {
    this.health.setGraph('starting')
    try {
      await this.#spawn()
      for (const layer of layers) await Promise.all(this.#hosts(layer).map(t => t.start(layer)))
      this.health.setGraph('running')
    } catch (error) {
      await this.stop(1000)
      throw error
    }
  }

  /** In force now. */
  get plan (): Plan { return this.#plan }

  /**
   * Goes over to another plan; what leaves may drain for `drainMs`. One change after the other. Never rejects: what went wrong is in the
   * answer, and the old plan goes on.
   */
  change (plan: Plan, drainMs: number): Promise<PlanChanged> {
    const changed = this.#changing.then(() => this.#change(plan, drainMs))
    this.#changing = changed
    return changed
  }

  setLogLevel (level: LogLevel): void {
    this.#options.logger.setLevel?.(level)
    this.#crew.setLogLevel(level)
  }

  /** Drains and stops everything. The second call gets the first one's answer. */
  stop (timeoutMs = this.plan.service.shutdownTimeoutMs): Promise<StopReport> {
    this.#stopping ??= this.#stop(performance.now() + timeoutMs, timeoutMs)
    return this.#stopping
  }

  /** All metrics, gauges brought up to date. */
  snapshot (): MetricSnapshot {
    this.#rings.measure()
    return this.metrics.snapshot()
  }

  /** Components that answer a question: `exporter/store`. None before the start. */
  answering (question: Question): readonly string[] { return this.#inquiries.answering(question) }

  /**
   * Asks a component, in whatever thread it is. Rejects with `Unanswered`, which names it and says why. Bytes that fill memory of their
   * own are handed over: the caller has them no longer.
   */
  ask<Q extends Question> (component: string, question: Q, argument: Questions[Q]['argument'], signal?: AbortSignal): Promise<Answer<Q>> {
    return this.#inquiries.ask(component, question, argument, signal)
  }

  /**
   * Copies a fair sample of the rows that pass the chosen edges, in whatever thread they are, until the iteration or the graph ends or
   * `signal` aborts. The first step rejects with `TapRefused` when there can be no such tap.
   */
  tap (selection: TapSelection, signal: AbortSignal): AsyncIterable<Tapped> { return this.#taps.tap(selection, signal) }

  /** The same for a reader in another thread: batches stay documents of core/data/codec.ts, in memory that can be handed over. */
  tapReports (selection: TapSelection, signal: AbortSignal): AsyncIterable<TapReport> { return this.#taps.reports(selection, signal) }

  /** How short of memory the process is. */
  get pressure (): Pressure { return new SharedPressure(this.#pressure) }

  /** For instruments of the process as a whole. */
  get meter (): Meter { return this.#meters.meterFor({}) }

  /** For fault tests: lets one worker end by an error that nobody catches. Node 20 itself may abort when a thread that reads HTTP is ended from outside. */
  crashThread (thread: string): void { this.#crew.crash(thread) }

  /** For fault tests: ends one worker as if it had crashed. */
  async killThread (thread: string): Promise<void> { await this.#crew.kill(thread) }

  async #spawn (): Promise<void> {
    const find = finder(await loadCatalog(this.plan.catalog))
    const slab = createSlab()
    this.metrics.addThread('main', slab)
    const local = new LocalThread({
      thread: 'main',
      plan: this.plan,
      find,
      rings: this.#rings.of('main'),
      inherit: {},
      slab,
      pressure: this.#pressure,
      logger: this.#options.logger,
      events: this.#eventsOf('main'),
      overrides: this.#options.overrides ?? [],
      clock: systemClock
    })
    this.#threads.push(local, ...this.plan.threads.filter(t => t !== 'main').map(t => this.#crew.handle(t)))
    await Promise.all(this.#threads.map(t => t.build()))
    this.#find = find
  }

  /** Once receivers run, a thread may die of what they bring: the others are not asked about receivers they do not have. */
  #hosts (layer: Layer): readonly ThreadHandle[] {
    if (layer !== 'receivers' && layer !== 'early') return this.#threads
    return this.#threads.filter(t => this.plan.pipelines.some(p => p.realReceivers.length > 0 && p.receiveThread === t.thread))
  }

  #eventsOf (thread: string): ThreadEvents {
    return {
      series: series => this.metrics.addSeries(thread, series),
      status: (component, state, reason) => {
        if (state === 'created') {
          this.#owners.set(component, thread)
          this.health.add(component)
        } else this.health.report({ component, state, reason })
      },
      gone: component => this.#gone(component, thread),
      fail: (component, reason) => {
        this.health.fail(component, reason)
        this.#requestEnd({ kind: 'failed', reason: `${component}: ${reason}` })
      },
      finish: reason => this.#requestEnd({ kind: 'finished', reason }),
      inquire: async (question, argument) => {
        if (!peerQuestions.includes(question)) throw new Error(`no component may ask ${String(question)}`)
        const [component] = this.answering(question)
        return component === undefined ? undefined : await this.ask(component, question, argument)
      },
      tapped: (id, report) => this.#taps.tapped(thread, id, report)
    }
  }

  /** It may be in another thread by now. */
  #gone (component: string, thread: string): void {
    if (this.#owners.get(component) !== thread) return
    this.#owners.delete(component)
    this.health.remove(component)
  }

  async #change (plan: Plan, drainMs: number): Promise<PlanChanged> {
    if (this.#find === undefined || this.#stopping !== undefined) return { status: 'rejected', reason: 'the graph does not run', undelivered: 0 }
    // Who comes back now must not meet a plan that changes.
    await this.#crew.settled()
    const find = await this.#findBy(plan)
    if (find instanceof Error) return { status: 'rejected', reason: find.message, undelivered: 0 }
    const change = new PlanChange({
      find, rings: this.#rings, crew: this.#crew, logger: this.#options.logger, threads: this.#threads,
      joined: thread => this.#taps.joined(thread),
      left: thread => { for (const [component, owner] of [...this.#owners]) if (owner === thread) this.#gone(component, thread) }
    }, this.#plan, plan)
    const changed = await change.run(drainMs)
    if (changed.status === 'applied') {
      this.#plan = plan
      this.#find = find
      this.metrics.hideGauges(attributes => !isOf(plan, attributes))
    }
    if (changed.status === 'failed') this.#requestEnd({ kind: 'failed', reason: changed.reason })
    return changed
  }

  /** What another plan finds its components with; an error when its modules cannot be imported. */
  async #findBy ({ catalog }: Plan): Promise<FindFactory | Error> {
    if (this.#find !== undefined && isDeepStrictEqual(catalog, this.#plan.catalog)) return this.#find
    try {
      return finder(await loadCatalog(catalog))
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  }

  async #stop (atMs: number, timeoutMs: number): Promise<StopReport> {
    this.health.setGraph('stopping')
    await within(this.#changing, timeoutMs * changeShare)
    await within(this.#crew.settled(), atMs - performance.now())
    this.#crew.stopping()
    const errors: string[] = []
    let undelivered = 0
    const stop = async (layer: Layer, byMs: number): Promise<void> => {
      const remainingMs = Math.ceil(Math.max(0, byMs - performance.now()))
      for (const found of await Promise.all(this.#hosts(layer).map(t => t.stop(layer, remainingMs)))) errors.push(...found)
    }
    const intoProcess = (ring: RingPlan): boolean => isIntoProcess(this.plan, ring)
    await stop('receivers', atMs - timeoutMs * (1 - processorsShare))
    await stop('early', atMs - timeoutMs * (1 - processorsShare))
    this.#rings.close(intoProcess)
    await stop('processors', atMs - timeoutMs * (1 - processorsShare))
    undelivered += this.#rings.abandon(intoProcess)
    this.#rings.close(() => true)
    await stop('exporters', atMs)
    undelivered += this.#rings.abandon(r => !intoProcess(r))
    this.#taps.endAll()
    await stop('extensions', Math.max(atMs, performance.now() + 500))
    await Promise.all(this.#threads.map(t => t.end()))
    this.health.setGraph('stopped')
    return { undelivered, errors }
  }
}

/** Whether a gauge is of something that the plan has. */
function isOf (plan: Plan, { component_kind: kind, component_id: id, ring }: MetricAttributes): boolean {
  if (ring !== undefined) return plan.rings.some(r => r.id === ring)
  return kind === undefined || id === undefined || plan.components.some(c => c.kind === kind && c.id === id)
}

/**
 * All worker threads of a runtime, and what happens when one dies: its ring ends are marked dead, the rows it had taken
 * over are counted as lost, and a successor is started that goes on at the read positions it left; or, by policy or when
 * deaths come too fast, the runtime is told to give up.
 *
 * While the plan changes (`changing`) nobody is started again: a dead thread has nothing to hold, and its successor is made by whichever
 * plan is then in force (`changed`).
 */
import type { ComponentState } from '../component/status.js'
import type { Logger, LogLevel } from '../telemetry/logger.js'
import type { Meter } from '../telemetry/meter.js'
import { MetricStore } from '../telemetry/metric-store.js'
import type { LogFormat } from '../telemetry/pino-logger.js'
import type { SeriesDescription } from '../telemetry/series.js'
import { createSlab, type Slab } from '../telemetry/slab.js'
import type { MetricSnapshot } from '../telemetry/snapshot.js'
import { Backoff } from '../delivery/backoff.js'
import { Flows } from '../graph/lost-rows.js'
import type { Plan } from '../graph/plan.js'
import type { Poison, Rings } from '../graph/rings.js'
import { poisonBatches, workerDeaths, workerLost, workerStalls } from '../graph/runtime-metrics.js'
import type { Layer } from '../graph/layers.js'
import type { TapSelection } from '../graph/tap.js'
import type { Answered } from '../graph/unanswered.js'
import type { PressureMemory } from '../pressure/pressure.js'
import type { HeldRing, Inquiry, WorkerBirth } from './protocol.js'
import type { ThreadHandle } from './thread-handle.js'
import type { ThreadEvents } from './thread-runtime.js'
import { createHeartbeat } from './heartbeat.js'
import { ThreadDied, WorkerHost, type Death } from './worker-host.js'

export interface CrewOptions {
  /** In force now. */
  readonly plan: Plan
  log: { readonly level: LogLevel, readonly format: LogFormat }
  readonly logger: Logger
  readonly rings: Rings
  readonly pressure: PressureMemory
  readonly metrics: MetricStore
  readonly meter: Meter
  eventsOf(thread: string): ThreadEvents
  onGiveUp(reason: string): void
}

/** More deaths of one thread than this within the window, and restarting is not the cure. */
const maxDeaths = 5
const deathWindowMs = 60_000
/** More batches that killed a thread within the window, and the batches are not to blame. */
const maxPoison = 3
const restartPolicy = { initialMs: 50, maxMs: 5000, multiplier: 2, jitter: 0.2, maxElapsedMs: 0 }

/** `returning` settles when a successor that is under way is up, or is not coming. */
interface Member {
  returning?: Promise<void> | undefined
  /** It died while the plan changed, and is still to be replaced. */
  isMissing: boolean
  readonly taps: Map<number, TapSelection>
  readonly started: Set<Layer>
  backoff: Backoff
  host: WorkerHost
  slab: Slab
  series: SeriesDescription[]
  flows: Flows
  deathsMs: number[]
  poisonMs: number[]
}

export class WorkerCrew {
  readonly #members = new Map<string, Member>()
  #plan: Plan
  #log: CrewOptions['log']
  #stopping = false
  #changing = false

  constructor (readonly options: CrewOptions) {
    this.#plan = options.plan
    this.#log = options.log
  }

  /** Spawns `thread` now; the handle stays valid over restarts. `plan`: another than that in force, for a thread that is new by it. */
  handle (thread: string, plan = this.#plan): ThreadHandle {
    const member: Member = { isMissing: false, taps: new Map(), slab: createSlab(), series: [], flows: new Flows(), started: new Set(), deathsMs: [], poisonMs: [], backoff: new Backoff(restartPolicy), host: undefined as never }
    this.#members.set(thread, member)
    this.#tell(thread, 'created')
    this.#spawn(thread, member, plan, {}, this.#changing)
    return {
      thread,
      build: async () => { await member.host.build(); this.#tell(thread, 'starting'); this.#tell(thread, 'ok') },
      start: layer => this.#start(member, layer),
      stop: (layer, deadlineMs) => member.host.stop(layer, deadlineMs),
      prepare: (next, rings: Readonly<Record<string, HeldRing>>) => unlessDead(() => member.host.prepare(next, rings), undefined),
      hold: (layer, deadlineMs) => unlessDead(() => member.host.hold(layer, deadlineMs), []),
      takeOver: () => unlessDead(() => member.host.takeOver(), undefined),
      drop: deadlineMs => unlessDead(() => member.host.drop(deadlineMs), undefined),
      setLogLevel: level => member.host.setLogLevel(level),
      abort: () => member.host.abort(),
      tap: (id, selection) => { member.taps.set(id, selection); member.host.tap(id, selection) },
      tapRead: id => member.host.tapRead(id),
      untap: id => { member.taps.delete(id); member.host.untap(id) },
      ask: (inquiry, stop) => this.#ask(member, inquiry, stop),
      end: async () => { this.#tell(thread, 'stopping'); await member.host.end(); this.#tell(thread, 'stopped') }
    }
  }

  /** Waits for successors that are under way: a stop then drains what their rings hold instead of counting it as lost. */
  async settled (): Promise<void> {
    for (const member of this.#members.values()) {
      for (let waited: Promise<void> | undefined; waited !== member.returning;) {
        waited = member.returning
        await waited
      }
    }
  }

  /** From now on a death is not followed by a restart, until `changed`. */
  changing (): void { this.#changing = true }

  /** `plan` is in force. `kept`: what of a thread is as it was (`PlanDiff.kept`). */
  changed (plan: Plan, kept: (thread: string) => ReadonlySet<string>): void {
    this.#changing = false
    this.#plan = plan
    for (const [thread, member] of this.#members) {
      member.flows = member.flows.from(this.#snapshot(thread, member), kept(thread))
      if (!member.isMissing) continue
      member.isMissing = false
      this.#returnLater(thread, member)
    }
  }

  /** The thread is not needed any more. */
  async remove (thread: string): Promise<void> {
    const member = this.#members.get(thread)
    this.#members.delete(thread)
    await member?.host.end()
    this.options.metrics.endThread(thread)
  }

  /** Of threads that are there and that are started yet. */
  setLogLevel (level: LogLevel): void {
    this.#log = { ...this.#log, level }
    for (const { host } of this.#members.values()) host.setLogLevel(level)
  }

  /** From now on a death is not followed by a restart. */
  stopping (): void { this.#stopping = true }

  crash (thread: string): void { this.#members.get(thread)?.host.crash() }

  async kill (thread: string): Promise<void> { await this.#members.get(thread)?.host.kill() }

  /** A death on the way is the crew's business: the successor starts this layer too. */
  async #start (member: Member, layer: Layer): Promise<void> {
    member.started.add(layer)
    try {
      await member.host.start(layer)
    } catch (error) {
      if (!(error instanceof ThreadDied) || this.#plan.service.workerFailure === 'stop') throw error
    }
  }

  /** Waits for a successor that is under way. What was asked of the dead one is not asked again: it may have been done. */
  async #ask (member: Member, inquiry: Inquiry, stop: AbortSignal): Promise<Answered> {
    await member.returning
    return await member.host.ask(inquiry, stop)
  }

  #spawn (thread: string, member: Member, plan: Plan, inherit: Readonly<Record<string, number>>, held: boolean): void {
    const { rings, metrics, pressure } = this.options
    metrics.addThread(thread, member.slab)
    const birth: WorkerBirth = { thread, plan, rings: rings.of(thread), slab: member.slab, pressure, heartbeat: createHeartbeat(), log: this.#log, inherit, held }
    const events = this.options.eventsOf(thread)
    member.host = new WorkerHost(birth, {
      ...events,
      series: series => { member.series.push(series); events.series(series) }
    }, death => this.#died(death))
  }

  #died ({ thread, threadId, reason, cause }: Death): void {
    const { rings, metrics, meter, logger, onGiveUp } = this.options
    const poison = rings.threadDied(threadId, cause !== 'killed')
    const member = this.#members.get(thread)
    if (member === undefined) return
    const lost = member.flows.held(this.#snapshot(thread, member))
    member.flows = new Flows()
    metrics.endThread(thread)
    meter.counter(workerDeaths, { thread }).add(1)
    if (cause === 'stall') meter.counter(workerStalls, { thread }).add(1)
    if (lost > 0) meter.counter(workerLost, { thread }).add(lost)
    logger.error('a worker thread died', { thread, reason, lostRows: lost })
    this.#tell(thread, 'recoverable_error', `died: ${reason}`)
    if (this.#stopping) return
    const nowMs = performance.now()
    for (const found of poison) this.#tellPoison(thread, reason, found)
    member.deathsMs = [...member.deathsMs.filter(t => nowMs - t < deathWindowMs), nowMs]
    member.poisonMs = [...member.poisonMs.filter(t => nowMs - t < deathWindowMs), ...poison.map(() => nowMs)]
    // What it died of is gone, so these deaths say nothing about what comes; unless each batch is found to be one.
    if (poison.length > 0 && member.poisonMs.length <= maxPoison) member.deathsMs = []
    if (member.deathsMs.length <= 1) member.backoff = new Backoff(restartPolicy)
    if (this.#plan.service.workerFailure === 'stop') { onGiveUp(`thread ${thread} died: ${reason}`); return }
    if (member.deathsMs.length > maxDeaths) { onGiveUp(`thread ${thread} died ${member.deathsMs.length} times within ${deathWindowMs / 1000} s, last: ${reason}`); return }
    if (this.#changing) member.isMissing = true
    else this.#returnLater(thread, member)
  }

  #returnLater (thread: string, member: Member): void {
    member.returning = new Promise(resolve => {
      setTimeout(() => {
        if (this.#stopping || this.#members.get(thread) !== member) resolve()
        else void this.#restart(thread, member).finally(resolve)
      }, member.backoff.next())
    })
  }

  async #restart (thread: string, member: Member): Promise<void> {
    member.slab = createSlab()
    member.series = []
    this.#spawn(thread, member, this.#plan, this.options.rings.inheritance(thread), false)
    const { host } = member
    try {
      await host.build()
      for (const [id, selection] of member.taps) host.tap(id, selection)
      for (const layer of member.started) await host.start(layer)
      this.#tell(thread, 'ok')
      this.options.logger.info('a worker thread is back', { thread })
    } catch (error) {
      // A death on the way is handled as a death; anything else means that its components do not come up again.
      if (!(error instanceof ThreadDied)) this.options.onGiveUp(`thread ${thread} did not come back: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  #tellPoison (thread: string, reason: string, { ring, pipeline, rows }: Poison): void {
    const { meter, logger } = this.options
    meter.counter(poisonBatches, { ring }).add(rows)
    logger.error('a batch is dropped because two threads in a row died while they had nothing else in hand', { thread, pipeline, rows, reason })
  }

  /** A thread stands on the health board beside its components: while it is dead, nothing passes it. */
  #tell (thread: string, state: ComponentState, reason = ''): void {
    this.options.eventsOf(thread).status(`thread/${thread}`, state, reason)
  }

  #snapshot (thread: string, member: Member): MetricSnapshot {
    const own = new MetricStore()
    own.addThread(thread, member.slab)
    for (const series of member.series) own.addSeries(thread, series)
    return own.snapshot()
  }
}

/** What a dead thread would have been asked is done without it: its successor begins with the plan in force. */
async function unlessDead<T> (work: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof ThreadDied) return otherwise
    throw error
  }
}

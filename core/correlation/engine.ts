/**
 * What the correlating processors of one thread share, and when they think. `context` walks the rows of each batch in order
 * and calls `advance` with their times; at every full `tickMs` of event time the analyzers run, in the order of `stages`, between
 * two rows. So what they conclude depends on the order of rows alone, never on how those were cut into batches, on threads, or
 * on the clock of this machine.
 */
import type { Shared } from '../component/services.js'
import { partsOf, Parts } from '../recovery/isolation/parts.js'
import { ClusterModel } from '../topology/cluster-model.js'
import { Dependencies } from './dependencies.js'
import { EventTime } from './event-time.js'
import { Links } from './links.js'
import { MajorityClock } from './majority-clock.js'
import { RowCounters } from './row-counters.js'
import { Symptoms } from './symptoms.js'

/** In the order they think at a tick. */
export const stages = ['context', 'patterns', 'k8s_correlation', 'temporal_correlation', 'impact', 'incident'] as const
export type StageName = (typeof stages)[number]

export interface Tick {
  /** Event time: all rows so far are from before it, late ones aside. */
  readonly nowMs: number
  /** No more rows come (the pipeline stops, or the dump is read). */
  readonly isLast: boolean
}

export interface Analyzer {
  /** `engine.symptoms.changedSince(version)` says what is new. Bounded work; never throws. */
  tick(tick: Tick): void
  /** It thinks no more; another may take its place. */
  end?(): void
}

export interface EngineOptions {
  readonly tickMs?: number
  /** Rows may be this much older than the newest without being counted as late. */
  readonly latenessMs?: number
}

export class Engine {
  readonly model = new ClusterModel()
  readonly symptoms = new Symptoms()
  readonly links = new Links()
  readonly dependencies = new Dependencies()
  /** Who walks rows says where it is; who counts rows has, at a tick, counted those before it. */
  readonly rows = new RowCounters()
  readonly #analyzers = new Map<StageName, Analyzer[]>()
  #tickMs = 1000
  #newestMs = -Infinity
  #nextTickMs = -Infinity
  readonly #time = new EventTime()
  readonly #clock = new MajorityClock()
  /** How often a clock that was ahead of most rows was no longer believed. */
  clockCorrections = 0
  /** Thoughts of analyzers that ended in an exception, which is a bug: the others think on, and rows pass. */
  failures = 0
  lastFailure = ''

  constructor (readonly parts: Parts = new Parts()) {}

  configure ({ tickMs }: EngineOptions): void { if (tickMs !== undefined) this.#tickMs = tickMs }

  use (stage: StageName, analyzer: Analyzer): void {
    const known = this.#analyzers.get(stage)
    if (known === undefined) this.#analyzers.set(stage, [analyzer])
    else known.push(analyzer)
    this.parts.began(stage, () => { this.#leave(stage, analyzer) })
  }

  /** Whether somebody thinks at this stage. */
  uses (stage: StageName): boolean { return (this.#analyzers.get(stage)?.length ?? 0) > 0 }

  #leave (stage: StageName, analyzer: Analyzer): void {
    this.#analyzers.set(stage, (this.#analyzers.get(stage) ?? []).filter(a => a !== analyzer))
    analyzer.end?.()
  }

  /** The newest event time; -Infinity before the first row. */
  get nowMs (): number { return this.#newestMs }

  /** Rows whose time was not believed. */
  get absurdTimes (): number { return this.#time.absurd }

  /** Before the row of this time is looked at. `observedMs`: when a collector saw it, 0 = unknown. Returns the time to take it for. */
  advance (timeMs: number, observedMs = 0): number {
    const taken = this.#time.of(timeMs, observedMs, this.#newestMs)
    switch (this.#time.verdict) {
      case 'stays': return taken
      case 'leaps': if (taken < this.#newestMs) this.#goBack(taken); break
      case 'moves':
        if (!this.#clock.trusts(taken, this.#newestMs)) return taken
        if (this.#clock.correctedMs !== undefined) this.#goBack(this.#clock.correctedMs)
    }
    if (taken > this.#newestMs) {
      if (taken >= this.#nextTickMs) this.#tickTo(taken)
      this.#newestMs = taken
    }
    return taken
  }

  /** Thinks at `nowMs` without a row: nothing has come for a while, or nothing will. Time never goes back by it. */
  flush (isLast: boolean, nowMs = this.#newestMs): void {
    if (nowMs === -Infinity) return
    this.#newestMs = Math.max(this.#newestMs, nowMs)
    this.#nextTickMs = this.#tickAfter(this.#newestMs)
    this.#run({ nowMs: this.#newestMs, isLast })
  }

  /** One clock was ahead of all others: time is theirs again. */
  #goBack (toMs: number): void {
    this.#clock.correctedMs = undefined
    this.clockCorrections++
    this.#newestMs = toMs
    this.#nextTickMs = this.#tickAfter(toMs)
  }

  #tickTo (claimedMs: number): void {
    // One tick over a gap: nothing happened in it.
    if (this.#nextTickMs > -Infinity) this.#run({ nowMs: this.#nextTickMs, isLast: false })
    this.#nextTickMs = this.#tickAfter(claimedMs)
  }

  #tickAfter (ms: number): number { return (Math.floor(ms / this.#tickMs) + 1) * this.#tickMs }

  #run (tick: Tick): void {
    this.rows.catchUp()
    for (const stage of stages) for (const analyzer of this.#analyzers.get(stage) ?? []) this.#think(stage, analyzer, tick)
  }

  #think (stage: StageName, analyzer: Analyzer, tick: Tick): void {
    try {
      analyzer.tick(tick)
    } catch (error) {
      this.failures++
      this.parts.failed(stage, error)
      this.lastFailure = `${stage}: ${error instanceof Error ? error.stack ?? error.message : String(error)}`
    }
  }
}

/** The one of this thread. */
export function engineOf (shared: Shared): Engine { return shared.get('correlation.engine', () => new Engine(partsOf(shared))) }

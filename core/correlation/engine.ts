/**
 * What the correlating processors of one thread share, and when they think. `context` walks the rows of each batch in order
 * and calls `advance` with their times; at every full `tickMs` of event time the analyzers run, in the order of `stages`, between
 * two rows. So what they conclude depends on the order of rows alone, never on how those were cut into batches, on threads, or
 * on the clock of this machine.
 */
import type { Shared } from '../component/services.js'
import { ClusterModel } from '../topology/cluster-model.js'
import { Dependencies } from './dependencies.js'
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
}

export interface EngineOptions {
  readonly tickMs?: number
  /** Rows may be this much older than the newest without being counted as late. */
  readonly latenessMs?: number
}

/** A row further ahead of all others is a broken clock's: it does not move time. */
const maxJumpMs = 3_600_000

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
  readonly #clock = new MajorityClock()
  /** How often a clock that was ahead of most rows was no longer believed. */
  clockCorrections = 0
  /** Rows that claimed a time far ahead. */
  absurdTimes = 0

  configure ({ tickMs }: EngineOptions): void { if (tickMs !== undefined) this.#tickMs = tickMs }

  use (stage: StageName, analyzer: Analyzer): void {
    const known = this.#analyzers.get(stage)
    if (known === undefined) this.#analyzers.set(stage, [analyzer])
    else known.push(analyzer)
  }

  /** The newest event time; -Infinity before the first row. */
  get nowMs (): number { return this.#newestMs }

  /** Before the row of this time is looked at. `observedMs`: when a collector saw it, 0 = unknown. Returns the time to take it for. */
  advance (timeMs: number, observedMs = 0): number {
    const claimed = timeMs > 0 ? timeMs : observedMs
    if (!(claimed > 0)) return Math.max(this.#newestMs, 0)
    const isAhead = observedMs > 0 ? claimed > observedMs + maxJumpMs : this.#newestMs > 0 && claimed > this.#newestMs + 24 * maxJumpMs
    if (isAhead) {
      this.absurdTimes++
      return observedMs > 0 ? observedMs : this.#newestMs
    }
    if (!this.#clock.trusts(claimed, this.#newestMs)) return claimed
    if (this.#clock.correctedMs !== undefined) this.#goBack(this.#clock.correctedMs)
    if (claimed > this.#newestMs) {
      if (claimed >= this.#nextTickMs) this.#tickTo(claimed)
      this.#newestMs = claimed
    }
    return claimed
  }

  /** Thinks at `nowMs` without a row: nothing has come for a while, or nothing will. */
  flush (isLast: boolean, nowMs = this.#newestMs): void {
    if (nowMs === -Infinity) return
    this.#newestMs = Math.max(this.#newestMs, nowMs)
    this.#run({ nowMs: this.#newestMs, isLast })
  }

  /** One clock was ahead of all others: time is theirs again. */
  #goBack (toMs: number): void {
    this.#clock.correctedMs = undefined
    this.clockCorrections++
    this.#newestMs = toMs
    this.#nextTickMs = (Math.floor(toMs / this.#tickMs) + 1) * this.#tickMs
  }

  #tickTo (claimedMs: number): void {
    // One tick over a gap: nothing happened in it.
    if (this.#nextTickMs > -Infinity) this.#run({ nowMs: this.#nextTickMs, isLast: false })
    this.#nextTickMs = (Math.floor(claimedMs / this.#tickMs) + 1) * this.#tickMs
  }

  #run (tick: Tick): void {
    this.rows.catchUp()
    for (const stage of stages) for (const analyzer of this.#analyzers.get(stage) ?? []) analyzer.tick(tick)
  }
}

/** The one of this thread. */
export function engineOf (shared: Shared): Engine { return shared.get('correlation.engine', () => new Engine()) }

/**
 * Learns which onset follows which, and how regularly. A pair counts each time with the nearest earlier onset of its cause, so what
 * happens all the time is not everything's companion.
 */
import { BoundedTable } from './bounded-table.js'
import { consistency, recency, Spread, volume } from './statistics.js'

export interface PairOptions {
  readonly maxPairs: number
  /** Fewer times prove nothing. */
  readonly minCount: number
}

export interface PairVerdict {
  readonly count: number
  /** 0 to 1. */
  readonly confidence: number
  readonly meanMs: number
}

interface Pair { readonly delay: Spread, lastMs: number }

export class Pairs {
  readonly #options: PairOptions
  readonly #pairs: BoundedTable<Pair>
  readonly #onsets: BoundedTable<undefined>

  constructor (options: PairOptions) {
    this.#options = options
    this.#pairs = new BoundedTable(options.maxPairs)
    this.#onsets = new BoundedTable(options.maxPairs)
  }

  get size (): number { return this.#pairs.size }
  get evicted (): number { return this.#pairs.evicted }

  /** `what` began, once. */
  began (what: string): void { this.#onsets.count(what, () => undefined) }

  /** `effect` began `delayMs` after `cause` did. */
  followed (cause: string, effect: string, delayMs: number, atMs: number): PairVerdict | undefined {
    const pair = this.#pairs.count(`${cause} > ${effect}`, () => ({ delay: new Spread(), lastMs: atMs }))
    pair.delay.add(delayMs)
    const agoMs = atMs - pair.lastMs
    pair.lastMs = Math.max(pair.lastMs, atMs)
    const { count } = pair.delay
    if (count < this.#options.minCount) return undefined
    return { count, meanMs: pair.delay.mean, confidence: this.#confidence(cause, effect, pair, agoMs) }
  }

  /**
   * The original's (3.2), mean of volume, consistency and recency, times the smaller share of the two that had the other: what comes
   * often without the other is no cause or effect of it.
   */
  #confidence (cause: string, effect: string, { delay }: Pair, agoMs: number): number {
    const mean = (volume(delay.count) + consistency(delay) + recency(agoMs)) / 3
    const rarer = Math.max(this.#onsets.countOf(cause), this.#onsets.countOf(effect), delay.count)
    return mean * delay.count / rarer
  }
}

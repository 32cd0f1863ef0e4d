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
  readonly #pairs: BoundedTable<Pair, number>
  readonly #onsets: BoundedTable<undefined, number>
  readonly #numbers = new Map<string, number>()
  #nextNumber = 0

  constructor (options: PairOptions) {
    this.#options = options
    this.#pairs = new BoundedTable(options.maxPairs)
    this.#onsets = new BoundedTable(options.maxPairs)
  }

  get size (): number { return this.#pairs.size }
  get evicted (): number { return this.#pairs.evicted }

  /** `what` began, once. The number it goes by. */
  began (what: string): number {
    const number = this.#numberOf(what)
    this.#onsets.count(number, nothing)
    return number
  }

  /** `effect` began `delayMs` after `cause` did. */
  followed (cause: number, effect: number, delayMs: number, atMs: number): PairVerdict | undefined {
    const pair = this.#pairs.count(cause * maxNumber + effect, () => ({ delay: new Spread(), lastMs: atMs }))
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
  #confidence (cause: number, effect: number, { delay }: Pair, agoMs: number): number {
    const mean = (volume(delay.count) + consistency(delay) + recency(agoMs)) / 3
    const rarer = Math.max(this.#onsets.countOf(cause), this.#onsets.countOf(effect), delay.count)
    return mean * delay.count / rarer
  }

  /** Who was forgotten gets a new number, and begins anew. */
  #numberOf (what: string): number {
    const known = this.#numbers.get(what)
    if (known !== undefined) return known
    if (this.#numbers.size >= maxNames) this.#numbers.delete(this.#numbers.keys().next().value as string)
    const number = this.#nextNumber
    this.#nextNumber = (number + 1) % maxNumber
    this.#numbers.set(what, number)
    return number
  }
}

const maxNames = 200_000
/** Two numbers make one that a double holds exactly. */
const maxNumber = 2 ** 26

function nothing (): undefined { return undefined }

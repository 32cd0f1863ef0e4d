/** Counts over time, in buckets of one width: a given one, or the smallest usual one that makes about 60. */
import { StoreError } from './store.js'

/** Each is a multiple of the one before, so that buckets can be joined. */
const widthsMs = [1, 5, 10, 50, 100, 500, 1000, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000, 3_600_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000, 604_800_000, 6_048_000_000, 60_480_000_000]
const wanted = 60
/** Held at once while the width is not known. */
const maxHeld = 10_000
const maxGiven = 5000

interface Bucket { count: number, errors: number }

export class Buckets {
  #widthMs: number
  #held = new Map<number, Bucket>()

  /** `widthMs` 0: chosen. */
  constructor (readonly widthMs: number) {
    if (!(widthMs >= 0 && Number.isFinite(widthMs))) throw new StoreError('query', `the width of a bucket is a number of milliseconds, found ${widthMs}`)
    this.#widthMs = widthMs === 0 ? 1 : widthMs
  }

  /** `ms` 0: without a time, and in no bucket. */
  add (ms: number, isError: boolean): void {
    if (ms === 0) return
    this.#put(Math.floor(ms / this.#widthMs), 1, isError ? 1 : 0)
    if (this.widthMs > 0 && this.#held.size > maxGiven) throw new StoreError('query', `buckets of ${this.widthMs} ms make more than ${maxGiven}: choose wider ones or a shorter time`)
    while (this.#held.size > maxHeld && this.#join(widthsMs.find(width => width > this.#widthMs))) continue
  }

  finish (): { readonly timeMs: number, readonly count: number, readonly errors: number }[] {
    if (this.widthMs === 0 && this.#held.size > 0) this.#join(this.#fitting())
    return [...this.#held].sort(([a], [b]) => a - b).map(([at, { count, errors }]) => ({ timeMs: at * this.#widthMs, count, errors }))
  }

  /** The width at which all of the time takes as many as are wanted. */
  #fitting (): number | undefined {
    let [low, high] = [Infinity, -Infinity]
    for (const at of this.#held.keys()) { low = Math.min(low, at); high = Math.max(high, at) }
    const spanMs = (high - low + 1) * this.#widthMs
    return widthsMs.find(width => width >= this.#widthMs && spanMs / width <= wanted) ?? widthsMs[widthsMs.length - 1]
  }

  /** False: they are that wide already. */
  #join (widthMs: number | undefined): boolean {
    if (widthMs === undefined || widthMs <= this.#widthMs) return false
    const [old, factor] = [this.#held, widthMs / this.#widthMs]
    this.#held = new Map()
    this.#widthMs = widthMs
    for (const [at, { count, errors }] of old) this.#put(Math.floor(at / factor), count, errors)
    return true
  }

  #put (at: number, count: number, errors: number): void {
    const bucket = this.#held.get(at)
    if (bucket === undefined) this.#held.set(at, { count, errors })
    else { bucket.count += count; bucket.errors += errors }
  }
}

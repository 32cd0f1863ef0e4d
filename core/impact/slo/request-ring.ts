/**
 * Requests of one service by event time, in a ring of buckets: all, failed, slow. Memory is fixed; what is older than the ring is
 * late and not taken, and a single time far ahead does not wipe out what is known.
 */

export interface Counts { readonly all: number, readonly failed: number, readonly slow: number }

/** Further ahead than this is a broken clock's time, unless `maxAhead` in a row say so. */
const jumpMs = 86_400_000
const maxAhead = 10

export class RequestRing {
  readonly #all: Uint32Array
  readonly #failed: Uint32Array
  readonly #slow: Uint32Array
  #newest = -1
  #ahead = 0
  late = 0

  constructor (readonly bucketMs: number, readonly buckets: number) {
    this.#all = new Uint32Array(buckets)
    this.#failed = new Uint32Array(buckets)
    this.#slow = new Uint32Array(buckets)
  }

  get isEmpty (): boolean { return this.#newest < 0 }

  add (timeMs: number, isFailed: boolean, isSlow: boolean): void {
    const bucket = Math.floor(timeMs / this.bucketMs)
    if (bucket === this.#newest) this.#ahead = 0
    else if (!this.#moveTo(bucket, timeMs)) return
    const at = bucket % this.buckets
    this.#all[at] = (this.#all[at] as number) + 1
    if (isFailed) this.#failed[at] = (this.#failed[at] as number) + 1
    if (isSlow) this.#slow[at] = (this.#slow[at] as number) + 1
  }

  /** Buckets that begin in (`untilMs` - `windowMs`, `untilMs`]: the window's end to the bucket. */
  sum (untilMs: number, windowMs: number): Counts {
    const last = Math.min(this.#newest, Math.floor(untilMs / this.bucketMs))
    const first = Math.max(this.#newest - this.buckets + 1, 0, Math.floor((untilMs - windowMs) / this.bucketMs) + 1)
    let [all, failed, slow] = [0, 0, 0]
    for (let bucket = first; bucket <= last; bucket++) {
      const at = bucket % this.buckets
      all += this.#all[at] as number
      failed += this.#failed[at] as number
      slow += this.#slow[at] as number
    }
    return { all, failed, slow }
  }

  /** True: `bucket` is in the ring now. */
  #moveTo (bucket: number, timeMs: number): boolean {
    if (!(timeMs > 0)) { this.late++; return false }
    if (bucket > this.#newest) {
      if (this.#newest >= 0 && bucket > this.#newest + jumpMs / this.bucketMs && ++this.#ahead < maxAhead) { this.late++; return false }
      for (let next = Math.max(this.#newest + 1, bucket - this.buckets + 1); next <= bucket; next++) this.#clear(next % this.buckets)
      this.#newest = bucket
    } else if (bucket <= this.#newest - this.buckets) { this.late++; return false }
    this.#ahead = 0
    return true
  }

  #clear (at: number): void { this.#all[at] = this.#failed[at] = this.#slow[at] = 0 }
}

/** The limits of all keys: a bucket for events and one for bytes each. Bounded; who was not seen for longest is forgotten. */
import { TokenBucket, type TokenRate } from '../../core/recovery/token-bucket.js'

export interface Limits { readonly events: TokenRate | undefined, readonly bytes: TokenRate | undefined }

export interface Amount { events: number, bytes: number }

/** What a key may have. Bytes may be overdrawn by one row, so that a row larger than the burst passes at all. */
export class Allowance {
  readonly #events: TokenBucket | undefined
  readonly #bytes: TokenBucket | undefined

  constructor ({ events, bytes }: Limits, nowMs: number) {
    this.#events = events && new TokenBucket(events, nowMs)
    this.#bytes = bytes && new TokenBucket(bytes, nowMs)
  }

  /** One row. */
  tryTake (nowMs: number, bytes: number): boolean {
    if (this.#bytes !== undefined && this.#bytes.available(nowMs) < Math.min(bytes, this.#bytes.rate.burst)) return false
    if (this.#events?.tryTake(nowMs) === false) return false
    this.#bytes?.take(bytes)
    return true
  }

  /** All of it at once. */
  has (nowMs: number, { events, bytes }: Amount): boolean {
    return (events === 0 || this.#events === undefined || this.#events.available(nowMs) >= events) &&
      (bytes === 0 || this.#bytes === undefined || this.#bytes.available(nowMs) >= bytes)
  }

  /** Milliseconds until all of it may pass at once, 0 = now. What is more than a burst may pass when there is a whole one, and is paid for afterwards. */
  waitMs (nowMs: number, { events, bytes }: Amount): number {
    const wait = (bucket: TokenBucket | undefined, count: number): number => {
      if (bucket === undefined || count === 0) return 0
      bucket.available(nowMs)
      return bucket.waitMs(count)
    }
    return Math.max(wait(this.#events, events), wait(this.#bytes, bytes))
  }

  take ({ events, bytes }: Amount): void {
    this.#events?.take(events)
    this.#bytes?.take(bytes)
  }

  giveBack ({ events, bytes }: Amount): void {
    this.#events?.giveBack(events)
    this.#bytes?.giveBack(bytes)
  }
}

export class Buckets {
  /** In the order in which they were seen last. */
  readonly #held = new Map<string, Allowance>()
  forgotten = 0

  constructor (readonly limits: Limits, readonly maxKeys: number) {}

  get size (): number { return this.#held.size }

  of (key: string, nowMs: number): Allowance {
    const known = this.#held.get(key)
    if (known !== undefined) this.#held.delete(key)
    else if (this.#held.size >= this.maxKeys) this.#forgetOne()
    const allowance = known ?? new Allowance(this.limits, nowMs)
    this.#held.set(key, allowance)
    return allowance
  }

  #forgetOne (): void {
    const oldest = this.#held.keys().next()
    if (oldest.done === true) return
    this.#held.delete(oldest.value)
    this.forgotten++
  }
}

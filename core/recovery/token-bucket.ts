/**
 * A rate kept over time: the one token bucket of Tapio. Holds fractions of tokens and never rounds them off, so it gives exactly
 * `perSecond` a second however often it is asked (the original cut them off at each call, and starved at high rates).
 */
export interface TokenRate {
  readonly perSecond: number
  /** Most that is there at once; a bucket begins with it. */
  readonly burst: number
}

/** Sums of fractions: 0.1 ten times is one. */
const epsilon = 1e-9
/** Before the sums get so large that a token is a small part of them. */
const countAnew = 1e6

/** Up to one second's worth at once: a batch larger than that passes, and is paid for afterwards. */
export const ofOneSecond = (perSecond: number, nowMs: number): TokenBucket => new TokenBucket({ perSecond, burst: Math.max(1, perSecond) }, nowMs)

export class TokenBucket {
  /** What there was at `#sinceMs`, less what was taken since. */
  #base: number
  #sinceMs: number
  #atMs: number
  /** As of `#atMs`. */
  #tokens: number

  /** `nowMs` of a clock that does not stand still: the monotonic one. When it goes back, no time has passed. */
  constructor (readonly rate: TokenRate, nowMs: number) {
    this.#base = this.#tokens = rate.burst
    this.#sinceMs = this.#atMs = nowMs
  }

  /** Whole tokens that are there; negative when more was taken than there were. */
  available (nowMs: number): number {
    this.#fill(nowMs)
    return Math.floor(this.#tokens + epsilon)
  }

  /** Takes `count` if they are there. */
  tryTake (nowMs: number, count = 1): boolean {
    if (this.available(nowMs) < count) return false
    this.take(count)
    return true
  }

  /** Takes also what is not there: it is paid for before anybody gets more. */
  take (count: number): void {
    this.#base -= count
    this.#tokens -= count
  }

  /** Gives back what was taken and not used. */
  giveBack (count: number): void { this.#from(Math.min(this.rate.burst, this.#tokens + count)) }

  /** Whole milliseconds until `count` are there (0 = now), as of the last look; of more than `burst`: until it is full. */
  waitMs (count = 1): number {
    const missing = Math.min(count, this.rate.burst) - this.#tokens
    return missing <= epsilon ? 0 : Math.max(1, Math.ceil((missing - epsilon) / this.rate.perSecond * 1000))
  }

  /** From where it was counted last, not from the last call: each sum is rounded, and a million small ones would be seen. */
  #fill (nowMs: number): void {
    const isBack = nowMs < this.#atMs
    this.#atMs = nowMs
    if (isBack) { this.#from(this.#tokens); return }
    const gained = (nowMs - this.#sinceMs) / 1000 * this.rate.perSecond
    this.#tokens = this.#base + gained
    if (this.#tokens >= this.rate.burst) this.#from(this.rate.burst)
    else if (gained > countAnew) this.#from(this.#tokens)
  }

  #from (tokens: number): void {
    this.#base = this.#tokens = tokens
    this.#sinceMs = this.#atMs
  }
}

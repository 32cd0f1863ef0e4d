/**
 * How far time is, by the times that rows claim, of which some are absurd: clocks that start in 1970, stand years ahead, or are broken.
 * Depends on the rows and their order alone.
 */
const dayMs = 86_400_000
/** Claimed this much later than a collector saw it: not believed. */
const maxAheadMs = 3_600_000
/** A leap ahead may be that nothing came for days; a leap back, that the row before had a broken clock. */
const leapMs = dayMs
const backMs = 30 * dayMs
/** So many rows in a row make a leap credible. */
const confirmations = 3
const earliestMs = Date.UTC(2000, 0, 1)
const latestMs = 8.64e15

export class EventTime {
  /** -Infinity before the first row. */
  newestMs = -Infinity
  /** Rows whose time was not believed. */
  absurd = 0
  #near = 0
  #ahead = 0
  #behind = 0

  moveTo (timeMs: number): void { if (timeMs > this.newestMs) this.newestMs = timeMs }

  /** The time to take a row for; `newestMs` follows, but for leaps that nobody confirms. `observedMs`: when a collector saw it, 0 = unknown. */
  of (timeMs: number, observedMs: number): number {
    const seenMs = isPlausible(observedMs) ? observedMs : 0
    const isClaim = isPlausible(timeMs)
    const isAhead = isClaim && seenMs > 0 && timeMs > seenMs + maxAheadMs
    if (isAhead || (timeMs > 0 && !isClaim)) this.absurd++
    const believedMs = isClaim && !isAhead ? timeMs : seenMs
    if (believedMs === 0) return Math.max(this.newestMs, 0)
    if (believedMs <= this.newestMs + leapMs && believedMs >= this.newestMs - backMs) return this.#usual(believedMs)
    return this.newestMs === -Infinity ? this.#usual(believedMs) : this.#leap(believedMs, seenMs > 0)
  }

  #usual (timeMs: number): number {
    this.#near++
    this.#ahead = this.#behind = 0
    if (timeMs > this.newestMs) this.newestMs = timeMs
    return timeMs
  }

  #leap (timeMs: number, isSeen: boolean): number {
    if (timeMs > this.newestMs) {
      this.#behind = 0
      if (++this.#ahead >= confirmations) return this.#begin(timeMs)
      this.absurd++
      // A collector that saw it then is to be believed for the row itself.
      return isSeen ? timeMs : this.newestMs
    }
    this.#ahead = 0
    // Few were of the time that seems to be now: it was they who were wrong.
    if (++this.#behind >= confirmations && this.#near < confirmations) return this.#begin(timeMs)
    return timeMs
  }

  #begin (timeMs: number): number {
    this.#near = 1
    this.#ahead = this.#behind = 0
    this.newestMs = timeMs
    return timeMs
  }
}

/** NaN, 0, negative, before there was anything to watch, or beyond what a date can say: no time. */
function isPlausible (timeMs: number): boolean { return timeMs >= earliestMs && timeMs <= latestMs }

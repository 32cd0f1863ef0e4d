/**
 * Which times that rows claim are to be believed: some are of clocks that start in 1970, stand years ahead, or are broken. Depends on
 * the rows and their order alone. Clocks that differ by minutes are majority-clock.ts's.
 */
const dayMs = 86_400_000
/** Claimed this much later than a collector saw it: not believed. */
const maxAheadMs = 3_600_000
/** A leap ahead may be that nothing came for days; a leap back, that the row before had a broken clock. */
const aheadMs = dayMs
const backMs = 30 * dayMs
/** So many rows in a row make a leap credible. */
const confirmations = 3
const earliestMs = Date.UTC(2000, 0, 1)
const latestMs = 8.64e15

export class EventTime {
  /** Of the last row: `moves` the time if it is newer; `stays`: it does not; `leaps`: time is now that of the row, forth or back. */
  verdict: 'moves' | 'stays' | 'leaps' = 'stays'
  /** Rows whose time was not believed. */
  absurd = 0
  #near = 0
  #ahead = 0
  #behind = 0

  /** The time to take a row for. `observedMs`: when a collector saw it, 0 = unknown. `nowMs`: how far time is, -Infinity before the first row. */
  of (timeMs: number, observedMs: number, nowMs: number): number {
    const seenMs = isPlausible(observedMs) ? observedMs : 0
    const isClaim = isPlausible(timeMs)
    const isAhead = isClaim && seenMs > 0 && timeMs > seenMs + maxAheadMs
    if (isAhead || (timeMs > 0 && !isClaim)) this.absurd++
    const believedMs = isClaim && !isAhead ? timeMs : seenMs
    if (believedMs === 0) {
      this.verdict = 'stays'
      return Math.max(nowMs, 0)
    }
    if (nowMs === -Infinity || (believedMs <= nowMs + aheadMs && believedMs >= nowMs - backMs)) return this.#usual(believedMs)
    return believedMs > nowMs ? this.#forth(believedMs, nowMs, seenMs > 0) : this.#back(believedMs)
  }

  #usual (timeMs: number): number {
    this.verdict = 'moves'
    this.#near++
    this.#ahead = this.#behind = 0
    return timeMs
  }

  #forth (timeMs: number, nowMs: number, isSeen: boolean): number {
    this.#behind = 0
    if (++this.#ahead >= confirmations) return this.#leap(timeMs)
    this.verdict = 'stays'
    this.absurd++
    // A collector that saw it then is to be believed for the row itself.
    return isSeen ? timeMs : nowMs
  }

  #back (timeMs: number): number {
    this.#ahead = 0
    // Few were of the time that seems to be now: it was they who were wrong.
    if (++this.#behind >= confirmations && this.#near < confirmations) return this.#leap(timeMs)
    this.verdict = 'stays'
    return timeMs
  }

  #leap (timeMs: number): number {
    this.verdict = 'leaps'
    this.#near = 1
    this.#ahead = this.#behind = 0
    return timeMs
  }
}

/** NaN, 0, negative, before there was anything to watch, or beyond what a date can say: no time. */
function isPlausible (timeMs: number): boolean { return timeMs >= earliestMs && timeMs <= latestMs }

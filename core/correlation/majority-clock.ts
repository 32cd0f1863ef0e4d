/**
 * Whose time it is when clocks disagree. The newest row makes the time, until most rows that follow are well behind it: then one
 * machine's clock was ahead, time goes back to that of the many, and rows as far ahead as that do not move it until they are
 * the many. Depends on the order of rows alone.
 */

/** Rows this far apart are of clocks that disagree, or of a gap. NTP keeps machines within a second. */
const apartMs = 30_000
/** Rows behind, less those that are not, before they are believed. */
const majority = 50

export class MajorityClock {
  /** Rows behind the time, less those in time. */
  #behind = 0
  #behindMs = -Infinity
  /** Rows ahead of it, less those in time; counted while they are not believed. */
  #ahead = 0
  #distrusts = false
  /** The time to go back to; whoever does so clears it. */
  correctedMs: number | undefined

  /** False: the row's time must not move the time. */
  trusts (claimedMs: number, newestMs: number): boolean {
    if (claimedMs > newestMs + apartMs) return this.#isAhead()
    if (claimedMs >= newestMs - apartMs) this.#inTime()
    else this.#isBehind(claimedMs)
    return true
  }

  #isAhead (): boolean {
    if (!this.#distrusts) return true
    this.#ahead++
    if (this.#ahead < majority) return false
    this.#distrusts = false
    this.#ahead = 0
    return true
  }

  #inTime (): void {
    if (this.#ahead > 0) this.#ahead--
    if (this.#behind === 0) return
    this.#behind--
    if (this.#behind === 0) this.#behindMs = -Infinity
  }

  #isBehind (claimedMs: number): void {
    this.#behindMs = Math.max(this.#behindMs, claimedMs)
    this.#behind++
    if (this.#behind < majority) return
    this.correctedMs = this.#behindMs
    this.#behind = 0
    this.#behindMs = -Infinity
    this.#ahead = 0
    this.#distrusts = true
  }
}

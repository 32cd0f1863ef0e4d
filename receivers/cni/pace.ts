/** When something is done again: soon after a hint, at intervals without, and never so often that it takes more than a share of the time. */
import type { Clock } from '../../core/component/clock.js'

/** At most a tenth of the time. */
const share = 10

export class Pace {
  #earliestMs = 0
  #latestMs = 0
  #hinted = false

  constructor (readonly clock: Clock, readonly intervalMs: number) {}

  /** A hint that comes too early is kept. */
  due (hint: boolean): boolean {
    this.#hinted ||= hint
    const now = this.clock.monotonicMs()
    if (now < (this.#hinted ? this.#earliestMs : this.#latestMs)) return false
    this.#hinted = false
    return true
  }

  took (work: () => void): void {
    const start = this.clock.monotonicMs()
    work()
    this.#done(start)
  }

  async tookAsync (work: () => Promise<void>): Promise<void> {
    const start = this.clock.monotonicMs()
    await work()
    this.#done(start)
  }

  #done (startMs: number): void {
    const now = this.clock.monotonicMs()
    this.#earliestMs = now + (now - startMs) * share
    this.#latestMs = Math.max(now + this.intervalMs, this.#earliestMs)
  }
}

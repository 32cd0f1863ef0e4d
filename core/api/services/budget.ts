/** A rate that is kept over time. */
import type { Clock } from '../../component/clock.js'

/**
 * A bucket that fills with `perSecond` a second, up to one second's worth. It may be overdrawn by what is taken at once: then it says
 * how long until it is even again. So a batch larger than a second's worth passes, and is paid for afterwards.
 */
export class Budget {
  #left: number
  #atMs: number

  constructor (readonly perSecond: number, readonly clock: Clock) {
    this.#left = perSecond
    this.#atMs = clock.monotonicMs()
  }

  /** Whole ones that are there; 0 or less: none. */
  get available (): number {
    const nowMs = this.clock.monotonicMs()
    this.#left = Math.min(this.perSecond, this.#left + (nowMs - this.#atMs) / 1000 * this.perSecond)
    this.#atMs = nowMs
    return Math.floor(this.#left + 1e-9)
  }

  take (count: number): void { this.#left -= count }

  /** Until at least one is there. */
  get waitMs (): number { return this.available >= 1 ? 0 : Math.max(1, Math.ceil((1 - this.#left) / this.perSecond * 1000)) }
}

/** A token bucket: `perSecond` a second, as many at once. */
import type { Clock } from '../../core/component/clock.js'

export class RateLimit {
  #tokens: number
  #atMs: number

  constructor (readonly perSecond: number, readonly clock: Clock) {
    this.#tokens = perSecond
    this.#atMs = clock.monotonicMs()
  }

  take (): boolean {
    if (this.perSecond === 0) return true
    const nowMs = this.clock.monotonicMs()
    this.#tokens = Math.min(this.perSecond, this.#tokens + (nowMs - this.#atMs) / 1000 * this.perSecond)
    this.#atMs = nowMs
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }
}

/** At most one log line per interval for things that may happen with every batch; says how many it left out. */
import type { Clock } from '../component/clock.js'

export class Throttle {
  #nextMs = -Infinity
  #leftOut = 0

  constructor (readonly clock: Clock, readonly everyMs = 10_000) {}

  /** Calls `write` with the number of earlier calls that were left out, or does nothing. */
  run (write: (leftOut: number) => void): void {
    const nowMs = this.clock.monotonicMs()
    if (nowMs < this.#nextMs) { this.#leftOut++; return }
    this.#nextMs = nowMs + this.everyMs
    const leftOut = this.#leftOut
    this.#leftOut = 0
    write(leftOut)
  }
}

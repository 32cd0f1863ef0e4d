/** What the contract needs of a clock. */
import { systemClock } from '../component/clock.js'
import type { Clock } from '../component/clock.js'

export interface TestClock extends Clock {
  /** How many timers are set. */
  readonly pending: number
  advance(byMs: number): Promise<void>
}

/** Real time, for what waits for other threads: to advance it is to wait for a moment. */
export class CountingClock implements TestClock {
  readonly #timers = new Set<object>()

  get pending (): number { return this.#timers.size }
  unixMs (): number { return systemClock.unixMs() }
  unixNano (): bigint { return systemClock.unixNano() }
  monotonicMs (): number { return systemClock.monotonicMs() }

  after (delayMs: number, callback: () => void): () => void {
    const timer = {}
    this.#timers.add(timer)
    const cancel = systemClock.after(delayMs, () => { this.#timers.delete(timer); callback() })
    return () => { this.#timers.delete(timer); cancel() }
  }

  async advance (byMs: number): Promise<void> {
    await new Promise(resolve => setTimeout(resolve, Math.min(byMs, 1)))
  }
}

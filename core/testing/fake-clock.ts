import type { Clock } from '../component/clock.js'

/** A clock that stands still until `advance`. Timers fire in order of their time, each after the promises of the last. */
export class FakeClock implements Clock {
  #nowMs = 0
  #timers: { atMs: number, callback: () => void }[] = []

  /** `startUnixMs` is the wall clock at monotonic 0. */
  constructor (readonly startUnixMs = Date.UTC(2026, 0, 1)) {}

  unixMs (): number { return this.startUnixMs + this.#nowMs }
  unixNano (): bigint { return BigInt(Math.round(this.unixMs() * 1000)) * 1000n }
  monotonicMs (): number { return this.#nowMs }

  after (delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, callback }
    this.#timers.push(timer)
    return () => { this.#timers = this.#timers.filter(t => t !== timer) }
  }

  /** How many timers are set: a component that stopped has none. */
  get pending (): number { return this.#timers.length }

  async advance (byMs: number): Promise<void> {
    const untilMs = this.#nowMs + byMs
    for (;;) {
      await settle()
      const due = this.#timers.filter(t => t.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0]
      if (due === undefined) break
      this.#timers = this.#timers.filter(t => t !== due)
      this.#nowMs = Math.max(this.#nowMs, due.atMs)
      due.callback()
    }
    this.#nowMs = untilMs
    await settle()
  }
}

/** Lets every promise that can settle do so. */
function settle (): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

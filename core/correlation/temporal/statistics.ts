/** Running figures of times between events: no list is kept. */

/** Mean and standard deviation in one pass (Welford, 1962). */
export class Spread {
  count = 0
  mean = 0
  #squares = 0

  add (value: number): void {
    this.count++
    const before = value - this.mean
    this.mean += before / this.count
    this.#squares += before * (value - this.mean)
  }

  /** Of the sample; 0 for less than two values. */
  get deviation (): number { return this.count < 2 ? 0 : Math.sqrt(this.#squares / (this.count - 1)) }

  /** Deviation by mean; of values near zero, by `least`. */
  variation (least: number): number { return this.deviation / Math.max(Math.abs(this.mean), least) }
}

/** `1 / (1 + sigma / mu)` of the original (3.2): 1 for what is always alike. Delays below a second are alike. */
export function consistency (spread: Spread): number { return 1 / (1 + spread.variation(1000)) }

/** How much is known: `min(n / 10, 1)` of the original. */
export function volume (count: number): number { return Math.min(count / 10, 1) }

/** `1 / (1 + hours / 24)` of the original, in event time. */
export function recency (agoMs: number): number { return 1 / (1 + Math.max(0, agoMs) / 86_400_000) }

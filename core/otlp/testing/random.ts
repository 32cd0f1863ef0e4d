/** Repeatable randomness: a failing case is named by its seed. mulberry32. */
export class Random {
  #state: number

  constructor (readonly seed: number) { this.#state = seed >>> 0 }

  /** 32 random bits. */
  next (): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ t >>> 15, t | 1)
    t ^= t + Math.imul(t ^ t >>> 7, t | 61)
    return (t ^ t >>> 14) >>> 0
  }

  /** 0 to n - 1. */
  below (n: number): number { return Math.floor(this.next() / 4294967296 * n) }

  chance (probability: number): boolean { return this.next() / 4294967296 < probability }

  pick<T> (items: readonly T[]): T { return items[this.below(items.length)] as T }

  bytes (n: number): Buffer { return Buffer.from(Array.from({ length: n }, () => this.next() & 0xff)) }
}

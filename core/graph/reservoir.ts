/**
 * A fair sample of a stream whose length nobody knows: each item has the same chance to be among the `capacity` that remain. Says
 * beforehand which item is taken next, so that the others cost nothing (Kim-Hung Li's algorithm L,
 * https://en.wikipedia.org/wiki/Reservoir_sampling).
 */
export class Reservoir {
  /** Items so far. */
  seen = 0
  #capacity = 0
  #weight = 1
  /** Position of the next item to take. */
  #next = 0

  constructor (readonly random: () => number = Math.random) {}

  /** Begins anew. 0 takes nothing. */
  reset (capacity: number): void {
    this.seen = 0
    this.#capacity = capacity
    this.#weight = 1
    this.#next = capacity === 0 ? Infinity : 0
  }

  /** Of the next `count` items those that are taken, as positions among them, each with the place it takes. */
  offer (count: number, take: (item: number, place: number) => void): void {
    const start = this.seen
    this.seen += count
    while (this.#next < this.seen) {
      const at = this.#next
      take(at - start, at < this.#capacity ? at : Math.floor(this.random() * this.#capacity))
      this.#next = at + 1 < this.#capacity ? at + 1 : this.#after(at)
    }
  }

  #after (at: number): number {
    // A random number of exactly 0 has no logarithm.
    this.#weight *= Math.exp(Math.log(this.random() || Number.MIN_VALUE) / this.#capacity)
    return at + 1 + Math.floor(Math.log(this.random() || Number.MIN_VALUE) / Math.log1p(-this.#weight))
  }
}

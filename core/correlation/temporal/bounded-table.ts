/**
 * A table of things that are counted, of bounded size: when it is full, the one that was counted least goes, of those the one
 * that has waited longest. What is common stays whatever comes between (as in the Space-Saving algorithm of Metwally et al., 2005, but a
 * newcomer starts from nothing, so that counts are never too high).
 */
interface Entry<V> { readonly value: V, count: number }

export class BoundedTable<V> {
  readonly #entries = new Map<string, Entry<V>>()
  /** Keys by count, each in the order of their last count. */
  readonly #byCount = new Map<number, Set<string>>()
  readonly #max: number
  /** No entry has a lower count. */
  #least = 1
  evicted = 0

  constructor (max: number) { this.#max = max }

  get size (): number { return this.#entries.size }
  get (key: string): V | undefined { return this.#entries.get(key)?.value }
  countOf (key: string): number { return this.#entries.get(key)?.count ?? 0 }

  /** Counts `key` once more; `make` gives the value of a new one. */
  count (key: string, make: () => V): V {
    const known = this.#entries.get(key)
    if (known !== undefined) {
      this.#move(key, known.count, known.count + 1)
      known.count++
      return known.value
    }
    if (this.#entries.size >= this.#max) this.#evict()
    const entry = { value: make(), count: 1 }
    this.#entries.set(key, entry)
    this.#put(key, 1)
    this.#least = 1
    return entry.value
  }

  #evict (): void {
    let bucket = this.#byCount.get(this.#least)
    while (bucket === undefined) bucket = this.#byCount.get(++this.#least)
    const oldest = bucket.values().next().value as string
    this.#cut(oldest, this.#least)
    this.#entries.delete(oldest)
    this.evicted++
  }

  #move (key: string, from: number, to: number): void {
    this.#cut(key, from)
    this.#put(key, to)
  }

  #put (key: string, count: number): void {
    const bucket = this.#byCount.get(count)
    if (bucket === undefined) this.#byCount.set(count, new Set([key]))
    else bucket.add(key)
  }

  #cut (key: string, count: number): void {
    const bucket = this.#byCount.get(count)
    bucket?.delete(key)
    if (bucket?.size === 0) this.#byCount.delete(count)
  }
}

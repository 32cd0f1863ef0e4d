/**
 * Keys of one width (UIDs, addresses, container ids as bytes) -> numbers; a key may have several. A hash table with chains
 * in typed arrays: an entry costs its key and about 18 bytes, where a Map of strings costs some 150.
 *
 * Entries have numbers that stay, so their owner can keep a list of its own ones (`sibling`) and remove them without a search.
 */
const none = -1

export class KeyTable {
  #keys: Uint8Array
  #values: Int32Array
  /** The next entry of the same bucket; of a removed entry, the next free one. */
  #next: Int32Array
  #siblings: Int32Array
  #buckets: Int32Array
  #used = 0
  #free = none
  size = 0

  constructor (readonly width: number, capacity = 16) {
    this.#keys = new Uint8Array(capacity * width)
    this.#values = new Int32Array(capacity)
    this.#next = new Int32Array(capacity)
    this.#siblings = new Int32Array(capacity)
    this.#buckets = new Int32Array(capacity).fill(none)
  }

  /** The number of the new entry. */
  add (key: Uint8Array, value: number, sibling: number = none): number {
    const entry = this.#take()
    this.#keys.set(key, entry * this.width)
    this.#values[entry] = value
    this.#siblings[entry] = sibling
    this.#link(entry)
    this.size++
    return entry
  }

  remove (entry: number): void {
    const bucket = this.#bucketOf(this.key(entry))
    let at = this.#buckets[bucket] as number
    if (at === entry) this.#buckets[bucket] = this.#next[entry] as number
    else {
      while (this.#next[at] !== entry) at = this.#next[at] as number
      this.#next[at] = this.#next[entry] as number
    }
    this.#next[entry] = this.#free
    this.#free = entry
    this.size--
  }

  /** Removes `entry` and those linked to it. */
  removeAll (entry: number): void {
    for (let at = entry; at !== none;) {
      const next = this.sibling(at)
      this.remove(at)
      at = next
    }
  }

  /** The entries of `key`. */
  find (key: Uint8Array): number[] {
    const found: number[] = []
    for (let at = this.#buckets[this.#bucketOf(key)] as number; at !== none; at = this.#next[at] as number) if (this.#holds(at, key)) found.push(at)
    return found
  }

  value (entry: number): number { return this.#values[entry] as number }
  sibling (entry: number): number { return this.#siblings[entry] as number }
  key (entry: number): Uint8Array { return this.#keys.subarray(entry * this.width, (entry + 1) * this.width) }

  /** `entry` and those linked to it. */
  * siblings (entry: number): Generator<number> {
    for (let at = entry; at !== none; at = this.sibling(at)) yield at
  }

  get byteLength (): number {
    return this.#keys.byteLength + this.#values.byteLength + this.#next.byteLength + this.#siblings.byteLength + this.#buckets.byteLength
  }

  #holds (entry: number, key: Uint8Array): boolean {
    const from = entry * this.width
    for (let i = 0; i < this.width; i++) if (this.#keys[from + i] !== key[i]) return false
    return true
  }

  #take (): number {
    if (this.#free !== none) {
      const entry = this.#free
      this.#free = this.#next[entry] as number
      return entry
    }
    if (this.#used === this.#values.length) this.#grow()
    return this.#used++
  }

  /** No entry is free when this is called, so all of them go into the new buckets. By a half: doubling would leave half unused. */
  #grow (): void {
    const capacity = Math.ceil(this.#values.length * 1.5)
    this.#keys = grown(this.#keys, capacity * this.width)
    this.#values = grown(this.#values, capacity)
    this.#next = grown(this.#next, capacity)
    this.#siblings = grown(this.#siblings, capacity)
    this.#buckets = new Int32Array(capacity).fill(none)
    for (let entry = 0; entry < this.#used; entry++) this.#link(entry)
  }

  #link (entry: number): void {
    const bucket = this.#bucketOf(this.key(entry))
    this.#next[entry] = this.#buckets[bucket] as number
    this.#buckets[bucket] = entry
  }

  /** FNV-1a. */
  #bucketOf (key: Uint8Array): number {
    let hash = 0x811c9dc5
    for (let i = 0; i < this.width; i++) hash = Math.imul(hash ^ (key[i] as number), 0x01000193)
    return (hash >>> 0) % this.#buckets.length
  }
}

export function grown<T extends Uint8Array | Int32Array | Uint32Array | Float64Array> (array: T, length: number): T {
  const larger = new (array.constructor as new (length: number) => T)(length)
  larger.set(array)
  return larger
}

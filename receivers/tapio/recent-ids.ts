/**
 * The last event ids of one collector: a bounded set of 16-byte ids that forgets the oldest first. Open addressing over a ring of
 * ids: 24 bytes an id, where a Set of text takes about 100.
 */
const idBytes = 16
/** Doubles up to the capacity: most collectors send little. */
const firstCapacity = 1024

export class RecentIds {
  #capacity: number
  /** Four words an id; the id that came `n`-th is in slot n % capacity. */
  #ids: Uint32Array
  /** Slot + 1, or 0; twice as many cells as ids, so that chains stay short. */
  #table: Int32Array
  #next = 0
  #size = 0

  constructor (readonly limit: number) {
    this.#capacity = Math.min(firstCapacity, powerOfTwo(limit))
    this.#ids = new Uint32Array(this.#capacity * 4)
    this.#table = new Int32Array(this.#capacity * 2)
  }

  get size (): number { return this.#size }

  /** Whether row `row` of an id column (which starts at a multiple of four bytes) is one of them. The id 0 means none: never. */
  has (column: Uint32Array, row: number): boolean {
    return !isNone(column, row) && this.#table[this.#find(column, row * 4)] !== 0
  }

  /** Adds every id of the column that is one and is not there. */
  addAll (column: Uint32Array): void {
    for (let row = 0; row < column.length / 4; row++) if (!isNone(column, row)) this.#add(column, row * 4)
  }

  /** All ids, oldest first: 16 bytes each. */
  bytes (): Uint8Array {
    const out = new Uint32Array(this.#size * 4)
    for (let i = 0; i < this.#size; i++) {
      const slot = (this.#next - this.#size + i + this.#capacity) % this.#capacity
      out.set(this.#ids.subarray(slot * 4, slot * 4 + 4), i * 4)
    }
    return new Uint8Array(out.buffer)
  }

  #add (words: Uint32Array, at: number): void {
    if (this.#table[this.#find(words, at)] !== 0) return
    if (this.#size === this.#capacity && this.#capacity < powerOfTwo(this.limit)) this.#grow()
    if (this.#size === Math.min(this.#capacity, this.limit)) this.#forgetOldest()
    this.#ids.set(words.subarray(at, at + 4), this.#next * 4)
    this.#table[this.#find(words, at)] = this.#next + 1
    this.#next = (this.#next + 1) % this.#capacity
    this.#size++
  }

  #grow (): void {
    const kept = new Uint32Array(this.bytes().buffer)
    this.#capacity *= 2
    this.#ids = new Uint32Array(this.#capacity * 4)
    this.#table = new Int32Array(this.#capacity * 2)
    this.#next = this.#size = 0
    this.addAll(kept)
  }

  /** Its cell is closed by moving back what stands behind it in the same chain (Knuth 6.4 R). */
  #forgetOldest (): void {
    const oldest = (this.#next - this.#size + this.#capacity) % this.#capacity
    const mask = this.#table.length - 1
    let hole = this.#find(this.#ids, oldest * 4)
    this.#table[hole] = 0
    for (let cell = (hole + 1) & mask; this.#table[cell] !== 0; cell = (cell + 1) & mask) {
      const home = hash(this.#ids, ((this.#table[cell] as number) - 1) * 4) & mask
      if (((cell - home) & mask) < ((cell - hole) & mask)) continue
      this.#table[hole] = this.#table[cell] as number
      this.#table[cell] = 0
      hole = cell
    }
    this.#size--
  }

  /** The cell that holds the id, else the empty one where it would go. */
  #find (words: Uint32Array, at: number): number {
    const mask = this.#table.length - 1
    let cell = hash(words, at) & mask
    for (;;) {
      const slot = this.#table[cell] as number
      if (slot === 0 || sameId(this.#ids, (slot - 1) * 4, words, at)) return cell
      cell = (cell + 1) & mask
    }
  }
}

/** The id column of rows as words; copies when it starts at an odd place. */
export function idWords (bytes: Uint8Array): Uint32Array {
  const count = Math.floor(bytes.length / idBytes) * 4
  if (bytes.byteOffset % 4 === 0) return new Uint32Array(bytes.buffer, bytes.byteOffset, count)
  return new Uint32Array(new Uint8Array(bytes).buffer, 0, count)
}

function isNone (words: Uint32Array, row: number): boolean {
  const at = row * 4
  return ((words[at] as number) | (words[at + 1] as number) | (words[at + 2] as number) | (words[at + 3] as number)) === 0
}

function sameId (a: Uint32Array, i: number, b: Uint32Array, j: number): boolean {
  return a[i + 3] === b[j + 3] && a[i + 2] === b[j + 2] && a[i + 1] === b[j + 1] && a[i] === b[j]
}

/** Ids may be counters: murmur3's finaliser spreads them. */
function hash (words: Uint32Array, at: number): number {
  let h = (words[at] as number) ^ Math.imul(words[at + 1] as number, 0x9e3779b1) ^ Math.imul(words[at + 2] as number, 0x85ebca77) ^ (words[at + 3] as number)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

function powerOfTwo (n: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, n)))
}

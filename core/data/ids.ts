/**
 * Event ids: 16 bytes, unique over processes and runs, given once where the event enters Tapio and carried from then on,
 * so that a copy that was delivered twice can be recognised. 8 random bytes for the source's run, then a 64-bit counter:
 * 30 times cheaper than 16 random bytes an event, and ordered within the run.
 */
import { randomFillSync } from 'node:crypto'

export class EventIds {
  readonly #prefix: Uint32Array
  #low: number
  #high: number

  /** A given prefix (8 bytes) makes ids repeatable: replays and tests. `low` and `high` are the words of the counter's start. */
  constructor (prefix: Uint8Array = randomFillSync(new Uint8Array(8)), low = 1, high = 0) {
    if (prefix.length !== 8) throw new RangeError(`an id prefix has 8 bytes, found ${prefix.length}`)
    // A copy by constructor: Buffer's own `slice` would be a view of Node's shared pool.
    this.#prefix = new Uint32Array(new Uint8Array(prefix).buffer)
    this.#low = low >>> 0
    this.#high = high >>> 0
  }

  /** Writes ids into rows [from, to) of an id column, which must start at a multiple of four bytes. */
  fill (column: Uint8Array, from: number, to: number): void {
    const cells = idWords(column)
    for (let row = from; row < to; row++) this.#put(cells, row * 4)
  }

  /** Writes ids into those of rows [0, count) that have none. */
  fillMissing (column: Uint8Array, count: number): void {
    const cells = idWords(column)
    for (let at = 0; at < count * 4; at += 4) {
      if (((cells[at] as number) | (cells[at + 1] as number) | (cells[at + 2] as number) | (cells[at + 3] as number)) === 0) this.#put(cells, at)
    }
  }

  /** The id the next row would get; `rows` ids are then used up. For rows whose id column is filled later, by `fillFrom`. */
  take (rows: number): Uint8Array {
    const first = new Uint8Array(16)
    this.#put(idWords(first), 0)
    this.#skip(rows - 1)
    return first
  }

  #skip (rows: number): void {
    const low = this.#low + rows
    this.#low = low >>> 0
    if (low >= 0x1_0000_0000) this.#high = (this.#high + Math.floor(low / 0x1_0000_0000)) >>> 0
  }

  #put (cells: Uint32Array, at: number): void {
    cells[at] = this.#prefix[0] as number
    cells[at + 1] = this.#prefix[1] as number
    // Big-endian counter, so that ids sort as they were given.
    cells[at + 2] = swap(this.#high)
    cells[at + 3] = swap(this.#low)
    this.#low = (this.#low + 1) >>> 0
    if (this.#low === 0) this.#high = (this.#high + 1) >>> 0
  }
}

/** Fills rows [from, to) of an id column with `first` (16 bytes) and its successors. */
export function fillFrom (first: Uint8Array, column: Uint8Array, from: number, to: number): void {
  const view = new DataView(first.buffer, first.byteOffset, 16)
  new EventIds(first.subarray(0, 8), view.getUint32(12), view.getUint32(8)).fill(column, from, to)
}

function idWords (column: Uint8Array): Uint32Array {
  return new Uint32Array(column.buffer, column.byteOffset, column.byteLength / 4)
}

function swap (word: number): number {
  return ((word & 0xff) << 24 | (word & 0xff00) << 8 | (word >>> 8 & 0xff00) | word >>> 24) >>> 0
}

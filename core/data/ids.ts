/**
 * Event ids: 16 bytes, unique over processes and runs, given once where the event enters Tapio and carried from then on,
 * so that a copy that was delivered twice can be recognised. 8 random bytes for the source's run, then a 64-bit counter:
 * 30 times cheaper than 16 random bytes an event, and ordered within the run.
 */
import { randomFillSync } from 'node:crypto'

export class EventIds {
  readonly #prefix: Uint32Array
  #low: number
  #high = 0

  /** A given prefix (8 bytes) makes ids repeatable: replays and tests. */
  constructor (prefix: Uint8Array = randomFillSync(new Uint8Array(8)), first = 1) {
    this.#prefix = new Uint32Array(prefix.slice(0, 8).buffer)
    this.#low = first
  }

  /** Writes ids into rows [from, to) of an id column, which must start at a multiple of four bytes. */
  fill (column: Uint8Array, from: number, to: number): void {
    const cells = new Uint32Array(column.buffer, column.byteOffset, column.byteLength / 4)
    const [p0, p1] = this.#prefix as unknown as [number, number]
    for (let row = from, at = from * 4; row < to; row++, at += 4) {
      cells[at] = p0
      cells[at + 1] = p1
      // Big-endian counter, so that ids sort as they were given.
      cells[at + 2] = swap(this.#high)
      cells[at + 3] = swap(this.#low)
      this.#low = (this.#low + 1) >>> 0
      if (this.#low === 0) this.#high = (this.#high + 1) >>> 0
    }
  }
}

function swap (word: number): number {
  return ((word & 0xff) << 24 | (word & 0xff00) << 8 | (word >>> 8 & 0xff00) | word >>> 24) >>> 0
}

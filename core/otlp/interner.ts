/**
 * From UTF-8 bytes to an index in the batch's string table without making a JavaScript string for every occurrence: names
 * repeat, and a small table of the last ones seen answers most of them by comparing bytes.
 *
 * Direct-mapped on purpose: it never grows, and names made to collide only cost what they would have without it.
 */
import type { BatchBuilder } from '../data/builder.js'

const slots = 256

/** Longer strings are rarely repeated and cost more to compare. */
const maxLength = 64

export class ByteInterner {
  readonly #starts = new Uint32Array(slots)
  readonly #lengths = new Uint32Array(slots)
  readonly #indexes = new Uint32Array(slots)
  readonly #buffer: Buffer

  constructor (readonly bytes: Uint8Array, readonly builder: BatchBuilder) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** The string table's index of the UTF-8 text in [start, end). */
  intern (start: number, end: number): number {
    const length = end - start
    if (length === 0) return 0
    if (length > maxLength) return this.builder.intern(this.#buffer.toString('utf8', start, end))
    const slot = this.#slotOf(start, end)
    if (this.#lengths[slot] === length && this.#same(this.#starts[slot] as number, start, length)) return this.#indexes[slot] as number
    const index = this.builder.intern(this.#buffer.toString('utf8', start, end))
    this.#starts[slot] = start
    this.#lengths[slot] = length
    this.#indexes[slot] = index
    return index
  }

  /** FNV-1a. */
  #slotOf (start: number, end: number): number {
    const { bytes } = this
    let hash = 0x811c9dc5
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193)
    return (hash ^ hash >>> 16) & (slots - 1)
  }

  #same (a: number, b: number, length: number): boolean {
    const { bytes } = this
    for (let i = 0; i < length; i++) if (bytes[a + i] !== bytes[b + i]) return false
    return true
  }
}

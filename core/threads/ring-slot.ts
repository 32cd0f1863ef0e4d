/** Reading slot headers without trusting them, and the view a consumer gets of a slot. */
import { Header, Mark, Word, granuleBytes, spanOf } from './layout.js'
import type { RingView } from './ring-memory.js'

/** What is wrong with the header at `position`, or '' when it is sound. Nothing beyond the header is read. */
export function headerFault (ring: RingView, position: number, head: number): string {
  const { words } = ring
  const h = ring.headerAt(position)
  const mark = Atomics.load(words, h + Header.mark)
  const length = words[h + Header.length]
  const span = words[h + Header.span]
  if (!isMark(mark)) return `mark 0x${(mark >>> 0).toString(16)} is none of a slot's states`
  if (words[h + Header.position] !== position) return `position ${words[h + Header.position]} where ${position} belongs`
  if (span < 1 || span > ring.capacity - (position & ring.mask)) return `span ${span} leaves the ring`
  if (span > ((head - position) >>> 0)) return `span ${span} goes beyond what was claimed`
  if (length < 0 || length > ring.maxSlotBytes || spanOf(length) > span) return `length ${length} in a span of ${span}`
  const producer = words[h + Header.producer]
  return producer < 0 || producer >= ring.maxProducers ? `producer ${producer} does not exist` : ''
}

function isMark (mark: number): boolean {
  return mark === Mark.committed || mark === Mark.claimed || mark === Mark.padding || mark === Mark.cancelled || mark === Mark.lost
}

/** A slot as its consumer sees it. One object per consumer: valid, like its bytes, until `release`. */
export class Slot {
  readonly status = 'slot'
  /** The payload, in shared memory, 32-byte aligned. Copy what outlives `release`. */
  bytes: Buffer
  rows = 0
  /** Index of the producer that wrote it. */
  producer = 0
  readonly #ring: RingView
  #header = 0

  constructor (ring: RingView) {
    this.#ring = ring
    this.bytes = ring.bytes.subarray(0, 0)
  }

  /** Number of this slot among all claims of the ring, from 0. A gap is a cancelled or lost slot. */
  get sequence (): bigint {
    const { words } = this.#ring
    return (BigInt(words[this.#header + Header.seqHi] >>> 0) << 32n) | BigInt(words[this.#header + Header.seqLo] >>> 0)
  }

  /** Shows the slot at `position`, whose header is sound, and whose length was read once into `length`. */
  show (position: number, length: number): this {
    const { words, bytes } = this.#ring
    const h = this.#header = this.#ring.headerAt(position)
    const at = h * 4 + granuleBytes
    this.bytes = bytes.subarray(at, at + length)
    this.rows = words[h + Header.rows] >>> 0
    this.producer = words[h + Header.producer]
    return this
  }
}

export interface Backlog { slots: number; rows: number }

/**
 * Counts the committed slots from `from` up to the first that is still being filled, or to head. Needs a gating cursor
 * at or before `from` (nothing is overwritten then). Stops at a corrupt header. `end` is where it stopped.
 */
export function countBacklog (ring: RingView, from: number): Backlog & { end: number } {
  const { words } = ring
  const head = Atomics.load(words, Word.head)
  const found = { slots: 0, rows: 0, end: from }
  while (found.end !== head && headerFault(ring, found.end, head) === '') {
    const h = ring.headerAt(found.end)
    const mark = Atomics.load(words, h + Header.mark)
    if (mark === Mark.claimed) break
    if (mark === Mark.committed) {
      found.slots++
      found.rows += words[h + Header.rows] >>> 0
    }
    found.end = (found.end + words[h + Header.span]) | 0
  }
  return found
}

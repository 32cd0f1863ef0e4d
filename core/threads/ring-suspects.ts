/**
 * Which slot a reader dies of. Of all slots that were in its hands at a death each is a suspect: the successor reads them one by one, each
 * alone (RingConsumer.isSuspect). A second death while a suspect is alone in hand says that it is the one: it is taken out of the ring,
 * and readers live on. Without this a batch that kills its thread kills every successor too.
 *
 * Kept by the owner of the ring; works on a reader that is dead and whose cursor was kept.
 */
import { Header, Mark, Peer, Word } from './layout.js'
import { RingView, type RingMemory } from './ring-memory.js'
import { headerFault } from './ring-slot.js'

/** A slot that was taken out, with a copy of its payload. */
export interface PoisonSlot { readonly rows: number, readonly bytes: Buffer }

export class RingSuspects {
  readonly #ring: RingView
  /** Positions: what was in hand at the last death. */
  #from = 0
  #until = 0

  constructor (memory: RingMemory) { this.#ring = new RingView(memory) }

  /** `isBlamed`: it may have died of what it held; false when it was ended from outside. */
  died (index: number, isBlamed: boolean): PoisonSlot | undefined {
    const { words } = this.#ring
    const line = this.#ring.consumerLine(index)
    const cursor = Atomics.load(words, line + Peer.cursor)
    const taken = Atomics.load(words, line + Peer.taken)
    const isAgain = this.#within(cursor)
    const poison = isAgain && isBlamed ? this.#takeAlone(line, cursor, taken) : undefined
    this.#from = Atomics.load(words, line + Peer.cursor)
    if (!isAgain) this.#until = isBlamed ? taken : cursor
    Atomics.store(words, line + Peer.taken, this.#until)
    return poison
  }

  #within (position: number): boolean { return ((position - this.#from) >>> 0) < ((this.#until - this.#from) >>> 0) }

  /** The one slot between cursor and `taken`, padding and cancelled ones aside; undefined when there are more, or none. */
  #takeAlone (line: number, cursor: number, taken: number): PoisonSlot | undefined {
    const { words, bytes } = this.#ring
    const head = Atomics.load(words, Word.head)
    let found: PoisonSlot | undefined
    let h = 0
    for (let at = cursor; at !== taken; at = (at + words[h + Header.span]) | 0) {
      if (headerFault(this.#ring, at, head) !== '') return undefined
      h = this.#ring.headerAt(at)
      if (Atomics.load(words, h + Header.mark) !== Mark.committed) continue
      if (found !== undefined) return undefined
      const payload = (h + Header.seqHi + 1) * 4
      found = { rows: words[h + Header.rows] >>> 0, bytes: Buffer.from(bytes.subarray(payload, payload + words[h + Header.length])) }
    }
    if (found === undefined) return undefined
    words[line + Peer.nextSeqLo] = words[h + Header.seqLo] + 1
    Atomics.store(words, line + Peer.cursor, taken)
    return found
  }
}

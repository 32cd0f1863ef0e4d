/** The reading end of a ring: its own cursor, every slot in order. */
import { threadId } from 'node:worker_threads'
import { Bell, defaultRecheckMs } from './ring-bell.js'
import { usedGranules } from './ring-claim.js'
import { Header, Mark, Peer, PeerState, RingState, Tally, Word, keptOwner } from './layout.js'
import { RingView, type RingMemory } from './ring-memory.js'
import { freeLine, peerLine, takeLine, withLatch, type PeerRef } from './ring-peers.js'
import { headerFault, Slot } from './ring-slot.js'
import type { EndOptions } from './ring-producer.js'

/**
 * `empty`: nothing now. `end`: closed and all read (or this consumer has detached). `aborted`: stop at once.
 * `corrupt`: the memory contradicts itself; every read answers the same until `resync`.
 */
export type Peek = Slot | typeof empty | typeof end | typeof aborted | CorruptSlot

export interface CorruptSlot {
  readonly status: 'corrupt'
  readonly reason: string
}

export type DataStatus = 'slot' | 'end' | 'aborted' | 'corrupt' | 'timeout'

/** A slot's content in memory of its own: not shared, 8-byte aligned. */
export interface CopiedSlot {
  readonly status: 'copy'
  readonly bytes: Buffer
  readonly rows: number
  readonly producer: number
  readonly sequence: bigint
}

/** A slot's content in the ring itself: it changes after `settle`. */
export interface LentSlot extends Omit<CopiedSlot, 'status'> {
  readonly status: 'lent'
}

export interface ConsumerOptions extends EndOptions {
  /** `start` (default): the oldest slot still held. `now`: what becomes visible from now on; what was held for nobody is let go. */
  readonly from?: 'start' | 'now'
}

/** Everything that was taken until then: for `settle`. */
export interface TakenMark { readonly cursor: number, readonly nextSeqLo: number }

const empty = Object.freeze({ status: 'empty' })
const end = Object.freeze({ status: 'end' })
const aborted = Object.freeze({ status: 'aborted' })

export class RingConsumer {
  readonly ref: PeerRef
  readonly #ring: RingView
  readonly #line: number
  readonly #data: Bell
  readonly #space: Bell
  readonly #slot: Slot
  readonly #bellGranules: number
  #cursor = 0
  #head = 0
  #held = false
  #heldSpan = 0
  #unrung = 0
  #keeping = false
  #nextSeqLo = 0
  /** Up to here a dead predecessor had read. */
  #suspectUntil = 0
  #fault: CorruptSlot | undefined
  #detached = false

  /** Attaches a new consumer. Throws when all places are taken. From then on it gates the producers. */
  static attach (memory: RingMemory, options: ConsumerOptions = {}): RingConsumer {
    const ring = new RingView(memory)
    const ref = takeLine(ring, 'consumer')
    try {
      withLatch(ring, () => RingConsumer.#join(ring, peerLine(ring, ref), options.from ?? 'start'))
    } catch (error) {
      freeLine(ring, peerLine(ring, ref), PeerState.free)
      throw error
    }
    // `now` as the first consumer lets go of what was held for it.
    new Bell(ring.words, Word.spaceSignal, Word.spaceWaiters, 0).ringAlways()
    return new RingConsumer(ring, ref, options.recheckMs ?? defaultRecheckMs)
  }

  /**
   * Continues where a dead consumer whose cursor was kept (`markDead(peer, { keepCursor: true })`) stopped. What it had
   * peeked and not released comes again. Undefined when nothing was kept there, or another was quicker.
   */
  static takeOver (memory: RingMemory, index: number, options: EndOptions = {}): RingConsumer | undefined {
    const ring = new RingView(memory)
    if (!(index >= 0 && index < ring.maxConsumers)) return undefined
    const line = ring.consumerLine(index)
    if (Atomics.compareExchange(ring.words, line + Peer.owner, keptOwner, threadId + 1) !== keptOwner) return undefined
    Atomics.store(ring.words, line + Peer.state, PeerState.alive)
    return new RingConsumer(ring, { kind: 'consumer', index }, options.recheckMs ?? defaultRecheckMs)
  }

  /** Sets a new consumer's cursor and lets it gate. With the latch held, so that nothing is claimed over the slots it starts at. */
  static #join (ring: RingView, line: number, from: 'start' | 'now'): void {
    const { words } = ring
    const head = Atomics.load(words, Word.head)
    const cursor = from === 'now' ? ring.firstOpenClaim() : (head - usedGranules(ring, head)) | 0
    words[line + Peer.nextSeqLo] = cursor === head ? words[Word.seqLo] : words[ring.headerAt(cursor) + Header.seqLo]
    words[line + Peer.taken] = cursor
    Atomics.store(words, line + Peer.cursor, cursor)
    Atomics.store(words, line + Peer.state, PeerState.alive)
  }

  private constructor (ring: RingView, ref: PeerRef, recheckMs: number) {
    this.#ring = ring
    this.ref = ref
    this.#line = peerLine(ring, ref)
    this.#data = new Bell(ring.words, Word.dataSignal, Word.dataWaiters, recheckMs)
    this.#space = new Bell(ring.words, Word.spaceSignal, Word.spaceWaiters, recheckMs)
    this.#slot = new Slot(ring)
    this.#head = this.#cursor = Atomics.load(ring.words, this.#line + Peer.cursor)
    this.#suspectUntil = Atomics.load(ring.words, this.#line + Peer.taken)
    Atomics.store(ring.words, this.#line + Peer.taken, this.#cursor)
    // A producer that waits for room is woken for a quarter of the ring at a time, not for every slot (see #advance).
    this.#bellGranules = ring.capacity >>> 2
  }

  /** The next slot, or why there is none. Asked again before `release`, it shows the same slot. */
  peek (): Peek {
    const state = Atomics.load(this.#ring.words, Word.state)
    if (state !== RingState.open && state !== RingState.closed) return aborted
    if (this.#detached) return end
    if (this.#held) return this.#slot
    if (this.#fault !== undefined) return this.#fault
    return this.#next(state)
  }

  /** Gives the peeked slot's memory back to the producers. Its views must not be used any more. */
  release (): void {
    if (!this.#held) throw new Error('nothing to release: peek a slot first')
    this.#held = false
    this.#advance(this.#heldSpan)
  }

  /** Takes the next slot out of the ring into memory of its own, and releases it. */
  readCopy (): CopiedSlot | Exclude<Peek, Slot> {
    const slot = this.peek()
    if (slot.status !== 'slot') return slot
    // allocUnsafeSlow, because a pooled buffer would pin its whole pool and could not be transferred.
    const bytes = Buffer.allocUnsafeSlow(slot.bytes.length)
    bytes.set(slot.bytes)
    const copy: CopiedSlot = { status: 'copy', bytes, rows: slot.rows, producer: slot.producer, sequence: slot.sequence }
    this.release()
    return copy
  }

  /**
   * As `readCopy`, but the ring keeps the slot until `settle`: a successor that takes over from a dead reader gets it again.
   * Several may be taken before one `settle`.
   */
  take (): CopiedSlot | Exclude<Peek, Slot> {
    this.#keeping = true
    return this.readCopy()
  }

  /** As `take`, without the copy. */
  lend (): LentSlot | Exclude<Peek, Slot> {
    this.#keeping = true
    const slot = this.peek()
    if (slot.status !== 'slot') return slot
    const { bytes, rows, producer, sequence } = slot
    this.release()
    return { status: 'lent', bytes, rows, producer, sequence }
  }

  /** Whether the next slot was in the hands of the reader that died: one of those may be what it died of. */
  get isSuspect (): boolean {
    const left = (this.#suspectUntil - this.#cursor) >>> 0
    return left > 0 && left <= this.#ring.capacity
  }

  /** Stands for all that has been taken so far. */
  get taken (): TakenMark { return { cursor: this.#cursor, nextSeqLo: this.#nextSeqLo } }

  /**
   * What was taken (until `mark`, left out = all) is done with: gives its memory back to the producers. Of several marks the
   * caller settles the oldest first; one that `resync` has passed over changes nothing.
   */
  settle (mark: TakenMark = this.taken): void {
    const published = Atomics.load(this.#ring.words, this.#line + Peer.cursor)
    if (((mark.cursor - published) >>> 0) > this.#ring.capacity) return
    if (mark.cursor === this.#cursor) this.#keeping = false
    this.#publish(mark)
    this.#unrung = 0
    this.#space.ring()
  }

  /** Resolves as soon as `peek` would say anything but `empty`, or after `timeoutMs`. */
  async waitForData (timeoutMs: number): Promise<DataStatus> {
    return await this.#data.wait(this.#probe, timeoutMs) ?? 'timeout'
  }

  /** As `waitForData`, blocking the thread. Off the main thread only. */
  waitForDataSync (timeoutMs: number): DataStatus {
    return this.#data.waitSync(this.#probe, timeoutMs) ?? 'timeout'
  }

  /**
   * After `corrupt`: goes on behind the damage, at the oldest claim still being filled or else at head. What lies between
   * is counted as lost by slots (its rows can not be known). Returns their number. Throws when the latch is stuck (as
   * attach and detach do): a thread died holding it and has not been marked dead.
   */
  resync (): number {
    const { words } = this.#ring
    const lost = withLatch(this.#ring, () => {
      const to = this.#ring.firstOpenClaim()
      const open = to !== words[Word.head]
      const seqLo = open ? words[this.#ring.headerAt(to) + Header.seqLo] : words[Word.seqLo]
      const skipped = Math.min((seqLo - this.#nextSeqLo) >>> 0, this.#ring.capacity)
      this.#held = false
      this.#fault = undefined
      this.#nextSeqLo = words[this.#line + Peer.nextSeqLo] = seqLo
      this.#cursor = this.#head = words[this.#line + Peer.taken] = to
      Atomics.store(words, this.#line + Peer.cursor, to)
      return skipped
    })
    this.#ring.count(this.#line, Tally.lostSlots, lost)
    this.#space.ringAlways()
    return lost
  }

  /** Leaves the ring and no longer gates the producers. Safe to call twice. A slot still peeked counts as unread. */
  detach (): void {
    if (this.#detached) return
    this.#detached = true
    const { words } = this.#ring
    withLatch(this.#ring, () => {
      // For the case that nobody is left to gate: what the slowest had read must not come again.
      const head = words[Word.head]
      words[Word.tail] = (head - usedGranules(this.#ring, head)) | 0
      freeLine(this.#ring, this.#line, PeerState.detached)
    })
    this.#space.ringAlways()
    this.#data.ringAlways()
  }

  readonly #probe = (): DataStatus | undefined => {
    const { status } = this.peek()
    return status === 'empty' ? undefined : status
  }

  #next (state: number): Peek {
    const { words } = this.#ring
    for (;;) {
      const position = this.#cursor
      if (position === this.#head && !this.#moreClaimed()) return this.#fault ?? this.#idle(state)
      const h = this.#ring.headerAt(position)
      const reason = headerFault(this.#ring, position, this.#head)
      if (reason !== '') return this.#corrupt(reason)
      const mark = Atomics.load(words, h + Header.mark)
      if (mark === Mark.claimed) return this.#rest(empty)
      if (mark === Mark.committed) return this.#hold(position, h)
      this.#advance(words[h + Header.span])
    }
  }

  /** Looks where head is now. False when there is nothing beyond the cursor. */
  #moreClaimed (): boolean {
    this.#head = Atomics.load(this.#ring.words, Word.head)
    if (((this.#head - this.#cursor) >>> 0) <= this.#ring.capacity) return this.#head !== this.#cursor
    this.#corrupt(`head ${this.#head} is beyond the reach of cursor ${this.#cursor}`)
    return false
  }

  /** `end` only when a claim can neither be under way nor come (the order of the three loads matters: layout.ts, "end"). */
  #idle (state: number): Peek {
    const { words } = this.#ring
    const over = state === RingState.closed && Atomics.load(words, Word.latch) === 0 && Atomics.load(words, Word.head) === this.#cursor
    return this.#rest(over ? end : empty)
  }

  /** A consumer that finds nothing to read has told the producers about everything it released. */
  #rest (answer: Peek): Peek {
    this.#unrung = 0
    this.#space.ring()
    return answer
  }

  #hold (position: number, h: number): Slot {
    const { words } = this.#ring
    this.#held = true
    this.#heldSpan = words[h + Header.span]
    return this.#slot.show(position, words[h + Header.length])
  }

  #advance (span: number): void {
    const { words } = this.#ring
    const h = this.#ring.headerAt(this.#cursor)
    this.#nextSeqLo = words[h + Header.seqLo] + (words[h + Header.mark] === Mark.padding ? 0 : 1)
    this.#cursor = (this.#cursor + span) | 0
    words[this.#line + Peer.taken] = this.#cursor
    this.#unrung += span
    if (!this.#keeping) this.#publish()
  }

  #publish ({ cursor, nextSeqLo }: TakenMark = this.taken): void {
    const { words } = this.#ring
    words[this.#line + Peer.nextSeqLo] = nextSeqLo
    Atomics.store(words, this.#line + Peer.cursor, cursor)
    if (this.#unrung < this.#bellGranules) return
    this.#unrung = 0
    this.#space.ring()
  }

  #corrupt (reason: string): CorruptSlot {
    this.#ring.count(this.#line, Tally.corruptSlots, 1)
    this.#fault = Object.freeze({ status: 'corrupt', reason })
    // Room is not the problem any more, and the writers' own checks tell them so.
    this.#space.ring()
    return this.#fault
  }
}

/** The owner's hand on a ring: figures, end of life, and what to do when a thread has died. */
import { Bell, defaultRecheckMs } from './ring-bell.js'
import { gates, usedGranules } from './ring-claim.js'
import { Header, Mark, Peer, PeerState, RingState, Tally, Word, granuleBytes, keptOwner } from './layout.js'
import { freeLatchOf } from './ring-latch.js'
import { RingView, type RingMemory } from './ring-memory.js'
import { freeLine, peerLine, peerRefs, peerStatus, withLatch, type PeerRef, type PeerStatus } from './ring-peers.js'
import { countBacklog, type Backlog } from './ring-slot.js'

export interface RingStats {
  readonly state: 'open' | 'closed' | 'aborted'
  readonly capacityBytes: number
  /** Bytes not yet released by the slowest consumer, headers and padding included. */
  readonly usedBytes: number
  /** Slots not yet released by the slowest consumer (also cancelled and lost ones); exact while nothing moves. */
  readonly usedSlots: number
  /** All claims ever: delivered, lost and cancelled. */
  readonly claimedSlots: number
  readonly droppedSlots: number
  readonly droppedRows: number
  /** Claimed by a producer that died before its commit, or unread by a consumer that died (once per consumer). */
  readonly lostSlots: number
  readonly lostRows: number
  readonly corruptSlots: number
}

export interface PeerReport extends PeerRef {
  readonly status: PeerStatus
  /** Thread it runs in; undefined when it is not attached. */
  readonly threadId: number | undefined
  readonly droppedSlots: number
  readonly droppedRows: number
  readonly lostSlots: number
  readonly lostRows: number
  readonly corruptSlots: number
}

export interface DeathOptions {
  /** Consumers: keep its cursor, which goes on gating the producers, for `RingConsumer.takeOver`. Default false. */
  readonly keepCursor?: boolean
}

const nothing: Backlog = Object.freeze({ slots: 0, rows: 0 })

export class RingMonitor {
  readonly #ring: RingView
  readonly #memory: RingMemory
  readonly #data: Bell
  readonly #space: Bell

  constructor (memory: RingMemory) {
    this.#memory = memory
    const ring = this.#ring = new RingView(memory)
    this.#data = new Bell(ring.words, Word.dataSignal, Word.dataWaiters, defaultRecheckMs)
    this.#space = new Bell(ring.words, Word.spaceSignal, Word.spaceWaiters, defaultRecheckMs)
  }

  /** No more writes; consumers read what is there and then see `end`. */
  close (): void {
    Atomics.compareExchange(this.#ring.words, Word.state, RingState.open, RingState.closed)
    this.#wakeAll()
  }

  /** Writers and readers see `aborted` from their next step on, whatever is unread. */
  abort (): void {
    Atomics.store(this.#ring.words, Word.state, RingState.aborted)
    this.#wakeAll()
  }

  /** Resolves true once the ring is closed and every consumer has released everything, false after `timeoutMs`. */
  async waitDrained (timeoutMs: number): Promise<boolean> {
    return await this.#space.wait(() => this.#drained() || undefined, timeoutMs) ?? false
  }

  /**
   * A thread has ended (call it on the worker's `exit`, never while it may still run): marks all its peers dead.
   * Returns what was lost by it. Throws when another thread holds the latch for a second: mark that one dead first.
   */
  markThreadDead (threadId: number, options: DeathOptions = {}): Backlog {
    const lost = { slots: 0, rows: 0 }
    freeLatchOf(this.#ring, threadId)
    for (const ref of peerRefs(this.#ring)) {
      if (Atomics.load(this.#ring.words, peerLine(this.#ring, ref) + Peer.owner) !== threadId + 1) continue
      const { slots, rows } = this.markDead(ref, options)
      lost.slots += slots
      lost.rows += rows
    }
    this.#wakeAll()
    return lost
  }

  /**
   * One peer is gone. A producer's open claim becomes a lost slot, so that the readers go on. A consumer stops gating
   * (its unread slots, in order up to the first still being filled, are lost), or its cursor is kept. Also gives up a
   * cursor that was kept. Returns what was lost; nothing for a peer that is not attached.
   */
  markDead (ref: PeerRef, options: DeathOptions = {}): Backlog {
    const line = peerLine(this.#ring, ref)
    const owner = Atomics.load(this.#ring.words, line + Peer.owner)
    if (owner === 0) return nothing
    if (owner > 0) freeLatchOf(this.#ring, owner - 1)
    const lost = ref.kind === 'producer' ? this.#buryProducer(ref.index, line) : this.#buryConsumer(line, options.keepCursor === true)
    this.#ring.count(line, Tally.lostSlots, lost.slots)
    this.#ring.count(line, Tally.lostRows, lost.rows)
    this.#wakeAll()
    return lost
  }

  peers (): PeerReport[] {
    return peerRefs(this.#ring).map(ref => {
      const line = peerLine(this.#ring, ref)
      const owner = Atomics.load(this.#ring.words, line + Peer.owner)
      return { ...ref, status: peerStatus(this.#ring, line), threadId: owner > 0 ? owner - 1 : undefined, ...this.#tallies(line) }
    })
  }

  stats (): RingStats {
    const ring = this.#ring
    const sum = { droppedSlots: 0, droppedRows: 0, lostSlots: 0, lostRows: 0, corruptSlots: 0 }
    for (const ref of peerRefs(ring)) {
      const own = this.#tallies(peerLine(ring, ref))
      for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += own[key]
    }
    const state = Atomics.load(ring.words, Word.state)
    return {
      state: state === RingState.open ? 'open' : state === RingState.closed ? 'closed' : 'aborted',
      capacityBytes: this.#memory.capacityBytes,
      usedBytes: Math.min(usedGranules(ring, Atomics.load(ring.words, Word.head)), ring.capacity) * granuleBytes,
      usedSlots: this.#usedSlots(),
      claimedSlots: (ring.words[Word.seqHi] >>> 0) * 2 ** 32 + (ring.words[Word.seqLo] >>> 0),
      ...sum
    }
  }

  #buryProducer (index: number, line: number): Backlog {
    const { words } = this.#ring
    return withLatch(this.#ring, () => {
      const open = words[line + Peer.claimOpen] === 1
      const at = words[line + Peer.claimAt]
      const h = this.#ring.headerAt(at)
      const distance = (words[Word.head] - at) >>> 0
      words[line + Peer.claimOpen] = 0
      freeLine(this.#ring, line, PeerState.dead)
      // Within a capacity of head nothing has been claimed over it, so this is its header if it is one at all.
      const mine = open && distance > 0 && distance <= this.#ring.capacity && words[h + Header.position] === at &&
        words[h + Header.producer] === index && Atomics.load(words, h + Header.mark) === Mark.claimed
      if (!mine) return nothing
      Atomics.store(words, h + Header.mark, Mark.lost)
      return { slots: 1, rows: words[h + Header.rows] >>> 0 }
    })
  }

  #buryConsumer (line: number, keepCursor: boolean): Backlog {
    const { words } = this.#ring
    const gating = gates(Atomics.load(words, line + Peer.state))
    if (gating && keepCursor) {
      Atomics.store(words, line + Peer.state, PeerState.deadKept)
      Atomics.store(words, line + Peer.owner, keptOwner)
      return nothing
    }
    // Its cursor protects what is counted, so the latch is not needed while counting.
    const lost = gating ? countBacklog(this.#ring, Atomics.load(words, line + Peer.cursor)) : { ...nothing, end: 0 }
    withLatch(this.#ring, () => {
      Atomics.store(words, line + Peer.state, PeerState.dead)
      const alone = gating && !this.#anyoneGates()
      if (alone) words[Word.tail] = lost.end
      freeLine(this.#ring, line, PeerState.dead)
    })
    return { slots: lost.slots, rows: lost.rows }
  }

  #anyoneGates (): boolean {
    return peerRefs(this.#ring).some(r => r.kind === 'consumer' && gates(Atomics.load(this.#ring.words, peerLine(this.#ring, r) + Peer.state)))
  }

  #drained (): boolean {
    const { words } = this.#ring
    return this.#ring.closed && Atomics.load(words, Word.latch) === 0 && usedGranules(this.#ring, Atomics.load(words, Word.head)) === 0
  }

  #usedSlots (): number {
    const { words } = this.#ring
    const next = words[Word.seqLo]
    let most = 0
    for (let i = 0; i < this.#ring.maxConsumers; i++) {
      const line = this.#ring.consumerLine(i)
      if (gates(Atomics.load(words, line + Peer.state))) most = Math.max(most, (next - words[line + Peer.nextSeqLo]) | 0)
    }
    return this.#anyoneGates() ? Math.min(most, this.#ring.capacity) : countBacklog(this.#ring, words[Word.tail]).slots
  }

  #tallies (line: number): Omit<PeerReport, keyof PeerRef | 'status' | 'threadId'> {
    return {
      droppedSlots: this.#ring.tally(line, Tally.droppedSlots),
      droppedRows: this.#ring.tally(line, Tally.droppedRows),
      lostSlots: this.#ring.tally(line, Tally.lostSlots),
      lostRows: this.#ring.tally(line, Tally.lostRows),
      corruptSlots: this.#ring.tally(line, Tally.corruptSlots)
    }
  }

  #wakeAll (): void {
    this.#data.ringAlways()
    this.#space.ringAlways()
  }
}

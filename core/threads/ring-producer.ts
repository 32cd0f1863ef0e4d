/** The writing end of a ring. */
import { Bell, defaultRecheckMs } from './ring-bell.js'
import { claimSlot, hasSpace, refusalOf, type Claim, type Refusal } from './ring-claim.js'
import { Header, Mark, Peer, PeerState, Tally, Word, granuleBytes, spanOf } from './layout.js'
import { RingView, type RingMemory } from './ring-memory.js'
import { freeLine, peerLine, takeLine, type PeerRef } from './ring-peers.js'

export type WriteStatus = 'written' | Refusal

/** What a write does about a full ring: wait, then answer `full` (back-pressure), or count the slot's rows as dropped. */
export type EdgePolicy =
  | { readonly onFull: 'block'; readonly timeoutMs: number }
  | { readonly onFull: 'drop' }

export interface EndOptions {
  /** Longest sleep before a waiter looks again by itself (see ring-bell.ts). Default 20. */
  readonly recheckMs?: number
}

type SpaceStatus = 'ready' | 'timeout' | 'closed' | 'aborted'

export class RingProducer {
  readonly ref: PeerRef
  readonly #ring: RingView
  readonly #line: number
  readonly #data: Bell
  readonly #space: Bell
  readonly #claim: Claim = { header: 0, span: 0 }
  #claimed = false
  #detached = false

  /** Attaches to a ring. Throws when all places for producers are taken. */
  static attach (memory: RingMemory, options: EndOptions = {}): RingProducer {
    return new RingProducer(new RingView(memory), options.recheckMs ?? defaultRecheckMs)
  }

  private constructor (ring: RingView, recheckMs: number) {
    this.#ring = ring
    this.#data = new Bell(ring.words, Word.dataSignal, Word.dataWaiters, recheckMs)
    this.#space = new Bell(ring.words, Word.spaceSignal, Word.spaceWaiters, recheckMs)
    this.ref = takeLine(ring, 'producer')
    this.#line = peerLine(ring, this.ref)
    Atomics.store(ring.words, this.#line + Peer.state, PeerState.alive)
  }

  /** Copies `bytes` into a slot of its own, or says why not, at once. Counts nothing. `rows` is how many events it holds. */
  tryWrite (bytes: Uint8Array, rows: number): WriteStatus {
    const refusal = this.#take(bytes.length, rows)
    if (refusal !== undefined) return refusal
    this.#ring.bytes.set(bytes, this.#claim.header * 4 + granuleBytes)
    this.#settle(Mark.committed)
    return 'written'
  }

  /**
   * Claims a slot to fill in place: returns its bytes (shared memory, 32-byte aligned), or why there is none. Fill them
   * soon, then `commit` or `cancel`: readers wait at it. One claim at a time; a second is a bug and throws.
   */
  claim (byteLength: number, rows: number): Buffer | Refusal {
    const refusal = this.#take(byteLength, rows)
    if (refusal !== undefined) return refusal
    const at = this.#claim.header * 4 + granuleBytes
    return this.#ring.bytes.subarray(at, at + byteLength)
  }

  /** Makes the claimed slot visible; `byteLength` (not above the claim) and `rows` replace what was claimed. */
  commit (byteLength?: number, rows?: number): void {
    const { words } = this.#ring
    const { header: h, span } = this.#openClaim()
    if (byteLength !== undefined) {
      if (!(byteLength >= 0 && spanOf(byteLength) <= span)) throw new RangeError('commit of more bytes than were claimed')
      words[h + Header.length] = byteLength
    }
    if (rows !== undefined) words[h + Header.rows] = rows
    this.#settle(Mark.committed)
  }

  /** Gives the claimed slot up; readers skip it. */
  cancel (): void {
    this.#openClaim()
    this.#settle(Mark.cancelled)
  }

  /**
   * Writes by `policy`. `dropped` has been counted; `full` is a time-out, and the caller still has the batch. Calls that
   * overlap may be written in any order: await one before the next to keep it.
   */
  async write (bytes: Uint8Array, rows: number, policy: EdgePolicy): Promise<WriteStatus | 'dropped'> {
    const status = this.#offer(bytes, rows, policy)
    if (status !== 'full' || policy.onFull === 'drop') return status
    const deadlineMs = performance.now() + policy.timeoutMs
    for (;;) {
      const space = await this.waitForSpace(bytes.length, deadlineMs - performance.now())
      const again = this.tryWrite(bytes, rows)
      if (again !== 'full' || space === 'timeout') return again
      // Room, and yet refused: the latch is held by a thread that does not run. Its death can only be learnt from the event loop.
      await new Promise(resolve => setTimeout(resolve, 1))
    }
  }

  /** As `write`, blocking the thread. Off the main thread only. */
  writeSync (bytes: Uint8Array, rows: number, policy: EdgePolicy): WriteStatus | 'dropped' {
    const status = this.#offer(bytes, rows, policy)
    if (status !== 'full' || policy.onFull === 'drop') return status
    const deadlineMs = performance.now() + policy.timeoutMs
    for (;;) {
      const space = this.waitForSpaceSync(bytes.length, deadlineMs - performance.now())
      const again = this.tryWrite(bytes, rows)
      if (again !== 'full' || space === 'timeout') return again
    }
  }

  /** Resolves when a payload of `byteLength` would fit (another producer may be quicker), or it never will. */
  async waitForSpace (byteLength: number, timeoutMs: number): Promise<SpaceStatus> {
    return await this.#space.wait(() => this.#spaceFor(byteLength), timeoutMs) ?? 'timeout'
  }

  /** As `waitForSpace`, blocking the thread. Off the main thread only. */
  waitForSpaceSync (byteLength: number, timeoutMs: number): SpaceStatus {
    return this.#space.waitSync(() => this.#spaceFor(byteLength), timeoutMs) ?? 'timeout'
  }

  /** Counts one slot of `rows` as dropped by this producer's edge. `write` with policy `drop` does it by itself. */
  countDrop (rows: number): void {
    this.#ring.count(this.#line, Tally.droppedSlots, 1)
    this.#ring.count(this.#line, Tally.droppedRows, rows)
  }

  /** Leaves the ring; an open claim is cancelled. Safe to call twice. */
  detach (): void {
    if (this.#detached) return
    if (this.#claimed) this.cancel()
    this.#detached = true
    freeLine(this.#ring, this.#line, PeerState.detached)
    // Wakes this thread's own pending waits too, so that none outlives the producer.
    this.#space.ringAlways()
  }

  #offer (bytes: Uint8Array, rows: number, policy: EdgePolicy): WriteStatus | 'dropped' {
    const status = this.tryWrite(bytes, rows)
    if (status !== 'full' || policy.onFull === 'block') return status
    this.countDrop(rows)
    return 'dropped'
  }

  #spaceFor (byteLength: number): SpaceStatus | undefined {
    if (this.#detached) return 'closed'
    return refusalOf(Atomics.load(this.#ring.words, Word.state)) ?? (hasSpace(this.#ring, byteLength) ? 'ready' : undefined)
  }

  #take (byteLength: number, rows: number): Refusal | undefined {
    if (this.#claimed) throw new Error('a producer has one claim at a time: commit or cancel the last one first')
    if (this.#detached) return 'closed'
    const refusal = claimSlot(this.#ring, this.ref.index, byteLength, rows, this.#claim)
    this.#claimed = refusal === undefined
    // A reader that saw us hold the latch could not tell whether more would come, and may be asleep (layout.ts, "end").
    if (refusal !== undefined && this.#ring.closed) this.#data.ring()
    return refusal
  }

  #openClaim (): Claim {
    if (!this.#claimed) throw new Error('nothing is claimed')
    return this.#claim
  }

  #settle (mark: number): void {
    const { words } = this.#ring
    Atomics.store(words, this.#claim.header + Header.mark, mark)
    words[this.#line + Peer.claimOpen] = 0
    this.#claimed = false
    this.#data.ring()
  }
}

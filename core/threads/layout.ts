/**
 * The ring in shared memory: layout, invariants and memory ordering. Everything that touches the memory uses the names
 * below; nothing else knows a number.
 *
 * ```
 *  byte 0                                                                    (every block starts on a line of 128 bytes)
 *  +-----------+-----------+---------------------------------------+--------+---------------------------+
 *  | constants | state     | latch tail lastClaim seqLo seqHi      | head   | data bell   | space bell  |
 *  +-----------+-----------+---------------------------------------+--------+---------------------------+
 *  | producer 0: owner state claimOpen claimAt | dropped, lost (i64)        | producer 1 ...              |
 *  +--------------------------------------------------------------------------------------------------+
 *  | consumer 0: owner state cursor nextSeqLo taken | lost, corrupt (i64)   | consumer 1 ...              |
 *  +--------------------------------------------------------------------------------------------------+
 *  | slots: capacityBytes, in granules of 32 bytes                                                      |
 *  |    released        unread, committed            claimed        free                                |
 *  |  . . . . . . |#####|########|P|####|  cursor ..|????|#####|. . . . . . . . . . . . . . . . . . .    |
 *  |              ^ gate (slowest cursor)                       ^ head                                  |
 *  +--------------------------------------------------------------------------------------------------+
 *
 *  one slot: header of one granule, payload contiguous behind it (so 32-byte aligned), filled up to whole granules
 *  +0 mark   +4 position   +8 length   +12 span   +16 rows   +20 producer   +24 seqLo   +28 seqHi   +32 payload ...
 *     |         |             |           |          |           |             64-bit number of this claim; a gap is a
 *     |         |             |           |          |           |             cancelled or lost slot. Padding has none of
 *     |         |             |           |          |           index         its own: it carries the next one's
 *     |         |             |           |          events in it, so that losses are counted without decoding
 *     |         |             |           granules from this header to the next
 *     |         |             payload bytes, 0..maxSlotBytes
 *     |         own position: a header of another lap, or payload read as a header, does not match
 *     claimed -> committed | cancelled | lost, or padding from the start. Odd constants, so garbage does not match
 * ```
 *
 * **Positions** count granules and wrap at 2^32 (128 GiB of traffic). They are only ever compared by their difference
 * modulo 2^32, differences are at most the capacity (2^25 granules, checked), and no position is ever the expected value
 * of a compare-and-swap, so wrapping can neither be seen nor meet an ABA. This costs no BigInt, which would allocate on
 * every operation. The index into the slots is `position & (capacity - 1)`. The sequence is 64 bits wide, in two words.
 *
 * **Invariants**
 *  1. `0 <= head - cursor <= capacity` for every gating consumer (alive, or dead with its cursor kept).
 *  2. Each position in [gate, head) lies in exactly one slot whose header is complete; headers start where the last slot
 *     ends. A slot never crosses the end of the memory: a padding slot fills the rest (a header is one granule, so it
 *     always fits), hence `span <= capacity / 2` makes every claim possible in an empty ring.
 *  3. Only the latch holder writes head, tail, lastClaim, seq and fresh headers. Only the claimer writes its payload, and
 *     moves the mark away from `claimed`, once; after its death the owner does. Only its consumer writes a cursor.
 *  4. No cursor passes a claimed slot: a claim can never be lapped while it is being filled. (A consumer attached `now`
 *     starts at the oldest open claim, not at head.)
 *  5. `tail` is the gate when it was last computed; it stands for the gate while nobody gates, so slots written before
 *     the first consumer attaches are kept and then press back.
 *
 * **Why a latch and not a lock-free claim.** A claim moves head by a variable length *and* must leave a header behind, or
 * a producer that dies in between leaves a hole of unknown length. The latch (CAS from 0 to the holder's thread) makes the
 * two one step: head moves last, so whoever dies holding it has claimed all or nothing, and the latch says who died. It is
 * held for about 100 ns. Being lock-free would not help the readers: slots become visible in order, so a producer that is
 * preempted holds them up between claim and commit in any design. Contenders spin, then sleep 1 ms at a time off the main
 * thread, and give up after a bound (`full`), so a dead holder can not hang anyone; `RingMonitor.markThreadDead` frees it.
 *
 * **Memory ordering.** Atomics are sequentially consistent and make plain accesses before a store visible after a load
 * that reads it.
 *  - header before head: header words are plain stores, then `store(head)`. A reader first loads head, and reads a header
 *    only below it.
 *  - payload before mark: payload, length and rows are plain stores, then `store(mark, committed)`. A reader touches the
 *    payload only after `load(mark) == committed`, so a half-written slot can not be seen.
 *  - reads before reuse: a consumer reads the payload, then `store(cursor)`. A producer writes there only after a
 *    `load(cursor)` that reads this store or a later one (tail is copied from such loads, handed on by the latch).
 *  - bells (ring-bell.ts): a waiter does `load(signal); store(waiters, 1); probe; wait(signal, seen)`; the other side does
 *    `store(what the probe reads); load(waiters)` and, if it takes the 1 to 0, `add(signal); notify`. In the single
 *    order of Atomics either the waiter's probe comes after the store and sees it, or the load of `waiters` comes after
 *    the waiter's store and sees 1. Who wipes the flag always moves the signal after, so a second waiter whose flag was
 *    wiped has read the signal before it moved and does not sleep. Killed in between: the monitor rings when it is marked dead.
 *  - end: `closed` is checked under the latch before a claim. A reader says `end` only after it has seen, in this order,
 *    closed, the latch free, and head equal to its cursor: a claim that had passed the check holds the latch or has
 *    already moved head. Whoever frees the latch of a closed ring without a claim rings, because a reader that saw it
 *    taken may have gone to sleep.
 */

/** Bytes per unit of allocation; a header is exactly one. */
export const granuleBytes = 32
export const granuleWords = granuleBytes / 4
/** Two cache lines: x86 prefetches them in pairs, and some ARM cores have lines of 128 bytes. */
export const lineWords = 32
export const magic = 0x54415049
export const layoutVersion = 1

/** Int32 word offsets of the control block. */
export const Word = {
  magic: 0,
  version: 1,
  capacityGranules: 2,
  maxProducers: 3,
  maxConsumers: 4,
  maxSlotBytes: 5,
  state: lineWords,
  latch: 2 * lineWords,
  tail: 2 * lineWords + 1,
  lastClaim: 2 * lineWords + 2,
  seqLo: 2 * lineWords + 3,
  seqHi: 2 * lineWords + 4,
  head: 3 * lineWords,
  dataSignal: 4 * lineWords,
  dataWaiters: 4 * lineWords + 1,
  spaceSignal: 5 * lineWords,
  spaceWaiters: 5 * lineWords + 1,
  firstPeer: 6 * lineWords
} as const

/**
 * Int32 word offsets within a peer's line. `owner` is the thread id + 1, 0 when free, -1 when kept for a take-over. `taken` is how far a
 * consumer has read; of a dead one it says up to where its successor reads slot by slot (ring-suspects.ts).
 */
export const Peer = { owner: 0, state: 1, claimOpen: 2, claimAt: 3, cursor: 2, nextSeqLo: 3, taken: 4 } as const

/** Offsets within a peer's line, in 8-byte counters. */
export const Tally = { droppedSlots: 8, droppedRows: 9, lostSlots: 10, lostRows: 11, corruptSlots: 12 } as const

/** Int32 word offsets within a slot header. */
export const Header = { mark: 0, position: 1, length: 2, span: 3, rows: 4, producer: 5, seqLo: 6, seqHi: 7 } as const

export const Mark = {
  claimed: 0x2b7e1517,
  committed: 0x5163c9a3,
  cancelled: 0x6a09e66b,
  lost: 0x3c6ef373,
  padding: 0x1f83d9ab
} as const

export const RingState = { open: 0, closed: 1, aborted: 2 } as const

export const PeerState = { free: 0, attaching: 1, alive: 2, detached: 3, dead: 4, deadKept: 5 } as const

/** Who owns a line that waits for a take-over: no thread has id -2. */
export const keptOwner = -1

/** Granules for a payload with its header. */
export function spanOf (byteLength: number): number {
  return 1 + ((byteLength + granuleBytes - 1) >>> 5)
}

/** Claiming a slot under the latch: the one place where head moves. */
import { Header, Mark, Peer, PeerState, RingState, Word, spanOf } from './layout.js'
import { setSequence, tryLatch, unlatch } from './ring-latch.js'
import type { RingView } from './ring-memory.js'

/**
 * Why a slot could not be had. `full`: no room now (or the latch was held for very long). `corrupt`: the control words
 * contradict each other; nothing can be written any more.
 */
export type Refusal = 'full' | 'too_large' | 'closed' | 'aborted' | 'corrupt'

/** Whether `state` still lets producers in. Garbage in the word counts as aborted. */
export function refusalOf (state: number): 'closed' | 'aborted' | undefined {
  if (state === RingState.open) return undefined
  return state === RingState.closed ? 'closed' : 'aborted'
}

/** A producer's claim: the word offset of its slot's header, and its size. Kept out of shared memory, so always in bounds. */
export interface Claim { header: number; span: number }

/** Claims a slot for producer `index` and notes it in `claim`, or answers why not. Its mark is then `claimed`. */
export function claimSlot (ring: RingView, index: number, byteLength: number, rows: number, claim: Claim): Refusal | undefined {
  if (byteLength > ring.maxSlotBytes) return 'too_large'
  if (!tryLatch(ring.words)) return refusalOf(Atomics.load(ring.words, Word.state)) ?? 'full'
  const refusal = claimLatched(ring, index, byteLength, rows, claim)
  unlatch(ring.words)
  return refusal
}

function claimLatched (ring: RingView, index: number, byteLength: number, rows: number, claim: Claim): Refusal | undefined {
  const { words, capacity } = ring
  const refusal = refusalOf(Atomics.load(words, Word.state))
  if (refusal !== undefined) return refusal
  const span = spanOf(byteLength)
  const head = words[Word.head]
  const need = needAt(ring, head, span)
  if (need > capacity - ((head - words[Word.tail]) >>> 0)) {
    const used = usedGranules(ring, head)
    if (used > capacity) return 'corrupt'
    words[Word.tail] = (head - used) | 0
    if (need > capacity - used) return 'full'
  }
  if (need !== span) appendHeader(ring, Mark.padding, need - span, 0, 0, index)
  const line = ring.producerLine(index)
  words[line + Peer.claimAt] = words[Word.head]
  words[line + Peer.claimOpen] = 1
  claim.span = span
  claim.header = appendHeader(ring, Mark.claimed, span, byteLength, rows, index)
  return undefined
}

/** Granules a slot of `span` takes at `head`: its own, and the padding before it when it would cross the end. */
function needAt (ring: RingView, head: number, span: number): number {
  const toEnd = ring.capacity - (head & ring.mask)
  return span <= toEnd ? span : toEnd + span
}

function appendHeader (ring: RingView, mark: number, span: number, length: number, rows: number, producer: number): number {
  const { words } = ring
  const head = words[Word.head]
  const h = ring.headerAt(head)
  const lo = words[Word.seqLo]
  const hi = words[Word.seqHi]
  words[Word.lastClaim] = head
  words[h + Header.position] = head
  words[h + Header.length] = length
  words[h + Header.span] = span
  words[h + Header.rows] = rows
  words[h + Header.producer] = producer
  words[h + Header.seqLo] = lo
  words[h + Header.seqHi] = hi
  words[h + Header.mark] = mark
  Atomics.store(words, Word.head, (head + span) | 0)
  if (mark !== Mark.padding) setSequence(words, lo, hi, 1)
  return h
}

/** Granules between the slowest gating consumer (or tail, when nobody gates) and `head`. More than capacity: garbage. */
export function usedGranules (ring: RingView, head: number): number {
  const { words } = ring
  let used = -1
  for (let i = 0; i < ring.maxConsumers; i++) {
    const line = ring.consumerLine(i)
    if (!gates(Atomics.load(words, line + Peer.state))) continue
    const distance = (head - Atomics.load(words, line + Peer.cursor)) >>> 0
    if (distance > used) used = distance
  }
  return used < 0 ? (head - words[Word.tail]) >>> 0 : used
}

export function gates (state: number): boolean {
  return state === PeerState.alive || state === PeerState.deadKept
}

/** Whether a payload of `byteLength` would fit now, without the latch: a hint that a claim then confirms. */
export function hasSpace (ring: RingView, byteLength: number): boolean {
  // A cursor that has overtaken the head read here makes `used` look impossible: the claim, under the latch, decides then.
  const head = Atomics.load(ring.words, Word.head)
  const used = usedGranules(ring, head)
  return used > ring.capacity || needAt(ring, head, spanOf(byteLength)) <= ring.capacity - used
}

/** The lines of producers and consumers: who is attached, from which thread. */
import { threadId } from 'node:worker_threads'
import { Bell } from './ring-bell.js'
import { Peer, PeerState, Word } from './layout.js'
import { patientLatch, unlatch } from './ring-latch.js'
import type { RingView } from './ring-memory.js'

export type PeerKind = 'producer' | 'consumer'
export type PeerStatus = 'free' | 'attaching' | 'alive' | 'detached' | 'dead' | 'dead_kept'

export interface PeerRef {
  readonly kind: PeerKind
  readonly index: number
}

const statuses: readonly PeerStatus[] = ['free', 'attaching', 'alive', 'detached', 'dead', 'dead_kept']

export function peerLine (ring: RingView, { kind, index }: PeerRef): number {
  return kind === 'producer' ? ring.producerLine(index) : ring.consumerLine(index)
}

/** All lines of the ring, producers first. */
export function peerRefs (ring: RingView): PeerRef[] {
  return [
    ...Array.from({ length: ring.maxProducers }, (_, index): PeerRef => ({ kind: 'producer', index })),
    ...Array.from({ length: ring.maxConsumers }, (_, index): PeerRef => ({ kind: 'consumer', index }))
  ]
}

export function peerStatus (ring: RingView, line: number): PeerStatus {
  return statuses[Atomics.load(ring.words, line + Peer.state)] ?? 'free'
}

/**
 * Takes a free line for this thread. The one CAS both takes it and says whose it is, so a thread killed right after can
 * still be found. Throws when all are taken: the ring was made too small for its graph.
 */
export function takeLine (ring: RingView, kind: PeerKind): PeerRef {
  const refs = peerRefs(ring).filter(r => r.kind === kind)
  for (const ref of refs) {
    const line = peerLine(ring, ref)
    if (Atomics.compareExchange(ring.words, line + Peer.owner, 0, threadId + 1) !== 0) continue
    Atomics.store(ring.words, line + Peer.state, PeerState.attaching)
    return ref
  }
  throw new Error(`all ${refs.length} ${kind} places of the ring are taken`)
}

/** Gives a line back, in `state` (detached or dead). Its counters stay. */
export function freeLine (ring: RingView, line: number, state: number): void {
  Atomics.store(ring.words, line + Peer.state, state)
  Atomics.store(ring.words, line + Peer.owner, 0)
}

/** Runs `work` holding the latch; throws when a thread holds on to it for a second (dead, and not marked dead). */
export function withLatch<T> (ring: RingView, work: () => T): T {
  if (!patientLatch(ring.words)) throw new Error('the ring\'s latch is held by a thread that does not run; mark it dead first')
  try {
    return work()
  } finally {
    unlatch(ring.words)
    ringWhenClosed(ring)
  }
}

/** A reader of a closed ring that saw the latch taken could not say `end` and may sleep (layout.ts, "end"). */
function ringWhenClosed (ring: RingView): void {
  if (ring.closed) new Bell(ring.words, Word.dataSignal, Word.dataWaiters, 0).ring()
}

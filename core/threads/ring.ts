/**
 * The ring: a bounded queue of variable-length slots in shared memory that joins threads. The layout and the argument why
 * it is right are in layout.ts.
 *
 * ```ts
 * const memory = createRing({ capacityBytes: 8 << 20, maxProducers: 2 })   // owner; `memory` goes to workers as data
 * const producer = RingProducer.attach(memory)                             // producer.tryWrite(bytes, rows), claim/commit
 * const consumer = RingConsumer.attach(memory)                             // peek/release, readCopy, waitForData
 * worker.on('exit', () => new RingMonitor(memory).markThreadDead(id))      // `id` noted before: it is -1 by then
 * ```
 */
export { createRing, type RingMemory, type RingOptions } from './ring-memory.js'
export { RingProducer, type EdgePolicy, type EndOptions, type WriteStatus } from './ring-producer.js'
export { RingConsumer, type ConsumerOptions, type CopiedSlot, type CorruptSlot, type DataStatus, type LentSlot, type Peek, type TakenMark } from './ring-consumer.js'
export { RingMonitor, type DeathOptions, type PeerReport, type RingStats } from './ring-monitor.js'
export { RingSuspects, type PoisonSlot } from './ring-suspects.js'
export type { Backlog, Slot } from './ring-slot.js'
export type { PeerKind, PeerRef, PeerStatus } from './ring-peers.js'
export type { Refusal } from './ring-claim.js'

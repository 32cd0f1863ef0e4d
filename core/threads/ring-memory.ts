/** Making a ring's shared memory, and opening it in any thread. */
import { Header, Mark, Peer, RingState, Word, granuleBytes, granuleWords, layoutVersion, lineWords, magic } from './layout.js'

/** What threads pass to each other: plain, structured-cloneable, the memory itself is shared. */
export interface RingMemory {
  readonly buffer: SharedArrayBuffer
  readonly capacityBytes: number
  readonly maxProducers: number
  readonly maxConsumers: number
  readonly maxSlotBytes: number
}

export interface RingOptions {
  /** A power of two, 1 KiB to 1 GiB. Each slot takes its payload plus 32 bytes, rounded up to 32. */
  readonly capacityBytes: number
  /** How many producers may be attached at once, 1..64. Default 1. */
  readonly maxProducers?: number
  /** How many consumers may be attached at once, 1..64; each sees every slot. Default 1. */
  readonly maxConsumers?: number
  /** Largest payload. Default and upper limit: half the capacity less 32 bytes. */
  readonly maxSlotBytes?: number
}

const maxPeers = 64

/** Allocates an empty, open ring. Throws a RangeError that names the option when one is out of range. */
export function createRing (options: RingOptions): RingMemory {
  const { capacityBytes, maxProducers = 1, maxConsumers = 1 } = options
  const limit = capacityBytes / 2 - granuleBytes
  const { maxSlotBytes = limit } = options
  if (!(capacityBytes >= 1024 && capacityBytes <= 2 ** 30 && Number.isInteger(Math.log2(capacityBytes)))) {
    throw new RangeError(`capacityBytes must be a power of two from 1024 to 2^30, found ${capacityBytes}`)
  }
  inRange('maxProducers', maxProducers, 1, maxPeers)
  inRange('maxConsumers', maxConsumers, 1, maxPeers)
  inRange('maxSlotBytes', maxSlotBytes, 0, limit)
  const words = new Int32Array(new SharedArrayBuffer(slotsWord(maxProducers, maxConsumers) * 4 + capacityBytes))
  words[Word.magic] = magic
  words[Word.version] = layoutVersion
  words[Word.capacityGranules] = capacityBytes / granuleBytes
  words[Word.maxProducers] = maxProducers
  words[Word.maxConsumers] = maxConsumers
  words[Word.maxSlotBytes] = maxSlotBytes
  return { buffer: words.buffer as SharedArrayBuffer, capacityBytes, maxProducers, maxConsumers, maxSlotBytes }
}

function inRange (name: string, value: number, least: number, most: number): void {
  if (!(Number.isInteger(value) && value >= least && value <= most)) {
    throw new RangeError(`${name} must be an integer from ${least} to ${most}, found ${value}`)
  }
}

function slotsWord (maxProducers: number, maxConsumers: number): number {
  return Word.firstPeer + (maxProducers + maxConsumers) * lineWords
}

/**
 * A thread's view of the memory. Sizes are copied out of the handle, never read again from the memory, so that garbage
 * written there can not move an access out of bounds.
 */
export class RingView {
  readonly words: Int32Array
  readonly counters: BigInt64Array
  readonly bytes: Buffer
  readonly capacity: number
  readonly mask: number
  readonly slots: number
  readonly maxProducers: number
  readonly maxConsumers: number
  readonly maxSlotBytes: number

  /** Throws when the handle does not fit the memory: a handle of another build, or not a ring. */
  constructor (memory: RingMemory) {
    const words = this.words = new Int32Array(memory.buffer)
    this.counters = new BigInt64Array(memory.buffer)
    this.bytes = Buffer.from(memory.buffer)
    this.capacity = memory.capacityBytes / granuleBytes
    this.mask = this.capacity - 1
    this.maxProducers = memory.maxProducers
    this.maxConsumers = memory.maxConsumers
    this.maxSlotBytes = memory.maxSlotBytes
    this.slots = slotsWord(memory.maxProducers, memory.maxConsumers)
    const fits = words.length === this.slots + this.capacity * granuleWords && words[Word.magic] === magic &&
      words[Word.version] === layoutVersion && words[Word.capacityGranules] === this.capacity &&
      words[Word.maxProducers] === this.maxProducers && words[Word.maxConsumers] === this.maxConsumers
    if (!fits) throw new Error('not the memory of a ring of this version and size')
  }

  /** Word offset of the header at `position`. */
  headerAt (position: number): number {
    return this.slots + (position & this.mask) * granuleWords
  }

  producerLine (index: number): number {
    return Word.firstPeer + index * lineWords
  }

  consumerLine (index: number): number {
    return Word.firstPeer + (this.maxProducers + index) * lineWords
  }

  get closed (): boolean {
    return Atomics.load(this.words, Word.state) !== RingState.open
  }

  /** Adds to a 64-bit counter of a peer's line: rows at 1M/s would wrap 32 bits within 72 minutes. */
  count (line: number, tally: number, amount: number): void {
    if (amount > 0) Atomics.add(this.counters, line / 2 + tally, BigInt(amount))
  }

  tally (line: number, tally: number): number {
    return Number(Atomics.load(this.counters, line / 2 + tally))
  }

  /** Oldest claim that is still being filled, or head when there is none. Call with the latch held: no new claims then. */
  firstOpenClaim (): number {
    const head = Atomics.load(this.words, Word.head)
    let farthest = 0
    for (let i = 0; i < this.maxProducers; i++) {
      const line = this.producerLine(i)
      const at = this.words[line + Peer.claimAt]
      const mark = Atomics.load(this.words, this.headerAt(at) + Header.mark)
      // A producer clears `claimOpen` a moment after it has settled the mark; a damaged mark counts as still open.
      if (this.words[line + Peer.claimOpen] !== 1 || mark === Mark.committed || mark === Mark.cancelled) continue
      const distance = (head - at) >>> 0
      if (distance <= this.capacity && distance > farthest) farthest = distance
    }
    return (head - farthest) | 0
  }
}


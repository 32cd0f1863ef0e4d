/**
 * A queue in memory: gone with the process. First in, first out; but while much waits, severe rows go before the others, out of batches
 * that hold both too: behind a slow backend an hour's worth of debug lines would else stand before the error that explains them.
 */
import type { Clock } from '../../component/clock.js'
import type { EventBatch } from '../../data/batch.js'
import { keep } from '../../data/keep.js'
import { bySeverity } from '../../data/severe.js'
import type { BatchQueue, PutResult, Taken, WhenFull } from './queue.js'

export interface MemoryQueueOptions {
  readonly maxBytes: number
  /** What waits longer is dropped; 0 = never. */
  readonly maxAgeMs: number
  readonly whenFull: WhenFull
  /** Severity (data/enums.ts) from which on a row is severe; 0 = none is. */
  readonly severeFrom: number
  readonly clock: Clock
  /** Rows that are lost and why: `overflow`, `expired`. */
  readonly onDrop: (reason: string, rows: number) => void
}

/** What one batch waits as. */
export interface Parts { readonly severe: EventBatch | undefined, readonly others: EventBatch | undefined }

interface Entry { readonly number: number, readonly batch: EventBatch, readonly bytes: number, readonly atMs: number, readonly severe: boolean }

/** Rows looked at each time something comes or goes, of those that came before severe rows went first: some 0.3 us each. */
const lookedAtOnce = 2000

/**
 * Much waits when it is more than this share of the queue, or so many bytes, and the oldest has waited for so long. Before that severe rows
 * are hardly late, and dividing batches costs more than passing them on (reading the rows, copies, twice the requests): a queue that did so
 * whenever 4 MiB waited bore a third of what the same pipeline bears without one, as then it had more to do the more it had to do.
 */
const [muchShare, muchBytes, lateMs] = [1 / 8, 4 << 20, 5000]

export class MemoryQueue implements BatchQueue {
  readonly #severe: Entry[] = []
  readonly #others: Entry[] = []
  readonly #waiters: (() => void)[] = []
  readonly #taken = new Set<Entry>()
  #next = 0
  /** What has a lower number has been asked for severe rows, or holds none that could go before others. */
  #asked = 0
  #closed = false
  bytes = 0
  rowsInMemory = 0

  constructor (readonly options: MemoryQueueOptions) {}

  get waiting (): number { return this.#severe.length + this.#others.length }
  get underWay (): number { return this.#taken.size }
  /** Batches of severe rows, which go before the others. */
  get waitingSevere (): number { return this.#severe.length }

  /**
   * What of `batch` goes before others, and what does not: nothing does while little waits, here and (`elsewhere` bytes) in what is behind.
   * `goesBehind`: what does not go first is put there.
   */
  partsOf (batch: EventBatch, elsewhere = 0, goesBehind = false): Parts {
    if (!this.#isMuch(elsewhere)) return { severe: undefined, others: batch }
    const late = this.#isLate
    if (late) this.#askOlder()
    return late || goesBehind ? bySeverity(batch, this.options.severeFrom) : { severe: undefined, others: batch }
  }

  put (batch: EventBatch): Promise<PutResult> { return this.putParts(this.partsOf(batch)) }

  /** Parts share their raw bytes, which are counted once. */
  putParts ({ severe, others }: Parts): Promise<PutResult> {
    const bytes = Math.max(sizeOf(severe), sizeOf(others))
    if (this.#closed) return Promise.resolve({ status: 'failed', reason: 'the queue is closed' })
    this.#expire()
    const { maxBytes, whenFull } = this.options
    while (whenFull === 'drop_oldest' && this.bytes + bytes > maxBytes && this.waiting > 0) this.#drop('overflow')
    if (this.bytes + bytes > maxBytes) {
      if (whenFull === 'refuse') return Promise.resolve({ status: 'full' })
      this.options.onDrop('overflow', (severe?.count ?? 0) + (others?.count ?? 0))
      return Promise.resolve({ status: 'dropped' })
    }
    if (others !== undefined) this.#enqueue(others, bytes, false)
    if (severe !== undefined) this.#enqueue(severe, others === undefined ? bytes : 0, true)
    return Promise.resolve({ status: 'queued' })
  }

  async take (): Promise<Taken | undefined> {
    while (!this.#closed) {
      const taken = this.takeNow()
      if (taken !== undefined) return taken
      await new Promise<void>(resolve => this.#waiters.push(resolve))
    }
    return undefined
  }

  /** The same without waiting: undefined when there is none. */
  takeNow (): Taken | undefined {
    if (this.#isMuch() && this.#isLate) this.#askOlder()
    return this.#takeFrom(this.#severe) ?? this.takeOther()
  }

  /** The oldest that does not go before others. */
  takeOther (): Taken | undefined { return this.#takeFrom(this.#others) }

  close (): Promise<number> {
    this.#closed = true
    for (const resolve of this.#waiters.splice(0)) resolve()
    const lost = this.rowsInMemory
    this.#severe.length = this.#others.length = 0
    this.#taken.clear()
    this.bytes = this.rowsInMemory = 0
    return Promise.resolve(lost)
  }

  #enqueue (batch: EventBatch, bytes: number, severe: boolean): void {
    const entry = { number: this.#next++, batch: keep(batch, ownMemory), bytes, atMs: this.options.clock.monotonicMs(), severe }
    this.bytes += bytes
    this.rowsInMemory += batch.count
    this.#lineOf(entry).push(entry)
    this.#waiters.shift()?.()
  }

  #takeFrom (line: Entry[]): Taken | undefined {
    this.#expire()
    const entry = line.shift()
    if (entry === undefined) return undefined
    this.#taken.add(entry)
    return { batch: entry.batch, atMs: entry.atMs, done: () => { if (this.#taken.delete(entry)) this.#forget(entry) }, putBack: () => { this.#putBack(entry) } }
  }

  #isMuch (elsewhere = 0): boolean {
    const { severeFrom, maxBytes } = this.options
    return severeFrom > 0 && this.bytes + elsewhere > Math.min(maxBytes * muchShare, muchBytes)
  }

  /** Severe rows of what came before it was late go before the others, too; a part of them at a time, so that nobody waits for it. */
  #askOlder (): void {
    const { severeFrom } = this.options
    for (let rows = 0, at = firstFrom(this.#others, this.#asked); rows < lookedAtOnce && at < this.#others.length;) {
      const entry = this.#others[at] as Entry
      this.#asked = entry.number + 1
      rows += entry.batch.count
      const { severe, others } = bySeverity(entry.batch, severeFrom)
      if (severe === undefined) { at++; continue }
      // The parts share their raw bytes, which stay counted once.
      if (others === undefined) this.#others.splice(at, 1)
      else this.#others[at++] = { ...entry, batch: others }
      this.#severe.splice(firstFrom(this.#severe, entry.number), 0, { ...entry, batch: severe, bytes: others === undefined ? entry.bytes : 0, severe: true })
    }
  }

  get #isLate (): boolean { return (this.#others[0]?.atMs ?? Infinity) <= this.options.clock.monotonicMs() - lateMs }

  #lineOf ({ severe }: Entry): Entry[] { return severe ? this.#severe : this.#others }

  #putBack (entry: Entry): void {
    if (!this.#taken.delete(entry) || this.#closed) return
    const line = this.#lineOf(entry)
    line.splice(firstFrom(line, entry.number), 0, entry)
    this.#waiters.shift()?.()
  }

  #expire (): void {
    const { maxAgeMs, clock } = this.options
    if (maxAgeMs === 0) return
    const before = clock.monotonicMs() - maxAgeMs
    for (const line of [this.#others, this.#severe]) while ((line[0]?.atMs ?? Infinity) < before) this.#lose(line.shift(), 'expired')
  }

  /** The oldest of the others, while there are any. */
  #drop (reason: string): void { this.#lose(this.#others.shift() ?? this.#severe.shift(), reason) }

  #lose (entry: Entry | undefined, reason: string): void {
    if (entry === undefined) return
    this.#forget(entry)
    this.options.onDrop(reason, entry.batch.count)
  }

  #forget (entry: Entry): void {
    this.bytes -= entry.bytes
    this.rowsInMemory -= entry.batch.count
  }
}

/** Where the first entry with this number or a higher one is, or would be. */
function firstFrom (line: readonly Entry[], number: number): number {
  let [low, high] = [0, line.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((line[middle] as Entry).number < number) low = middle + 1
    else high = middle
  }
  return low
}

/** A bound on memory, not to the byte. Unread rows stay so here: only their bytes count. */
function sizeOf (batch: EventBatch | undefined): number {
  if (batch === undefined) return 0
  const objects = 256
  return objects + (batch.unread === undefined ? batch.byteLength : batch.raw.buffers.reduce((sum, buffer) => sum + buffer.byteLength, 0))
}

/** Not from Node's pool, whose blocks a small copy would keep alive. */
function ownMemory (bytes: Uint8Array): Uint8Array {
  const copy = Buffer.allocUnsafeSlow(bytes.byteLength)
  copy.set(bytes)
  return copy
}

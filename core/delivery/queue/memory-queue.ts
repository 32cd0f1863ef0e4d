/** A queue in memory: gone with the process. */
import type { Clock } from '../../component/clock.js'
import type { EventBatch } from '../../data/batch.js'
import { encodeBatch } from '../../data/codec.js'
import { decodeBatch } from '../../data/decode.js'
import type { BatchQueue, PutResult, Taken, WhenFull } from './queue.js'

export interface MemoryQueueOptions {
  readonly maxBytes: number
  /** What waits longer is dropped; 0 = never. */
  readonly maxAgeMs: number
  readonly whenFull: WhenFull
  readonly clock: Clock
  /** Rows that are lost and why: `overflow`, `expired`. */
  readonly onDrop: (reason: string, rows: number) => void
}

interface Entry { readonly number: number, readonly batch: EventBatch, readonly bytes: number, readonly atMs: number }

export class MemoryQueue implements BatchQueue {
  #waiting: Entry[] = []
  readonly #waiters: (() => void)[] = []
  readonly #taken = new Set<Entry>()
  #next = 0
  #closed = false
  bytes = 0
  rowsInMemory = 0

  constructor (readonly options: MemoryQueueOptions) {}

  get waiting (): number { return this.#waiting.length }
  get underWay (): number { return this.#taken.size }

  put (batch: EventBatch): Promise<PutResult> {
    if (this.#closed) return Promise.resolve({ status: 'failed', reason: 'the queue is closed' })
    this.#expire()
    const bytes = sizeOf(batch)
    const { maxBytes, whenFull } = this.options
    while (whenFull === 'drop_oldest' && this.bytes + bytes > maxBytes && this.#waiting.length > 0) this.#drop('overflow')
    if (this.bytes + bytes > maxBytes) {
      if (whenFull === 'refuse') return Promise.resolve({ status: 'full' })
      this.options.onDrop('overflow', batch.count)
      return Promise.resolve({ status: 'dropped' })
    }
    this.bytes += bytes
    this.rowsInMemory += batch.count
    this.#waiting.push({ number: this.#next++, batch: batch.raw.lent === undefined ? batch : copyOf(batch), bytes, atMs: this.options.clock.monotonicMs() })
    this.#waiters.shift()?.()
    return Promise.resolve({ status: 'queued' })
  }

  async take (): Promise<Taken | undefined> {
    while (!this.#closed) {
      this.#expire()
      const entry = this.#waiting.shift()
      if (entry === undefined) { await new Promise<void>(resolve => this.#waiters.push(resolve)); continue }
      this.#taken.add(entry)
      return { batch: entry.batch, atMs: entry.atMs, done: () => { if (this.#taken.delete(entry)) this.#forget(entry) }, putBack: () => { this.#putBack(entry) } }
    }
    return undefined
  }

  close (): Promise<number> {
    this.#closed = true
    for (const resolve of this.#waiters.splice(0)) resolve()
    const lost = this.rowsInMemory
    this.#waiting = []
    this.#taken.clear()
    this.bytes = this.rowsInMemory = 0
    return Promise.resolve(lost)
  }

  #putBack (entry: Entry): void {
    if (!this.#taken.delete(entry) || this.#closed) return
    const at = this.#waiting.findIndex(e => e.number > entry.number)
    this.#waiting.splice(at < 0 ? this.#waiting.length : at, 0, entry)
    this.#waiters.shift()?.()
  }

  #expire (): void {
    const { maxAgeMs, clock } = this.options
    if (maxAgeMs === 0) return
    const before = clock.monotonicMs() - maxAgeMs
    while ((this.#waiting[0]?.atMs ?? Infinity) < before) this.#drop('expired')
  }

  #drop (reason: string): void {
    const entry = this.#waiting.shift()
    if (entry === undefined) return
    this.#forget(entry)
    this.options.onDrop(reason, entry.batch.count)
  }

  #forget (entry: Entry): void {
    this.bytes -= entry.bytes
    this.rowsInMemory -= entry.batch.count
  }
}

/** Raw bytes and columns: a bound on memory, not to the byte. */
function sizeOf (batch: EventBatch): number {
  let bytes = 256
  for (const buffer of batch.raw.buffers) bytes += buffer.byteLength
  if (batch.unread === undefined) for (const column of Object.values(batch.columns)) bytes += column.byteLength
  return bytes
}

function copyOf (batch: EventBatch): EventBatch {
  const decoded = decodeBatch(encodeBatch(batch), true)
  if (!decoded.ok) throw new Error(`a batch does not survive its own encoding: ${decoded.error}`)
  return decoded.batch
}

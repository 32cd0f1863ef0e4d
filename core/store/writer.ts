/**
 * Appending: batches queue up (bounded), and what waits is written together: one concatenation, one transaction, one flush of the
 * disk. One group at a time, so that every look for duplicates sees all that was written before.
 */
import type { Clock } from '../component/clock.js'
import type { EventBatch } from '../data/batch.js'
import { concat } from '../data/concat.js'
import { makeBlock } from './block.js'
import { maxBlockRows } from './block-index.js'
import { NewIds } from './id-pages.js'
import { mergeSmall } from './merge.js'
import type { SyncPolicy } from './open.js'
import type { Partitions } from './partitions.js'
import type { AppendResult } from './store.js'

interface Entry { readonly batch: EventBatch, readonly bytes: number, readonly tell: (result: AppendResult) => void }

const maxGroupRows = 4 * maxBlockRows
const maxGroupBatches = 256
const maxGroupBytes = 8 << 20
/** A batch can list 65535. */
const maxGroupBuffers = 60_000
/** Of a block before it is deflated: what one look at a row costs to unpack. */
const maxBlockBytes = 1 << 20
/** What a byte of a batch takes on disk at most, with its index. */
const diskShare = 0.75

export interface WriterOptions {
  readonly sync: SyncPolicy
  readonly maxPendingBytes: number
  readonly lingerMs: number
  readonly clock: Clock
}

export class Writer {
  readonly #queue: Entry[] = []
  #queuedRows = 0
  #pendingBytes = 0
  #draining: Promise<void> | undefined
  #stopLingering: () => void = () => undefined
  #closed = false

  constructor (readonly partitions: Partitions, readonly options: WriterOptions) {}

  append (batch: EventBatch): Promise<AppendResult> {
    if (this.#closed) return Promise.resolve({ status: 'failed', reason: 'the store is closed' })
    if (batch.count === 0) return Promise.resolve({ status: 'stored', duplicates: 0 })
    const bytes = batch.byteLength
    if (this.#pendingBytes > 0 && this.#pendingBytes + bytes > this.options.maxPendingBytes) return Promise.resolve({ status: 'full' })
    this.#pendingBytes += bytes
    this.#queuedRows += batch.count
    return new Promise(tell => {
      this.#queue.push({ batch, bytes, tell })
      if (this.#queuedRows >= maxBlockRows) this.#stopLingering()
      this.#draining ??= this.#drain()
    })
  }

  /** Writes what waits now. */
  async flush (): Promise<void> {
    this.#stopLingering()
    await this.#draining
  }

  async close (): Promise<void> {
    this.#closed = true
    await this.flush()
  }

  async #drain (): Promise<void> {
    while (this.#queue.length > 0) {
      await this.#linger()
      const group = this.#takeGroup()
      const results = await this.#write(group).catch((error: unknown): AppendResult[] => {
        const reason = error instanceof Error ? error.message : String(error)
        return group.map(() => ({ status: 'failed', reason }))
      })
      group.forEach((entry, i) => {
        this.#pendingBytes -= entry.bytes
        entry.tell(results[i] as AppendResult)
      })
    }
    this.#draining = undefined
  }

  async #linger (): Promise<void> {
    const { lingerMs, clock } = this.options
    if (lingerMs === 0 || this.#closed || this.#queuedRows >= maxBlockRows) return
    await new Promise<void>(resolve => {
      const cancel = clock.after(lingerMs, resolve)
      this.#stopLingering = () => { cancel(); resolve() }
    })
    this.#stopLingering = () => undefined
  }

  #takeGroup (): Entry[] {
    let [rows, bytes, buffers, taken] = [0, 0, 0, 0]
    for (const { batch, bytes: size } of this.#queue) {
      if (taken > 0 && (taken >= maxGroupBatches || rows + batch.count > maxGroupRows || bytes + size > maxGroupBytes || buffers + batch.raw.buffers.length > maxGroupBuffers)) break
      rows += batch.count
      bytes += size
      buffers += batch.raw.buffers.length
      taken++
    }
    this.#queuedRows -= rows
    return this.#queue.splice(0, taken)
  }

  async #write (group: readonly Entry[]): Promise<AppendResult[]> {
    const all = concat(group.map(entry => entry.batch))
    const ids = new NewIds(key => this.partitions.all.flatMap(partition => partition.idRuns(key) ?? []))
    const fresh = ids.fresh(all)
    const kept = all.filter(fresh)
    if (kept.count > 0) await this.#store(kept, ids)
    let row = 0
    return group.map(({ batch }) => {
      const end = row + batch.count
      let duplicates = 0
      for (; row < end; row++) if (fresh[row] === 0) duplicates++
      return { status: 'stored', duplicates }
    })
  }

  async #store (kept: EventBatch, ids: NewIds): Promise<void> {
    const nowMs = this.options.clock.unixMs()
    const bytes = kept.byteLength
    const partition = await this.partitions.current(nowMs, bytes * diskShare)
    const rowsPerBlock = Math.max(1, Math.min(maxBlockRows, Math.floor(maxBlockBytes / (bytes / kept.count))))
    const starts = Array.from({ length: Math.ceil(kept.count / rowsPerBlock) }, (_, i) => i * rowsPerBlock)
    const first = partition.nextEvent
    ids.place(kept, first)
    const blocks = await Promise.all(starts.map(from => makeBlock(kept, from, Math.min(kept.count, from + rowsPerBlock), first + from, nowMs)))
    await partition.write(blocks, ids)
    await mergeSmall(partition)
    if (this.options.sync === 'disk') await partition.flushed()
  }
}

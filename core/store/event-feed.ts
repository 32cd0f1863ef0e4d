/**
 * Events in the order in which they were stored: partition by partition, by the number they have in it, which merging of blocks does not
 * change. Blocks that cannot hold one that fits are passed by without being unpacked.
 */
import { emptyBatch, type EventBatch } from '../data/batch.js'
import { concat } from '../data/concat.js'
import type { BlockHead } from './block.js'
import type { BlockCache } from './block-cache.js'
import type { BlockFilter } from './block-filter.js'
import { copied } from './copied.js'
import { breathe } from './cursor.js'
import type { EventPlace } from './feed-token.js'
import { matcher, timeOf } from './match.js'
import type { Partition } from './partition.js'

export interface EventStretch {
  readonly events: EventBatch
  /** Where to go on. */
  readonly next: EventPlace
  readonly more: boolean
}

/** Blocks passed by before others may run. */
const stride = 256
/** Blocks unpacked for one answer: who follows rare events hears now and then that it goes on. */
const maxUnpacked = 64

export class EventFeedReader {
  readonly #taken: EventBatch[] = []
  #count = 0
  #unpacked = 0
  #steps = 0

  constructor (readonly cache: BlockCache, readonly filter: BlockFilter, readonly limit: number, readonly signal: AbortSignal | undefined, readonly damaged: (what: string) => void) {}

  /** `partitions`: all there are, oldest first. */
  async read (partitions: readonly Partition[], from: EventPlace): Promise<EventStretch> {
    let next = from
    for (const partition of partitions) {
      if (partition.id < next.partition) continue
      if (partition.id > next.partition) next = { partition: partition.id, event: 0 }
      // One that others follow is complete, but may have been looked at before it was.
      partition.refresh()
      next = { ...next, event: await this.#readOne(partition, next.event) }
      if (next.event < partition.nextEvent) return { events: concat(this.#taken), next, more: true }
    }
    return { events: this.#count === 0 ? emptyBatch : concat(this.#taken), next, more: false }
  }

  /** The number of the event to go on with; below `nextEvent` when the answer is full. */
  async #readOne (partition: Partition, from: number): Promise<number> {
    let event = from
    for (let block = partition.blockFrom(event); block !== undefined; block = partition.blockFrom(event)) {
      const rows = this.filter.rows(partition, block)
      const isEmpty = rows?.length === 0
      if (!isEmpty && (this.#count >= this.limit || this.#unpacked >= maxUnpacked)) return event
      if (!isEmpty || ++this.#steps % stride === 0) {
        await breathe(this.signal)
        // Small blocks may have become one meanwhile: numbers stay.
        if (partition.isStale()) { partition.refresh(); continue }
      }
      event = isEmpty ? block.first + block.rows : this.#take(partition, block, await this.cache.load(partition, block), rows, event)
    }
    return event
  }

  /** The number of the event behind the last one looked at. */
  #take (partition: Partition, block: BlockHead, batch: EventBatch | undefined, rows: readonly number[] | undefined, from: number): number {
    this.#unpacked++
    if (batch === undefined) this.damaged(`${partition.path}, block ${block.first}`)
    if (batch === undefined) return block.first + block.rows
    const fits = matcher(batch, this.filter.query)
    const chosen: number[] = []
    const count = rows?.length ?? batch.count
    for (let i = 0; i < count; i++) {
      const row = rows === undefined ? i : rows[i] as number
      if (block.first + row < from || row >= batch.count) continue
      if (this.#count + chosen.length >= this.limit) { this.#keep(batch, chosen); return block.first + row }
      if (this.filter.isAt(timeOf(batch, row)) && fits(row)) chosen.push(row)
    }
    this.#keep(batch, chosen)
    return block.first + block.rows
  }

  #keep (batch: EventBatch, rows: readonly number[]): void {
    if (rows.length === 0) return
    this.#count += rows.length
    this.#taken.push(copied(batch.select(Uint32Array.from(rows))))
  }
}

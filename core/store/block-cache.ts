/** Blocks read last, so that the next page of a question does not unpack the same ones, and two who ask at once unpack them once. */
import type { EventBatch } from '../data/batch.js'
import type { BlockHead } from './block.js'
import type { Partition } from './partition.js'

/** Unpacked at once on libuv's four threads, which ingest needs too; more are unpacked by whoever asks. */
const maxAside = 2

export class BlockCache {
  readonly #held = new Map<string, EventBatch>()
  readonly #coming = new Map<string, Promise<EventBatch | undefined>>()
  #bytes = 0

  constructor (readonly maxBytes: number) {}

  /** Undefined: it cannot be read. */
  read (partition: Partition, block: BlockHead): EventBatch | undefined {
    const key = keyOf(partition, block)
    return this.#find(key) ?? this.#keep(key, partition.read(block))
  }

  /** The same, on another thread when one is free. The partition must stay pinned meanwhile. */
  async load (partition: Partition, block: BlockHead): Promise<EventBatch | undefined> {
    const key = keyOf(partition, block)
    const known = this.#find(key) ?? this.#coming.get(key)
    if (known !== undefined) return await known
    if (this.#coming.size >= maxAside) return this.#keep(key, partition.read(block))
    const coming = partition.readAside(block).then(batch => this.#keep(key, batch)).finally(() => { this.#coming.delete(key) })
    this.#coming.set(key, coming)
    return await coming
  }

  #find (key: string): EventBatch | undefined {
    const held = this.#held.get(key)
    if (held === undefined) return undefined
    this.#held.delete(key)
    this.#held.set(key, held)
    return held
  }

  #keep (key: string, batch: EventBatch | undefined): EventBatch | undefined {
    if (batch === undefined || this.#held.has(key)) return batch
    this.#held.set(key, batch)
    this.#bytes += batch.byteLength
    for (const [oldest, other] of this.#held) {
      if (this.#bytes <= this.maxBytes || other === batch) break
      this.#held.delete(oldest)
      this.#bytes -= other.byteLength
    }
    return batch
  }
}

const keyOf = ({ id }: Partition, { first, rows }: BlockHead): string => `${id}/${first}/${rows}`

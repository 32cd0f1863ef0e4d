/** Blocks read last, so that the next page of a question does not unpack the same ones. */
import type { EventBatch } from '../data/batch.js'
import type { BlockHead } from './block.js'
import type { Partition } from './partition.js'

export class BlockCache {
  readonly #held = new Map<string, EventBatch>()
  #bytes = 0

  constructor (readonly maxBytes: number) {}

  read (partition: Partition, block: BlockHead): EventBatch | undefined {
    const key = `${partition.id}/${block.first}/${block.rows}`
    const held = this.#held.get(key)
    if (held !== undefined) {
      this.#held.delete(key)
      this.#held.set(key, held)
      return held
    }
    const batch = partition.read(block)
    if (batch === undefined) return undefined
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

/** Blocks that may hold what is asked for, one after the other; while one is looked at the next ones are being unpacked. */
import type { EventBatch } from '../data/batch.js'
import type { BlockHead } from './block.js'
import type { BlockCache } from './block-cache.js'
import type { BlockFilter } from './block-filter.js'
import { breathe } from './cursor.js'
import type { Partition } from './partition.js'

/** `rows`: those that may fit, undefined for all. No batch: it cannot be read. */
export interface Looked { readonly block: BlockHead, readonly rows: readonly number[] | undefined, readonly batch: EventBatch | undefined }

/** Blocks passed by before others may run. */
const stride = 256
/** Beyond what is unpacked at once another one would only wait. A first block is often enough, so it starts with one. */
const maxAhead = 3

export class LookAhead {
  readonly #blocks: Iterator<BlockHead>
  readonly #coming: (Omit<Looked, 'batch'> & { readonly batch: Promise<EventBatch | undefined> })[] = []
  #ahead = 1
  #steps = 0

  /** `isWanted` is asked again when a block's turn has come. The partition must be fresh, and stay pinned. */
  constructor (readonly partition: Partition, blocks: Iterable<BlockHead>, readonly cache: BlockCache, readonly filter: BlockFilter, readonly isWanted: (block: BlockHead) => boolean, readonly signal: AbortSignal | undefined) {
    this.#blocks = blocks[Symbol.iterator]()
  }

  /** Undefined: there is none any more. `merged`: blocks were, while others ran, and this is over. */
  async next (): Promise<Looked | 'merged' | undefined> {
    for (;;) {
      const isDone = this.#fill()
      const first = this.#coming.shift()
      if (first === undefined && isDone) return undefined
      const batch = await first?.batch
      await breathe(this.signal)
      if (this.partition.isStale()) return 'merged'
      if (first === undefined || !this.isWanted(first.block)) continue
      this.#ahead = Math.min(maxAhead, this.#ahead + 1)
      return { ...first, batch }
    }
  }

  /** True: there are no more blocks. False also when others should run first. */
  #fill (): boolean {
    while (this.#coming.length < this.#ahead) {
      const { value: block, done = false } = this.#blocks.next() as IteratorResult<BlockHead, undefined>
      if (done || block === undefined) return true
      if (!this.isWanted(block)) continue
      const rows = this.filter.rows(this.partition, block)
      if (rows?.length !== 0) this.#coming.push({ block, rows, batch: this.cache.load(this.partition, block) })
      else if (++this.#steps % stride === 0) return false
    }
    return false
  }
}

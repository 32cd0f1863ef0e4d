/** Batches of what is no change of an object: log lines, units, alerts, objects as they are. */
import { createHash } from 'node:crypto'
import type { EventBatch } from '../../core/data/batch.js'
import { BatchBuilder, type EventInput } from '../../core/data/builder.js'

export class Rows {
  #builder = new BatchBuilder()
  #bytes = 0
  readonly #maxRows: number
  readonly #observedNano: bigint

  constructor (maxRows: number, collectedMs: number) {
    this.#maxRows = maxRows
    this.#observedNano = nanoOf(collectedMs)
  }

  /** A batch when this row fills it. `key` is the same for the same thing in the same dump: ids are made of it. */
  add (event: EventInput, timeMs: number, key: string): EventBatch | undefined {
    const row = this.#builder.append({ ...event, source: 'snapshot', timeUnixNano: nanoOf(timeMs), observedTimeUnixNano: this.#observedNano })
    this.#builder.column('id').set(createHash('sha256').update(key).digest().subarray(0, 16), row * 16)
    this.#bytes += (event.message?.length ?? 0) + (event.raw?.bytes.length ?? 0)
    return row + 1 === this.#maxRows || this.#bytes > maxBatchBytes ? this.finish() : undefined
  }

  finish (): EventBatch | undefined {
    const builder = this.#builder
    this.#builder = new BatchBuilder()
    this.#bytes = 0
    return builder.count === 0 ? undefined : builder.finish()
  }
}

/** A batch passes through rings of a few megabytes. */
const maxBatchBytes = 1 << 20

export function nanoOf (timeMs: number): bigint { return BigInt(Math.round(timeMs * 1000)) * 1000n }

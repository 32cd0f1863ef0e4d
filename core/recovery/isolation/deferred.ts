/** Batches that passed while their processor was out, for when it is back. Bounded in bytes; the oldest go. */
import type { EventBatch } from '../../data/batch.js'
import { keep } from '../../data/keep.js'

export class Deferred {
  /** With their size when they came: reading a batch changes it. */
  readonly #held: { readonly batch: EventBatch, readonly bytes: number }[] = []
  #bytes = 0

  /** `onForget` is told of rows there is no room for. */
  constructor (readonly maxBytes: number, readonly onForget: (rows: number) => void) {}

  get size (): number { return this.#held.length }

  add (batch: EventBatch): void {
    if (batch.byteLength > this.maxBytes) { this.onForget(batch.count); return }
    // Lent memory changes once the outcome is known.
    const kept = keep(batch, lent => new Uint8Array(lent))
    const bytes = kept.byteLength
    this.#held.push({ batch: kept, bytes })
    this.#bytes += bytes
    while (this.#bytes > this.maxBytes) this.onForget((this.take() as EventBatch).count)
  }

  /** The oldest. */
  take (): EventBatch | undefined {
    const oldest = this.#held.shift()
    this.#bytes -= oldest?.bytes ?? 0
    return oldest?.batch
  }

  /** Gives up what is held. */
  clear (): void { while (this.#held.length > 0) this.onForget((this.take() as EventBatch).count) }
}

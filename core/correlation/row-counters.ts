/**
 * For analyzers that look at every row themselves, by columns: at a tick they have counted exactly the rows before it. So what they
 * conclude at a tick does not depend on how rows were cut into batches. `context` walks; a counter gets ranges of rows.
 */
import type { EventBatch } from '../data/batch.js'

/** Rows `from` to `to` (excluded), each exactly once and in order. Never throws. */
export type CountRows = (batch: EventBatch, from: number, to: number) => void

export class RowCounters {
  readonly #counters: CountRows[] = []
  #batch: EventBatch | undefined
  #counted = 0
  /** The row that is looked at: those before it are done. */
  row = 0

  /** The function given back ends it. */
  use (count: CountRows): () => void {
    this.#counters.push(count)
    return () => { this.#counters.splice(this.#counters.indexOf(count), 1) }
  }

  /** Whether anybody counts: then rows need columns. */
  get isUsed (): boolean { return this.#counters.length > 0 }

  begin (batch: EventBatch): void {
    this.#batch = batch
    this.#counted = this.row = 0
  }

  /** Before a tick. */
  catchUp (): void {
    const [batch, from, to] = [this.#batch, this.#counted, this.row]
    if (batch === undefined || from >= to) return
    this.#counted = to
    for (const count of this.#counters) count(batch, from, to)
  }

  end (): void {
    this.row = this.#batch?.count ?? 0
    this.catchUp()
    this.#batch = undefined
  }
}

/** What the processor says about rows: columns that are made when the first row has something in them, in a batch that stays as it was. */
import type { EventBatch } from '../../core/data/batch.js'
import { absentColumn, type ColumnArray, type ColumnName, type ColumnOf, type Columns } from '../../core/data/columns.js'

export class Marks {
  readonly #columns: Partial<Record<ColumnName, ColumnArray>> = {}
  readonly #added: string[] = []
  readonly #index = new Map<string, number>([['', 0]])

  readonly #ids = new Map<string, Uint8Array>()

  constructor (readonly batch: EventBatch) {}

  /** Index of `text` in the new table. */
  place (text: string): number {
    let at = this.#index.get(text)
    if (at === undefined) {
      at = this.batch.strings.length + this.#added.push(text) - 1
      this.#index.set(text, at)
    }
    return at
  }

  /** A column of its own: with what the batch has in it. */
  column<N extends ColumnName> (name: N): ColumnOf<N> {
    return (this.#columns[name] ??= this.batch.columns[name]?.slice() ?? absentColumn(name, this.batch.count)) as ColumnOf<N>
  }

  /** `hex`: 32 digits. */
  symptom (row: number, sign: string, hex: string): void {
    this.column('symptom')[row] = this.place(sign)
    let id = this.#ids.get(hex)
    if (id === undefined) this.#ids.set(hex, id = Buffer.from(hex, 'hex'))
    this.column('symptomId').set(id, row * 16)
  }

  /** The batch with all that was said; the same one when nothing was. */
  finish (): EventBatch {
    if (Object.keys(this.#columns).length === 0) return this.batch
    return this.batch.withColumns(this.#columns as Partial<Columns>, this.#added.length === 0 ? this.batch.strings : this.batch.strings.append(this.#added))
  }
}

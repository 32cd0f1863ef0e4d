/** The attribute columns of a batch being built. */
import { attributesField, readRawAttribute } from '../otlp/records.js'
import { orElse } from '../otlp/wire.js'
import { AttributeColumnBuilder, type AttributeColumn, type Attributes, type AttributeValue } from './attributes.js'
import type { Columns } from './columns.js'
import type { Layout } from './unread.js'

export class AttributeTable {
  readonly #columns = new Map<string, AttributeColumnBuilder>()
  /** Edited keys, each with the rows in which the edit was a removal. */
  readonly #edited = new Map<string, Set<number>>()
  /** Events of one source list their keys in one order: the column of a key is guessed by its place before it is looked up. */
  readonly #order: { key: string, column: AttributeColumnBuilder }[] = []

  constructor (readonly capacity: number) {}

  set (row: number, key: string, value: AttributeValue): void {
    this.#column(key).set(row, value)
  }

  setAll (row: number, attributes: Attributes): void {
    let place = 0
    for (const key in attributes) {
      const value = attributes[key]
      if (value === undefined || !Object.hasOwn(attributes, key)) continue
      let guess = this.#order[place]
      if (guess === undefined || guess.key !== key) guess = this.#order[place] = { key, column: this.#column(key) }
      guess.column.set(row, value)
      place++
    }
  }

  /** Says that for `key` the values given here are right and the raw bytes are not; no value in `row` is a removal. */
  markEdited (row: number, key: string): void {
    const removed = this.#edited.get(key) ?? new Set()
    this.#edited.set(key, removed)
    if (!this.#column(key).has(row)) removed.add(row)
  }

  /**
   * The columns. Each is the whole truth for its key, so with `buffers` (the records given to `append`) rows that were given
   * no value bring what their record says.
   */
  finish (rows: number, columns: Columns, buffers: readonly Uint8Array[]): Map<string, AttributeColumn> {
    const finished = new Map<string, AttributeColumn>()
    for (const [key, column] of this.#columns) {
      if (buffers.length > 0) this.#fill(key, column, rows, columns, buffers)
      finished.set(key, column.finish(rows, this.#edited.has(key)))
    }
    return finished
  }

  #fill (key: string, column: AttributeColumnBuilder, rows: number, columns: Columns, buffers: readonly Uint8Array[]): void {
    const removed = this.#edited.get(key)
    const wanted = Buffer.from(key)
    for (let row = 0; row < rows; row++) {
      if (column.has(row) || removed?.has(row) === true) continue
      const value = rawAttribute(row, wanted, columns, buffers)
      if (value !== undefined) column.set(row, value)
    }
  }

  #column (key: string): AttributeColumnBuilder {
    let column = this.#columns.get(key)
    if (column === undefined) {
      column = new AttributeColumnBuilder(this.capacity)
      this.#columns.set(key, column)
    }
    return column
  }
}

/** The value of attribute `key` (UTF-8) in the raw record of `row`, undefined when there is none. */
export function rawAttribute (row: number, key: Buffer, columns: Layout, buffers: readonly Uint8Array[]): AttributeValue | undefined {
  const encoding = columns.rawEncoding?.[row] ?? 0
  const bytes = buffers[columns.rawBuffer?.[row] ?? 0]
  if (bytes === undefined || attributesField(encoding) === 0) return undefined
  const start = columns.rawOffset?.[row] ?? 0
  return orElse(undefined, () => readRawAttribute(bytes, encoding, start, start + (columns.rawLength?.[row] ?? 0), key))
}

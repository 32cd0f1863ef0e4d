/**
 * EventBatch: many events of any signal, as columns for thinking plus raw bytes for delivery.
 *
 *      row            0    1    2   …            strings    '', 'otlp', 'GET /cart', …   one table a batch
 *   timeUnixNano    [ t0   t1   t2  … ]           resources  [Resource, …]
 *   severity        [ 9    17   0   … ]           scopes     [Scope, …]
 *   name (string)   [ 2    2    7   … ] ──────►   attributes  key ─► {index a row, values}
 *   rawOffset …     [ 0    380  760 … ] ──────►   raw.buffers  bytes as received
 *
 * A batch never changes after it is made: the methods return new batches that share every untouched column, table and
 * byte. So a batch may go to several consumers at once, and keeping one is safe; it keeps its raw buffers alive.
 */
import { readRawAttribute } from '../otlp/records.js'
import { orElse } from '../otlp/wire.js'
import { AttributeColumnBuilder, attributeAt, constantColumn, type AttributeColumn, type AttributeValue } from './attributes.js'
import { columnNames, columnSpecs, type ColumnArray, type ColumnName, type ColumnOf, type Columns } from './columns.js'
import { gather, gatherIndex, narrow } from './gather.js'
import { noRaw, type RawStore } from './raw.js'
import { emptyResource, emptyScope, type Resource, type Scope } from './resource.js'
import { EventRow } from './row.js'
import { StringTable } from './strings.js'

export interface BatchParts {
  readonly count: number
  readonly columns: Columns
  readonly strings: StringTable
  readonly resources: readonly Resource[]
  readonly scopes: readonly Scope[]
  readonly attributes: ReadonlyMap<string, AttributeColumn>
  readonly raw: RawStore
}

export class EventBatch implements BatchParts {
  readonly count: number
  readonly columns: Columns
  readonly strings: StringTable
  readonly resources: readonly Resource[]
  readonly scopes: readonly Scope[]
  readonly raw: RawStore
  /** Attribute columns that are materialised. Ask with `attribute(key)`: it also looks into the raw bytes. */
  readonly attributes: ReadonlyMap<string, AttributeColumn>
  #lazy: Map<string, AttributeColumn> | undefined

  constructor (parts: BatchParts) {
    this.count = parts.count
    this.columns = parts.columns
    this.strings = parts.strings
    this.resources = parts.resources
    this.scopes = parts.scopes
    this.attributes = parts.attributes
    this.raw = parts.raw
  }

  /** Row `row` as a plain-feeling object whose properties are read from the columns when asked. */
  at (row: number): EventRow {
    if (!(row >= 0 && row < this.count)) throw new RangeError(`row ${row} of a batch of ${this.count}`)
    return new EventRow(this, row)
  }

  * [Symbol.iterator] (): Generator<EventRow> {
    for (let row = 0; row < this.count; row++) yield new EventRow(this, row)
  }

  /** The string of `column` in `row`; '' when absent. */
  text (column: Uint32Array | undefined, row: number): string {
    return column === undefined ? '' : this.strings.at(column[row] ?? 0)
  }

  /**
   * The column of attribute `key`, from the batch or decoded now from the raw records (and remembered), or undefined when
   * no row has it. Costs one pass over the raw bytes at the first question.
   */
  attribute (key: string): AttributeColumn | undefined {
    const known = this.attributes.get(key) ?? this.#lazy?.get(key)
    if (known !== undefined) return known.values.length === 0 ? undefined : known
    const { rawEncoding } = this.columns
    if (rawEncoding === undefined) return undefined
    const column = decodeRawColumn(this, key)
    this.#lazy ??= new Map()
    this.#lazy.set(key, column)
    return column.values.length === 0 ? undefined : column
  }

  attributeAt (key: string, row: number): AttributeValue | undefined {
    return attributeAt(this.attribute(key), row)
  }

  /** The rows for which `keep[row]` is not 0, in order. Returns this batch when that is all of them. */
  filter (keep: Uint8Array): EventBatch {
    let kept = 0
    for (let row = 0; row < this.count; row++) if (keep[row] !== 0) kept++
    if (kept === this.count) return this
    const rows = new Uint32Array(kept)
    for (let row = 0, at = 0; row < this.count; row++) if (keep[row] !== 0) rows[at++] = row
    return this.select(rows)
  }

  /** Exactly `rows`, in that order. */
  select (rows: Uint32Array): EventBatch {
    return this.#derive(rows.length, (array, width) => gather(array, width, rows), index => gatherIndex(index, rows))
  }

  /** Rows `from` to `to` (excluded): views of the same columns, nothing is copied. */
  slice (from: number, to: number): EventBatch {
    const start = Math.max(0, Math.min(from, this.count))
    const end = Math.max(start, Math.min(to, this.count))
    if (start === 0 && end === this.count) return this
    return this.#derive(end - start, (array, width) => narrow(array, width, start, end), index => index.subarray(start, end))
  }

  /** A batch in which column `name` is `array` (one cell a row). */
  withColumn<N extends ColumnName> (name: N, array: ColumnOf<N>): EventBatch {
    return new EventBatch({ ...this.#parts(), columns: { ...this.columns, [name]: array } })
  }

  /** A batch in which attribute `key` is `column`. Marked edited, its raw records no longer go out verbatim. */
  withAttribute (key: string, column: AttributeColumn): EventBatch {
    const attributes = new Map(this.attributes).set(key, column)
    const raw = column.edited ? { ...this.raw, complete: false } : this.raw
    return new EventBatch({ ...this.#parts(), attributes, raw })
  }

  /** A batch in which every row has attribute `key` = `value`. */
  withConstant (key: string, value: AttributeValue): EventBatch {
    return this.withAttribute(key, constantColumn(value, this.count))
  }

  /** A batch with other resources in the same places (`resources[i]` replaces the i-th). */
  withResources (resources: readonly Resource[]): EventBatch {
    const same = resources.every((r, i) => r === this.resources[i])
    return same ? this : new EventBatch({ ...this.#parts(), resources, raw: { ...this.raw, complete: false } })
  }

  /** Bytes this batch keeps alive in columns and raw buffers: what bounds are counted in. */
  get byteLength (): number {
    let bytes = 0
    for (const name of columnNames) bytes += this.columns[name]?.byteLength ?? 0
    for (const column of this.attributes.values()) bytes += column.index.byteLength
    for (const buffer of this.raw.buffers) bytes += buffer.byteLength
    return bytes + this.strings.byteLength
  }

  #derive (count: number, pick: (array: ColumnArray, width: number) => ColumnArray, pickIndex: (index: Uint32Array) => Uint32Array): EventBatch {
    const columns: Partial<Record<ColumnName, ColumnArray>> = {}
    for (const name of columnNames) {
      const array = this.columns[name]
      if (array !== undefined) columns[name] = pick(array, cellsPerRow(name))
    }
    const attributes = new Map<string, AttributeColumn>()
    for (const [key, column] of this.attributes) attributes.set(key, { ...column, index: pickIndex(column.index) })
    return new EventBatch({ ...this.#parts(), count, columns: columns as Columns, attributes, raw: { ...this.raw, complete: false } })
  }

  #parts (): BatchParts {
    const { count, columns, strings, resources, scopes, attributes, raw } = this
    return { count, columns, strings, resources, scopes, attributes, raw }
  }
}

/** Array cells a row takes: byte columns have several. */
export function cellsPerRow (name: ColumnName): number {
  const { storage } = columnSpecs[name]
  return storage === 'b16' ? 16 : storage === 'b8' ? 8 : 1
}

function decodeRawColumn (batch: EventBatch, key: string): AttributeColumn {
  const builder = new AttributeColumnBuilder(batch.count)
  const wanted = Buffer.from(key)
  const { rawEncoding, rawBuffer, rawOffset, rawLength } = batch.columns
  for (let row = 0; row < batch.count; row++) {
    const bytes = batch.raw.buffers[rawBuffer?.[row] ?? 0]
    if (bytes === undefined) continue
    const start = rawOffset?.[row] ?? 0
    const value = orElse(undefined, () => readRawAttribute(bytes, rawEncoding?.[row] ?? 0, start, start + (rawLength?.[row] ?? 0), wanted))
    if (value !== undefined) builder.set(row, value)
  }
  return builder.finish(batch.count, false)
}

/** A batch without rows. */
export const emptyBatch = new EventBatch({
  count: 0,
  columns: { signal: new Uint8Array(), type: new Uint8Array(), severity: new Uint8Array(), timeUnixNano: new BigUint64Array(), resource: new Uint32Array(), scope: new Uint32Array() },
  strings: StringTable.from(['']),
  resources: [emptyResource],
  scopes: [emptyScope],
  attributes: new Map(),
  raw: noRaw
})

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
import { rawAttribute } from './attribute-table.js'
import { AttributeColumnBuilder, attributeAt, constantColumn, type AttributeColumn, type AttributeValue } from './attributes.js'
import { cellsPerRow, columnNames, type ColumnArray, type ColumnName, type ColumnOf, type Columns } from './columns.js'
import { gather, gatherIndex, narrow } from './gather.js'
import type { Origin } from './origin.js'
import { noRaw, type RawStore } from './raw.js'
import { emptyResource, emptyScope, type Resource, type Scope } from './resource.js'
import { EventRow } from './row.js'
import { StringTable } from './strings.js'
import { readRowBytes, type Layout, type Located, type Unread } from './unread.js'

export interface BatchParts {
  readonly count: number
  readonly columns: Columns
  readonly strings: StringTable
  readonly resources: readonly Resource[]
  readonly scopes: readonly Scope[]
  readonly attributes: ReadonlyMap<string, AttributeColumn>
  readonly raw: RawStore
  readonly origin?: Origin | undefined
}

/** A batch whose records have not been read (unread.ts). `located` when somebody has looked where they are. */
export interface UnreadParts {
  readonly count: number
  readonly unread: Unread
  readonly located: Located | undefined
  readonly attributes: ReadonlyMap<string, AttributeColumn>
  readonly raw: RawStore
  readonly origin?: Origin | undefined
}

export class EventBatch implements BatchParts {
  readonly count: number
  readonly raw: RawStore
  /** Attribute columns that are materialised. Ask with `attribute(key)`: it also looks into the raw bytes. */
  readonly attributes: ReadonlyMap<string, AttributeColumn>
  /** The connection all rows came over, when it is one and the receiver was told to keep it. */
  readonly origin: Origin | undefined
  #read: Pick<BatchParts, 'columns' | 'strings'> | undefined
  #located: Located | undefined
  #unread: Unread | undefined
  /** Attribute columns decoded from the raw records so far; batches made from this one inherit them. */
  #decoded: ReadonlyMap<string, AttributeColumn>

  /** `decoded`: attribute columns known to say what the raw records of these rows say. */
  constructor (parts: BatchParts | UnreadParts, decoded: ReadonlyMap<string, AttributeColumn> = nothing) {
    this.count = parts.count
    this.attributes = parts.attributes
    this.raw = parts.raw
    this.origin = parts.origin
    this.#decoded = decoded
    if ('unread' in parts) {
      this.#unread = parts.unread
      this.#located = parts.located
    } else {
      this.#read = { columns: parts.columns, strings: parts.strings }
      this.#located = { layout: parts.columns, resources: parts.resources, scopes: parts.scopes }
    }
  }

  /** All columns. Of a batch that nobody has read, asking reads all its records (about 1 µs each): see `layout`, `oneSignal`. */
  get columns (): Columns { return this.#readAll().columns }

  get strings (): StringTable { return this.#readAll().strings }

  get resources (): readonly Resource[] { return this.#locate().resources }

  get scopes (): readonly Scope[] { return this.#locate().scopes }

  /** The columns signal, resource, scope and raw…: all that is needed to pass records on, without reading them. */
  get layout (): Layout { return this.#locate().layout }

  /** The rows as requests that nobody has read, while that is so. */
  get unread (): Unread | undefined { return this.#unread }

  /** What has been found out about unread rows. */
  get located (): Located | undefined { return this.#located }

  /** The signal (enums.ts) of every row, or undefined when they differ or there are none. */
  get oneSignal (): number | undefined {
    if (this.#unread !== undefined) return this.#unread.signal
    const { signal } = this.columns
    const first = signal[0]
    return signal.every(s => s === first) ? first : undefined
  }

  /** Row `row` as a plain-feeling object whose properties are read from the columns when asked. */
  at (row: number): EventRow {
    if (!Number.isInteger(row) || row < 0 || row >= this.count) throw new RangeError(`row ${row} of a batch of ${this.count}`)
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
    let column = this.attributes.get(key) ?? this.#decoded.get(key)
    if (column === undefined) {
      if (this.layout.rawEncoding === undefined) return undefined
      column = decodeRawColumn(this, key)
      this.#decoded = new Map(this.#decoded).set(key, column)
    }
    return column.values.length === 0 ? undefined : column
  }

  attributeAt (key: string, row: number): AttributeValue | undefined {
    return attributeAt(this.attribute(key), row)
  }

  /** The rows for which `keep[row]` is not 0, in order. Returns this batch when that is all of them. */
  filter (keep: Uint8Array): EventBatch {
    if (keep.length < this.count) throw new RangeError(`${keep.length} answers for ${this.count} rows`)
    let kept = 0
    for (let row = 0; row < this.count; row++) if (keep[row] !== 0) kept++
    if (kept === this.count) return this
    const rows = new Uint32Array(kept)
    for (let row = 0, at = 0; row < this.count; row++) if (keep[row] !== 0) rows[at++] = row
    return this.#gather(rows)
  }

  /** Exactly `rows`, in that order; a row may come twice. Throws RangeError when one is not in the batch. */
  select (rows: Uint32Array): EventBatch {
    for (const row of rows) if (row >= this.count) throw new RangeError(`row ${row} of a batch of ${this.count}`)
    return this.#gather(rows)
  }

  /** Rows `from` to `to` (excluded), clamped to the batch: views of the same columns, nothing is copied. */
  slice (from: number, to: number = this.count): EventBatch {
    const start = Math.max(0, Math.min(Math.trunc(from), this.count))
    const end = Math.max(start, Math.min(Math.trunc(to), this.count))
    if (start === 0 && end === this.count) return this
    return this.#derive(end - start, (array, width) => narrow(array, width, start, end), index => index.subarray(start, end))
  }

  /** A batch in which column `name` is `array` (one cell a row, else RangeError). Raw records do not follow it. */
  withColumn<N extends ColumnName> (name: N, array: ColumnOf<N>): EventBatch {
    this.#expectRows(name, array.length / cellsPerRow(name))
    return new EventBatch({ ...this.#readParts(), columns: { ...this.columns, [name]: array } }, name.startsWith('raw') ? nothing : this.#decoded)
  }

  /** The same for several columns, with `strings` as the table that text columns point into: one that begins with this batch's own. */
  withColumns (columns: Partial<Columns>, strings: StringTable = this.strings): EventBatch {
    for (const name of columnNames) if (columns[name] !== undefined) this.#expectRows(name, columns[name].length / cellsPerRow(name))
    return new EventBatch({ ...this.#readParts(), columns: { ...this.columns, ...columns }, strings }, this.#decoded)
  }

  /** A batch in which attribute `key` is `column`. Marked edited, its raw records no longer go out verbatim. */
  withAttribute (key: string, column: AttributeColumn): EventBatch {
    this.#expectRows(key, column.index.length)
    const attributes = new Map(this.attributes).set(key, column)
    return new EventBatch({ ...this.#parts(), attributes, raw: column.edited ? this.#partial() : this.raw }, this.#decoded)
  }

  /** A batch in which every row has attribute `key` = `value`. */
  withConstant (key: string, value: AttributeValue): EventBatch {
    return this.withAttribute(key, constantColumn(value, this.count))
  }

  /** A batch with other resources in the same places (`resources[i]` replaces the i-th; as many, else RangeError). */
  withResources (resources: readonly Resource[]): EventBatch {
    if (resources.length !== this.resources.length) throw new RangeError(`${resources.length} resources for ${this.resources.length}`)
    const same = resources.every((r, i) => r === this.resources[i])
    if (same) return this
    const raw = this.#partial()
    if (this.#unread === undefined) return new EventBatch({ ...this.#readParts(), resources, raw }, this.#decoded)
    return new EventBatch({ ...this.#unreadParts(this.#unread), located: { ...this.#locate(), resources }, raw }, this.#decoded)
  }

  /** The same rows with another origin. */
  withOrigin (origin: Origin | undefined): EventBatch {
    return new EventBatch({ ...this.#parts(), origin }, this.#decoded)
  }

  /** The same rows, saying that their memory is lent (raw.ts). */
  lent (what: 'buffers' | 'all'): EventBatch {
    return new EventBatch({ ...this.#parts(), raw: { ...this.raw, lent: what } }, this.#decoded)
  }

  /** Bytes this batch keeps alive in columns and raw buffers: what bounds are counted in. Unread rows count as if read. */
  get byteLength (): number {
    let bytes = this.#unread === undefined ? this.#columnBytes() : this.count * readRowBytes
    for (const column of this.attributes.values()) bytes += column.index.byteLength
    for (const buffer of this.raw.buffers) bytes += buffer.byteLength
    return bytes
  }

  #columnBytes (): number {
    let bytes = this.strings.byteLength
    for (const name of columnNames) bytes += this.columns[name]?.byteLength ?? 0
    return bytes
  }

  #locate (): Located {
    return (this.#located ??= (this.#unread as Unread).locate(this.raw.buffers))
  }

  /** Reads the records once; the tables of whoever located them first (and may have replaced a resource) stay. */
  #readAll (): Pick<BatchParts, 'columns' | 'strings'> {
    if (this.#read !== undefined) return this.#read
    const { layout } = this.#locate()
    const { columns, strings } = (this.#unread as Unread).read(this.raw.buffers)
    this.#read = { columns: { ...columns, resource: layout.resource, scope: layout.scope }, strings }
    this.#unread = undefined
    return this.#read
  }

  #gather (rows: Uint32Array): EventBatch {
    return this.#derive(rows.length, (array, width) => gather(array, width, rows), index => gatherIndex(index, rows))
  }

  #derive (count: number, pick: (array: ColumnArray, width: number) => ColumnArray, pickIndex: (index: Uint32Array) => Uint32Array): EventBatch {
    const columns: Partial<Record<ColumnName, ColumnArray>> = {}
    for (const name of columnNames) {
      const array = this.columns[name]
      if (array !== undefined) columns[name] = pick(array, cellsPerRow(name))
    }
    const derive = (from: ReadonlyMap<string, AttributeColumn>): Map<string, AttributeColumn> => {
      const to = new Map<string, AttributeColumn>()
      for (const [key, { index, values, edited }] of from) to.set(key, { index: pickIndex(index), values, edited })
      return to
    }
    return new EventBatch({ ...this.#readParts(), count, columns: columns as Columns, attributes: derive(this.attributes), raw: this.#partial() }, derive(this.#decoded))
  }

  /** The same bytes, no longer a whole request of just these rows. */
  #partial (): RawStore {
    return this.raw.complete ? { ...this.raw, complete: false } : this.raw
  }

  #expectRows (what: string, found: number): void {
    if (found !== this.count) throw new RangeError(`${what} has ${found} cells for a batch of ${this.count} rows`)
  }

  #parts (): BatchParts | UnreadParts {
    return this.#unread === undefined ? this.#readParts() : this.#unreadParts(this.#unread)
  }

  #readParts (): BatchParts {
    const { count, columns, strings, resources, scopes, attributes, raw, origin } = this
    return { count, columns, strings, resources, scopes, attributes, raw, origin }
  }

  #unreadParts (unread: Unread): UnreadParts {
    return { count: this.count, unread, located: this.#located, attributes: this.attributes, raw: this.raw, origin: this.origin }
  }
}

const nothing: ReadonlyMap<string, AttributeColumn> = new Map()


function decodeRawColumn (batch: EventBatch, key: string): AttributeColumn {
  const builder = new AttributeColumnBuilder(batch.count)
  const wanted = Buffer.from(key)
  for (let row = 0; row < batch.count; row++) {
    const value = rawAttribute(row, wanted, batch.layout, batch.raw.buffers)
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

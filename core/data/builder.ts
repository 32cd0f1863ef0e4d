/**
 * Builds one batch, either row by row from plain objects (`append`) or column by column by a decoder that knows its row
 * count (`rows(n)`, then writes into `column(name)`). One builder makes one batch.
 */
import { attributesField } from '../otlp/records.js'
import type { Attributes, AttributeValue } from './attributes.js'
import { AttributeTable } from './attribute-table.js'
import { EventBatch } from './batch.js'
import { plainCells, putHex, putNumber, putWide, slotOf, type Cell } from './cells.js'
import { absentColumn, cellsPerRow, columnNames, requiredColumns, type ColumnArray, type ColumnName, type ColumnOf, type Columns } from './columns.js'
import { EventType, Signal, type EventTypeName, type SignalName } from './enums.js'
import type { EventIds } from './ids.js'
import { noRaw, type RawStore } from './raw.js'
import { asResource, asScope, emptyResource, emptyScope, ItemTable, type Resource, type Scope, type ScopeInput } from './resource.js'
import type { UnifiedEvent } from './row.js'
import { StringTable } from './strings.js'

/** A record as received. */
export interface RawInput {
  readonly encoding: number
  readonly bytes: Uint8Array
  /**
   * Attribute keys for which the event's `attributes` are right and the bytes are not (a key that is not in `attributes`
   * was removed). Left out: all keys of `attributes`, when the bytes are OTLP and so have attributes of their own.
   */
  readonly edited?: readonly string[]
}

/** What `append` takes: any UnifiedEvent field; a shared Resource or Scope object is cheaper than plain ones. */
export type EventInput = Partial<Omit<UnifiedEvent, 'resource' | 'scope' | 'attributes' | 'signal' | 'type'>> & {
  readonly signal?: SignalName
  readonly type?: EventTypeName
  readonly resource?: Resource | Attributes
  readonly scope?: Scope | ScopeInput
  readonly attributes?: Attributes
  readonly raw?: RawInput
}

export class BatchBuilder {
  count = 0
  readonly #arrays: (ColumnArray | undefined)[] = columnNames.map(() => undefined)
  readonly #strings: string[] = ['']
  readonly #stringIndex = new Map<string, number>([['', 0]])
  readonly #resources = new ItemTable(emptyResource)
  readonly #scopes = new ItemTable(emptyScope)
  readonly #attributes: AttributeTable
  readonly #rawChunks: Uint8Array[] = []
  #rawLength = 0
  #capacity: number
  #finished = false

  /** `capacity` rows are allocated at once; appending more doubles it. */
  constructor (capacity = 64) {
    this.#capacity = Math.max(1, capacity)
    this.#attributes = new AttributeTable(this.#capacity)
    for (const name of requiredColumns) this.column(name)
  }

  /** The array of a column, `capacity` rows long. Valid until `append` or `rows` grows the builder. */
  column<N extends ColumnName> (name: N): ColumnOf<N> {
    const slot = slotOf[name]
    return (this.#arrays[slot] ??= absentColumn(name, this.#capacity)) as ColumnOf<N>
  }

  /** Declares that rows up to `count` are written through `column`. */
  rows (count: number): void {
    this.#reserve(count)
    this.count = count
  }

  /** The index of `text` in the batch's string table. */
  intern (text: string): number {
    const known = this.#stringIndex.get(text)
    if (known !== undefined) return known
    const index = this.#strings.push(text) - 1
    this.#stringIndex.set(text, index)
    return index
  }

  /** Like `intern` without looking for a twin: for texts that rarely have one (log bodies). */
  text (text: string): number { return this.#strings.push(text) - 1 }

  /** The index of `resource` in the batch's table; equal ones share it. */
  resource (resource: Resource): number { return this.#resources.place(resource) }

  /** The index of `scope` in the batch's table; equal ones share it. */
  scope (scope: Scope): number { return this.#scopes.place(scope) }

  /**
   * Gives a row an attribute. A key given to one row must be given to every row that has it, also in raw bytes that come
   * with `finish`: its column is then the whole truth. To change what raw bytes say, use `EventBatch.withAttribute`.
   */
  attribute (row: number, key: string, value: AttributeValue): void {
    this.#attributes.set(row, key, value)
  }

  /** Adds one event; returns its row. Unknown names are ignored; a value that its column cannot hold is left out. */
  append (event: EventInput): number {
    if (this.#finished) throw new Error('the batch is finished; use another builder')
    const row = this.count
    this.#reserve(row + 1)
    this.count = row + 1
    this.column('signal')[row] = Signal[event.signal ?? 'events']
    this.column('type')[row] = EventType[event.type ?? 'unknown']
    if (event.resource !== undefined) this.column('resource')[row] = this.resource(asResource(event.resource))
    if (event.scope !== undefined) this.column('scope')[row] = this.scope(asScope(event.scope))
    for (const key in event) {
      const cell = plainCells.get(key)
      if (cell !== undefined) this.#put(cell, row, event[key as keyof EventInput])
    }
    if (event.attributes !== undefined) this.#attributes.setAll(row, event.attributes)
    if (event.raw !== undefined) this.#putRaw(row, event.raw, event.attributes)
    return row
  }

  /** The batch. `raw` replaces the bytes given to `append`; `ids` gives an id to every row that has none. */
  finish (options: { readonly raw?: RawStore, readonly ids?: EventIds } = {}): EventBatch {
    if (this.#finished) throw new Error('the batch is finished; use another builder')
    this.#finished = true
    options.ids?.fillMissing(this.column('id'), this.count)
    const columns: Partial<Record<ColumnName, ColumnArray>> = {}
    columnNames.forEach((name, slot) => {
      const array = this.#arrays[slot]
      if (array !== undefined) columns[name] = array.subarray(0, this.count * cellsPerRow(name))
    })
    const own = this.#rawChunks.length === 0 ? noRaw : { buffers: [Buffer.concat(this.#rawChunks)], complete: false }
    return new EventBatch({
      count: this.count,
      columns: columns as Columns,
      strings: StringTable.from(this.#strings),
      resources: this.#resources.items,
      scopes: this.#scopes.items,
      attributes: this.#attributes.finish(this.count, columns as Columns, own.buffers),
      raw: options.raw ?? own
    })
  }

  #putRaw (row: number, raw: RawInput, attributes: Attributes = {}): void {
    this.column('rawEncoding')[row] = raw.encoding
    this.column('rawBuffer')
    this.column('rawOffset')[row] = this.#rawLength
    this.column('rawLength')[row] = raw.bytes.length
    this.#rawChunks.push(raw.bytes)
    this.#rawLength += raw.bytes.length
    const edited = raw.edited ?? (attributesField(raw.encoding) === 0 ? [] : Object.keys(attributes))
    for (const key of edited) this.#attributes.markEdited(row, key)
  }

  #put (cell: Cell, row: number, value: unknown): void {
    if (value === undefined || value === null) return
    const array = this.#arrays[cell.slot] ?? this.column(cell.name)
    switch (cell.storage) {
      case 'string': (array as Uint32Array)[row] = this.intern(typeof value === 'string' ? value : String(value)); return
      case 'u64': putWide(array as BigUint64Array, row, value); return
      case 'b8': putHex(array as Uint8Array, row, 8, value); return
      case 'b16': putHex(array as Uint8Array, row, 16, value); return
      default: putNumber(array as Uint8Array, row, cell, value)
    }
  }

  #reserve (rows: number): void {
    if (rows <= this.#capacity) return
    this.#capacity = Math.max(rows, this.#capacity * 2)
    columnNames.forEach((name, slot) => {
      const old = this.#arrays[slot]
      if (old === undefined) return
      const grown = absentColumn(name, this.#capacity)
      new Uint8Array(grown.buffer).set(new Uint8Array(old.buffer, old.byteOffset, old.byteLength))
      this.#arrays[slot] = grown
    })
  }
}

/**
 * Builds one batch, either row by row from plain objects (`append`) or column by column by a decoder that knows its row
 * count (`rows(n)`, then writes into `column(name)`). Use one builder for one batch.
 */
import { AttributeColumnBuilder, type AttributeColumn, type Attributes, type AttributeValue } from './attributes.js'
import { EventBatch, cellsPerRow } from './batch.js'
import { columnSpecs, makeColumn, requiredColumns, widths, type ColumnArray, type ColumnName, type ColumnOf, type Columns, type Storage } from './columns.js'
import { EventType, Signal, type EventTypeName, type SignalName } from './enums.js'
import type { EventIds } from './ids.js'
import { noRaw, type RawStore } from './raw.js'
import { Resource, Scope, emptyResource, emptyScope } from './resource.js'
import type { UnifiedEvent } from './row.js'
import { StringTable } from './strings.js'

/** What `append` takes: any UnifiedEvent field; `resource` may be a shared Resource, `raw` the record's bytes. */
export type EventInput = Partial<Omit<UnifiedEvent, 'resource' | 'scope' | 'attributes' | 'signal' | 'type'>> & {
  readonly signal?: SignalName
  readonly type?: EventTypeName
  readonly resource?: Resource | Attributes
  readonly scope?: Scope | { readonly name: string, readonly version?: string }
  readonly attributes?: Attributes
  readonly raw?: { readonly encoding: number, readonly bytes: Uint8Array }
}

export class BatchBuilder {
  count = 0
  readonly #columns: Partial<Record<ColumnName, ColumnArray>> = {}
  readonly #strings: string[] = ['']
  readonly #stringIndex = new Map<string, number>([['', 0]])
  readonly #resources: Resource[] = [emptyResource]
  readonly #resourceIndex = new Map<string | Resource, number>([[emptyResource, 0]])
  readonly #scopes: Scope[] = [emptyScope]
  readonly #scopeIndex = new Map<string | Scope, number>([[emptyScope, 0]])
  readonly #attributes = new Map<string, AttributeColumnBuilder>()
  readonly #rawChunks: Uint8Array[] = []
  #rawLength = 0
  #capacity: number

  /** `capacity` rows are allocated at once; appending more doubles it. */
  constructor (capacity = 64) {
    this.#capacity = Math.max(1, capacity)
    for (const name of requiredColumns) this.column(name)
  }

  /** The array of a column, `capacity` rows long. Valid until `append` grows the builder. */
  column<N extends ColumnName> (name: N): ColumnOf<N> {
    let array = this.#columns[name]
    if (array === undefined) {
      const { storage, absent } = columnSpecs[name]
      array = makeColumn(storage as Storage, this.#capacity)
      if (absent !== 0 && !(array instanceof BigUint64Array)) array.fill(absent)
      this.#columns[name] = array
    }
    return array as ColumnOf<N>
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
  text (text: string): number {
    return this.#strings.push(text) - 1
  }

  resource (resource: Resource): number {
    return place(resource, this.#resources, this.#resourceIndex)
  }

  scope (scope: Scope): number {
    return place(scope, this.#scopes, this.#scopeIndex)
  }

  /** Adds an attribute that the raw bytes do not hold. */
  attribute (row: number, key: string, value: AttributeValue): void {
    let column = this.#attributes.get(key)
    if (column === undefined) {
      column = new AttributeColumnBuilder(this.#capacity)
      this.#attributes.set(key, column)
    }
    column.set(row, value)
  }

  /** Adds one event; returns its row. Unknown names are ignored, wrong types become the column's cell conversion. */
  append (event: EventInput): number {
    const row = this.count
    this.#reserve(row + 1)
    this.count = row + 1
    this.column('signal')[row] = Signal[event.signal ?? 'events']
    this.column('type')[row] = EventType[event.type ?? 'unknown']
    if (event.resource !== undefined) this.column('resource')[row] = this.resource(asResource(event.resource))
    if (event.scope !== undefined) this.column('scope')[row] = this.scope(asScope(event.scope))
    for (const key in event) if (isPlainColumn(key)) this.#put(key, row, event[key as keyof EventInput])
    if (event.attributes !== undefined) for (const [key, value] of Object.entries(event.attributes)) this.attribute(row, key, value)
    if (event.raw !== undefined) this.#putRaw(row, event.raw.encoding, event.raw.bytes)
    return row
  }

  /** The batch. `raw` replaces the bytes given to `append`; `ids` fills the ids of rows that have none. */
  finish (options: { readonly raw?: RawStore, readonly ids?: EventIds } = {}): EventBatch {
    if (options.ids !== undefined && this.#columns.id === undefined) options.ids.fill(this.column('id'), 0, this.count)
    const columns: Partial<Record<ColumnName, ColumnArray>> = {}
    for (const [name, array] of Object.entries(this.#columns) as [ColumnName, ColumnArray][]) {
      columns[name] = array.subarray(0, this.count * cellsPerRow(name))
    }
    const attributes = new Map<string, AttributeColumn>()
    for (const [key, builder] of this.#attributes) attributes.set(key, builder.finish(this.count, false))
    const raw = options.raw ?? (this.#rawChunks.length === 0 ? noRaw : { buffers: [Buffer.concat(this.#rawChunks)], complete: false })
    return new EventBatch({ count: this.count, columns: columns as Columns, strings: StringTable.from(this.#strings), resources: this.#resources, scopes: this.#scopes, attributes, raw })
  }

  #putRaw (row: number, encoding: number, bytes: Uint8Array): void {
    this.column('rawEncoding')[row] = encoding
    this.column('rawBuffer')
    this.column('rawOffset')[row] = this.#rawLength
    this.column('rawLength')[row] = bytes.length
    this.#rawChunks.push(bytes)
    this.#rawLength += bytes.length
  }

  #put (name: ColumnName, row: number, value: unknown): void {
    if (value === undefined || value === null) return
    const array = this.column(name)
    switch (columnSpecs[name].storage) {
      case 'string': array[row] = this.intern(String(value)); return
      case 'u64': (array as BigUint64Array)[row] = typeof value === 'bigint' ? value : BigInt(Math.trunc(Number(value))); return
      case 'b8': putHex(array as Uint8Array, row, 8, String(value)); return
      case 'b16': putHex(array as Uint8Array, row, 16, String(value)); return
      default: array[row] = Number(value)
    }
  }

  #reserve (rows: number): void {
    if (rows <= this.#capacity) return
    const capacity = Math.max(rows, this.#capacity * 2)
    for (const [name, old] of Object.entries(this.#columns) as [ColumnName, ColumnArray][]) {
      const { storage, absent } = columnSpecs[name]
      const grown = makeColumn(storage as Storage, capacity)
      if (absent !== 0 && !(grown instanceof BigUint64Array)) grown.fill(absent)
      new Uint8Array(grown.buffer).set(new Uint8Array(old.buffer, old.byteOffset, this.#capacity * widths[storage]))
      this.#columns[name] = grown
    }
    this.#capacity = capacity
  }
}

const special = new Set(['signal', 'type', 'resource', 'scope', 'attributes', 'raw', 'rawEncoding', 'rawBuffer', 'rawOffset', 'rawLength'])
const isPlainColumn = (key: string): key is ColumnName => Object.hasOwn(columnSpecs, key) && !special.has(key)

function place<T extends { readonly key: string }> (item: T, table: T[], index: Map<string | T, number>): number {
  const at = index.get(item) ?? index.get(item.key)
  if (at !== undefined) return at
  const made = table.push(item) - 1
  index.set(item, made)
  index.set(item.key, made)
  return made
}

function asResource (resource: Resource | Attributes): Resource {
  return resource instanceof Resource ? resource : new Resource(undefined, resource)
}

function asScope (scope: Scope | { readonly name: string, readonly version?: string }): Scope {
  return scope instanceof Scope ? scope : new Scope(undefined, { name: scope.name, version: scope.version ?? '', attributes: {} })
}

function putHex (array: Uint8Array, row: number, width: number, hex: string): void {
  if (hex.length !== width * 2 || !/^[0-9a-f]*$/i.test(hex)) throw new TypeError(`expected ${width * 2} hex digits, found "${hex}"`)
  Buffer.from(array.buffer, array.byteOffset + row * width, width).write(hex, 'hex')
}

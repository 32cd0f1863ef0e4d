/**
 * Many batches as one. Columns are copied one after the other, string tables merged, equal resources and scopes shared;
 * raw buffers are only listed, not copied.
 */
import type { AttributeColumn, AttributeValue } from './attributes.js'
import { EventBatch, emptyBatch } from './batch.js'
import { cellsPerRow, columnNames, columnSpecs, makeColumn, type ColumnArray, type ColumnName, type Columns, type Storage } from './columns.js'
import { sameOrigin, type Origin } from './origin.js'
import type { RawStore } from './raw.js'
import { ItemTable, emptyResource, emptyScope, type Resource, type Scope } from './resource.js'
import { StringTable } from './strings.js'
import type { Layout, Located, Unread } from './unread.js'

/** A row's raw buffer is a u16, so a batch can list this many. */
const maxRawBuffers = 65535

/** All rows of `batches` in order. One batch comes back as it is. Throws RangeError beyond 65535 raw buffers. */
export function concat (batches: readonly EventBatch[]): EventBatch {
  const parts = batches.filter(b => b.count > 0)
  if (parts.length <= 1) return parts[0] ?? emptyBatch
  const count = parts.reduce((n, b) => n + b.count, 0)
  const buffers = parts.flatMap(b => b.raw.buffers)
  if (buffers.length > maxRawBuffers) throw new RangeError(`${buffers.length} raw buffers in one batch; at most ${maxRawBuffers}`)
  const unread = parts.map(b => b.unread)
  if (unread.every(u => u !== undefined && u.signal === unread[0]?.signal)) return concatUnread(parts, unread as Unread[], count)
  const strings = new StringMerger()
  const resources = new ItemTable(emptyResource)
  const scopes = new ItemTable(emptyScope)
  const maps = parts.map(b => ({ strings: strings.add(b.strings), ...placeTables(b, resources, scopes) }))
  const columns: Partial<Record<ColumnName, ColumnArray>> = {}
  for (const name of columnNames) {
    if (parts.every(b => b.columns[name] === undefined)) continue
    columns[name] = joinColumn(name, parts, count, maps)
  }
  shiftRawBuffers(columns, parts)
  return new EventBatch({
    count,
    columns: columns as Columns,
    strings: strings.finish(),
    resources: resources.items,
    scopes: scopes.items,
    attributes: joinAttributes(parts, count),
    raw: { buffers, complete: parts.every(b => b.raw.complete) && oneSignal(parts), ...lentOf(parts) },
    origin: sharedOrigin(parts)
  })
}

/** Nobody has read the rows: where that is enough, only the list of their requests grows. */
function concatUnread (parts: readonly EventBatch[], unread: readonly Unread[], count: number): EventBatch {
  const complete = parts.every(b => b.raw.complete)
  return new EventBatch({
    count,
    unread: (unread[0] as Unread).join(unread.slice(1)),
    // Once a record or a resource was changed the requests no longer say all.
    located: complete ? undefined : joinLocated(parts, count),
    attributes: joinAttributes(parts, count),
    raw: { buffers: parts.flatMap(b => b.raw.buffers), complete, ...lentOf(parts) },
    origin: sharedOrigin(parts)
  })
}

function lentOf (parts: readonly EventBatch[]): Pick<RawStore, 'lent'> {
  const lent = parts.some(b => b.raw.lent === 'all') ? 'all' : parts.find(b => b.raw.lent !== undefined)?.raw.lent
  return lent === undefined ? {} : { lent }
}

const layoutColumns = ['signal', 'resource', 'scope', 'rawEncoding', 'rawBuffer', 'rawOffset', 'rawLength'] as const

function joinLocated (parts: readonly EventBatch[], count: number): Located {
  const resources = new ItemTable(emptyResource)
  const scopes = new ItemTable(emptyScope)
  const maps = parts.map(b => ({ strings: noStrings, ...placeTables(b, resources, scopes) }))
  const layout: Partial<Record<ColumnName, ColumnArray>> = {}
  for (const name of layoutColumns) layout[name] = joinColumn(name, parts.map(b => ({ count: b.count, columns: b.layout })), count, maps)
  shiftRawBuffers(layout, parts)
  return { layout: layout as Layout, resources: resources.items, scopes: scopes.items }
}

const noStrings = new Uint32Array()

function placeTables (batch: EventBatch, resources: ItemTable<Resource>, scopes: ItemTable<Scope>): Pick<Remap, 'resources' | 'scopes'> {
  return { resources: Uint32Array.from(batch.resources, r => resources.place(r)), scopes: Uint32Array.from(batch.scopes, s => scopes.place(s)) }
}

function sharedOrigin (parts: readonly EventBatch[]): Origin | undefined {
  const first = parts[0]?.origin
  return parts.every(b => sameOrigin(b.origin, first)) ? first : undefined
}

/** A verbatim request holds one signal. */
function oneSignal (parts: readonly EventBatch[]): boolean {
  const first = parts[0]?.layout.signal[0]
  return parts.every(b => b.layout.signal[0] === first)
}

type Remap = Record<'strings' | 'resources' | 'scopes', Uint32Array>

interface Part { readonly count: number, readonly columns: Partial<Columns> }

function joinColumn (name: ColumnName, parts: readonly Part[], count: number, maps: readonly Remap[]): ColumnArray {
  const { storage, absent } = columnSpecs[name]
  const out = makeColumn(storage as Storage, count)
  const table = storage === 'string' ? 'strings' : name === 'resource' ? 'resources' : name === 'scope' ? 'scopes' : undefined
  const width = cellsPerRow(name)
  let row = 0
  parts.forEach((batch, i) => {
    const array = batch.columns[name]
    if (array === undefined) {
      if (absent !== 0 && !(out instanceof BigUint64Array)) out.fill(absent, row, row + batch.count)
    } else if (table === undefined) copyCells(out, array, row * width)
    else translate(out as Uint32Array, array as Uint32Array, row, (maps[i] as Remap)[table])
    row += batch.count
  })
  return out
}

/** Both arrays are of the same kind: they come from the same column. */
function copyCells (out: ColumnArray, array: ColumnArray, at: number): void {
  if (out instanceof BigUint64Array) out.set(array as BigUint64Array, at)
  else out.set(array as Exclude<ColumnArray, BigUint64Array>, at)
}

function translate (out: Uint32Array, array: Uint32Array, at: number, map: Uint32Array): void {
  for (let i = 0; i < array.length; i++) out[at + i] = map[array[i] as number] as number
}

function shiftRawBuffers (columns: Partial<Record<ColumnName, ColumnArray>>, parts: readonly EventBatch[]): void {
  if (columns.rawEncoding === undefined) return
  const out = (columns.rawBuffer ??= new Uint16Array(columns.rawEncoding.length)) as Uint16Array
  let row = 0
  let base = 0
  for (const batch of parts) {
    for (let i = 0; i < batch.count; i++) out[row + i] = (batch.layout.rawBuffer?.[i] ?? 0) + base
    row += batch.count
    base += batch.raw.buffers.length
  }
}

function joinAttributes (parts: readonly EventBatch[], count: number): Map<string, AttributeColumn> {
  const joined = new Map<string, AttributeColumn>()
  const keys = new Set(parts.flatMap(b => [...b.attributes.keys()]))
  for (const key of keys) {
    const edited = parts.some(b => b.attributes.get(key)?.edited === true)
    const index = new Uint32Array(count)
    const values: AttributeValue[] = []
    let row = 0
    for (const batch of parts) {
      // A column is the whole truth for its key, so parts without one must bring what their raw bytes hold.
      const column = batch.attribute(key)
      if (column !== undefined) {
        for (let i = 0; i < batch.count; i++) {
          const at = column.index[i] as number
          index[row + i] = at === 0 ? 0 : at + values.length
        }
        for (const value of column.values) values.push(value)
      }
      row += batch.count
    }
    joined.set(key, { index, values, edited })
  }
  return joined
}

/** One table of the distinct strings of several. */
class StringMerger {
  readonly #items = ['']
  readonly #index = new Map<string, number>([['', 0]])

  /** Where each string of `table` is in the merged one. */
  add (table: StringTable): Uint32Array {
    const places = new Uint32Array(table.length)
    for (let i = 0; i < places.length; i++) places[i] = this.#place(table.at(i))
    return places
  }

  #place (text: string): number {
    const known = this.#index.get(text)
    if (known !== undefined) return known
    const at = this.#items.push(text) - 1
    this.#index.set(text, at)
    return at
  }

  finish (): StringTable { return StringTable.from(this.#items) }
}

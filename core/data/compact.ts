/**
 * Gives up what no row points at any more, when that is most of what a batch keeps: a filter that leaves ten rows of five
 * thousand shares all tables and bytes of its source, which is free until it is written, queued or kept for long.
 */
import type { AttributeColumn, AttributeValue } from './attributes.js'
import { EventBatch, type BatchParts } from './batch.js'
import { columnNames, columnSpecs, type ColumnArray, type ColumnName, type Columns } from './columns.js'
import type { Resource, Scope } from './resource.js'

/** The batch itself, or one of the same rows without the raw bytes, strings, resources, scopes and values they do not use. */
export function compact (batch: EventBatch): EventBatch {
  // Unread rows are all the records of their requests: there is nothing to give up.
  if (batch.unread !== undefined) return batch
  const parts = compactTables(compactRaw(batch))
  return parts === batch ? batch : new EventBatch(parts)
}

/** Raw bytes: unchanged when at least half of them belong to the rows, else copied into one buffer. */
function compactRaw (batch: BatchParts): BatchParts {
  const { rawEncoding, rawOffset, rawLength } = batch.columns
  let held = 0
  for (const buffer of batch.raw.buffers) held += buffer.length
  if (held === 0 || batch.raw.complete) return batch
  let live = 0
  if (rawEncoding !== undefined) for (let row = 0; row < batch.count; row++) if (rawEncoding[row] !== 0) live += rawLength?.[row] ?? 0
  if (live * 2 >= held) return batch
  const bytes = Buffer.allocUnsafeSlow(live)
  const offsets = new Uint32Array(batch.count)
  let at = 0
  for (let row = 0; row < batch.count; row++) {
    offsets[row] = at
    if ((rawEncoding?.[row] ?? 0) === 0) continue
    const start = rawOffset?.[row] ?? 0
    const stop = start + (rawLength?.[row] ?? 0)
    const record = batch.raw.buffers[batch.columns.rawBuffer?.[row] ?? 0]?.subarray(start, stop)
    if (record !== undefined) bytes.set(record, at)
    at += stop - start
  }
  const columns = { ...batch.columns, ...(rawEncoding === undefined ? {} : { rawBuffer: new Uint16Array(batch.count), rawOffset: offsets }) }
  return { ...pick(batch), columns, raw: { buffers: live === 0 ? [] : [bytes], complete: false } }
}

/**
 * Tables with more entries than the batch has rows are looked through (which costs less than copying them); one of which
 * less than half is used is written anew.
 */
function compactTables (batch: BatchParts): BatchParts {
  const columns: Partial<Record<ColumnName, ColumnArray>> = { ...batch.columns }
  const strings = shrink(batch.strings.length, batch.count, stringColumns, columns, batch.strings.length > batch.count && batch.strings.byteLength > heavyBytes)
  const resources = shrink(batch.resources.length, batch.count, ['resource'], columns)
  const scopes = shrink(batch.scopes.length, batch.count, ['scope'], columns)
  const attributes = compactAttributes(batch.attributes, batch.count)
  if (strings === undefined && resources === undefined && scopes === undefined && attributes === batch.attributes) return batch
  return {
    ...pick(batch),
    columns: columns as Columns,
    strings: strings === undefined ? batch.strings : batch.strings.select(strings),
    resources: resources === undefined ? batch.resources : resources.map(i => batch.resources[i] as Resource),
    scopes: scopes === undefined ? batch.scopes : scopes.map(i => batch.scopes[i] as Scope),
    attributes
  }
}

/** The entries of a table to keep, after renumbering the columns `names` in `columns`; undefined when it stays as it is. */
function shrink (length: number, rows: number, names: readonly ColumnName[], columns: Partial<Record<ColumnName, ColumnArray>>, heavy = false): number[] | undefined {
  if (length <= rows || (length < worthwhile && !heavy)) return undefined
  const kept = used(names.map(name => columns[name] as Uint32Array | undefined), length)
  if (kept === undefined) return undefined
  for (const name of names) {
    const index = columns[name]
    if (index !== undefined) columns[name] = renumber(index as Uint32Array, kept.moved)
  }
  return kept.entries
}

/** Smaller tables are cheaper to write than to look through. */
const worthwhile = 256

/** … unless their few entries are long texts. */
const heavyBytes = 16 * 1024

const stringColumns = columnNames.filter(name => columnSpecs[name].storage === 'string')

function compactAttributes (attributes: ReadonlyMap<string, AttributeColumn>, count: number): ReadonlyMap<string, AttributeColumn> {
  let smaller: Map<string, AttributeColumn> | undefined
  for (const [key, column] of attributes) {
    if (column.values.length <= count || column.values.length < worthwhile) continue
    const kept = used([column.index], column.values.length + 1)
    if (kept === undefined) continue
    const values = kept.entries.slice(1).map(i => column.values[i - 1] as AttributeValue)
    smaller = (smaller ?? new Map(attributes)).set(key, { index: renumber(column.index, kept.moved), values, edited: column.edited })
  }
  return smaller ?? attributes
}

/**
 * Which entries of a table of `length` the `indexes` point at, in their old order, and where each goes; undefined when that
 * is half of them or more. Entry 0 stays: it is what "none" points at.
 */
function used (indexes: readonly (Uint32Array | undefined)[], length: number): { entries: number[], moved: Uint32Array } | undefined {
  const marks = new Uint8Array(length)
  marks[0] = 1
  for (const index of indexes) if (index !== undefined) for (let i = 0; i < index.length; i++) marks[index[i] as number] = 1
  const entries: number[] = []
  const moved = new Uint32Array(length)
  for (let i = 0; i < length; i++) if (marks[i] === 1) moved[i] = entries.push(i) - 1
  return entries.length * 2 < length ? { entries, moved } : undefined
}

function renumber (index: Uint32Array, moved: Uint32Array): Uint32Array {
  const out = new Uint32Array(index.length)
  for (let i = 0; i < index.length; i++) out[i] = moved[index[i] as number] as number
  return out
}

function pick ({ count, columns, strings, resources, scopes, attributes, raw, origin }: BatchParts): BatchParts {
  return { count, columns, strings, resources, scopes, attributes, raw, origin }
}

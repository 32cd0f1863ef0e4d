/**
 * UnifiedEvent: one event as a plain object, and EventRow: the same properties read lazily from a batch. Property names
 * are the column names; an absent value is undefined.
 */
import type { EventBatch } from './batch.js'
import { eventTypes, metricKinds, signals, spanKinds, severityName, type EventTypeName, type SeverityName, type SignalName } from './enums.js'
import { columnNames, columnSpecs, type ColumnName, type StorageOf } from './columns.js'
import type { AttributeValue, Attributes } from './attributes.js'
import type { Resource, Scope } from './resource.js'

interface ValueOf { u8: number, u16: number, u32: number, i32: number, u64: bigint, f32: number, f64: number, string: string, b8: string, b16: string }

type Special = 'signal' | 'type' | 'resource' | 'scope' | 'rawEncoding' | 'rawBuffer' | 'rawOffset' | 'rawLength'

type ColumnValues = { [N in Exclude<ColumnName, Special>]?: ValueOf[StorageOf<N>] }

/** Times are bigint nanoseconds; ids are lower-case hex. */
export interface UnifiedEvent extends ColumnValues {
  readonly signal: SignalName
  readonly type: EventTypeName
  readonly resource: Attributes
  readonly scope?: { readonly name: string, readonly version: string }
  readonly attributes: Attributes
}

const hidden: readonly ColumnName[] = ['signal', 'type', 'resource', 'scope', 'rawEncoding', 'rawBuffer', 'rawOffset', 'rawLength']
const plainColumns = columnNames.filter(n => !hidden.includes(n)) as Exclude<ColumnName, Special>[]

/** One row of a batch. Cheap to make; reading a property reads the column. */
export class EventRow {
  constructor (readonly batch: EventBatch, readonly row: number) {}

  get signal (): SignalName { return signals[this.batch.columns.signal[this.row] as number] ?? 'events' }
  get type (): EventTypeName { return eventTypes[this.batch.columns.type[this.row] as number] ?? 'unknown' }
  get severityName (): SeverityName { return severityName(this.batch.columns.severity[this.row] as number) }
  get spanKindName (): string { return spanKinds[this.get('spanKind') ?? 0] ?? 'unspecified' }
  get metricKindName (): string { return metricKinds[this.get('metricKind') ?? 0] ?? 'none' }
  get resource (): Resource { return this.batch.resources[this.batch.columns.resource[this.row] as number] as Resource }
  get scope (): Scope { return this.batch.scopes[this.batch.columns.scope[this.row] as number] as Scope }

  /** The value of one column in this row, or undefined. */
  get<N extends Exclude<ColumnName, Special>> (name: N): ValueOf[StorageOf<N>] | undefined {
    return readCell(this.batch, name, this.row) as ValueOf[StorageOf<N>] | undefined
  }

  attribute (key: string): AttributeValue | undefined { return this.batch.attributeAt(key, this.row) }

  /** The bytes as received, or undefined: a view, not a copy. */
  get raw (): Uint8Array | undefined {
    const { rawEncoding, rawBuffer, rawOffset, rawLength } = this.batch.columns
    if (rawEncoding === undefined || rawEncoding[this.row] === 0) return undefined
    const start = rawOffset?.[this.row] ?? 0
    return this.batch.raw.buffers[rawBuffer?.[this.row] ?? 0]?.subarray(start, start + (rawLength?.[this.row] ?? 0))
  }

  /** The row as an object of its own, without the attributes that only the raw bytes hold. */
  toObject (): UnifiedEvent {
    const out: Record<string, unknown> = { signal: this.signal, type: this.type }
    for (const name of plainColumns) {
      const value = readCell(this.batch, name, this.row)
      if (value !== undefined) out[name] = value
    }
    const attributes: Record<string, AttributeValue> = {}
    for (const key of this.batch.attributes.keys()) {
      const value = this.batch.attributeAt(key, this.row)
      if (value !== undefined) attributes[key] = value
    }
    const { name, version } = this.scope
    return { ...out, resource: this.resource.attributes, ...(name === '' ? {} : { scope: { name, version } }), attributes } as unknown as UnifiedEvent
  }
}

function readCell (batch: EventBatch, name: ColumnName, row: number): unknown {
  const column = batch.columns[name]
  if (column === undefined) return undefined
  const { storage, absent } = columnSpecs[name]
  switch (storage) {
    case 'string': return batch.text(column as Uint32Array, row) || undefined
    case 'b8': return hexCell(column as Uint8Array, row, 8)
    case 'b16': return hexCell(column as Uint8Array, row, 16)
    case 'u64': return column[row] === 0n ? undefined : column[row]
    default: return Object.is(column[row], absent) && name !== 'severity' ? undefined : column[row]
  }
}

function hexCell (column: Uint8Array, row: number, width: number): string | undefined {
  const start = row * width
  for (let i = start; i < start + width; i++) {
    if (column[i] !== 0) return Buffer.from(column.buffer, column.byteOffset + start, width).toString('hex')
  }
  return undefined
}

/**
 * UnifiedEvent: one event as a plain object, and EventRow: the same properties read lazily from a batch. Property names
 * are the column names; an absent value is undefined.
 */
import { attributesField } from '../otlp/records.js'
import { decodeAttributes, orElse } from '../otlp/wire.js'
import type { EventBatch } from './batch.js'
import { eventTypes, metricKinds, signals, spanKinds, severityName, type EventTypeName, type SeverityName, type SignalName } from './enums.js'
import { columnSpecs, type ColumnArray, type ColumnName, type StorageOf } from './columns.js'
import { attributeAt, setOwn, type AttributeValue, type Attributes } from './attributes.js'
import { plainCells } from './cells.js'
import type { Resource, Scope } from './resource.js'

interface ValueOf { u8: number, u16: number, u32: number, i32: number, u64: bigint, f32: number, f64: number, string: string, b8: string, b16: string }

type Special = 'signal' | 'type' | 'resource' | 'scope' | 'rawEncoding' | 'rawBuffer' | 'rawOffset' | 'rawLength'

type ColumnValues = { [N in Exclude<ColumnName, Special>]?: ValueOf[StorageOf<N>] }

/** Times are bigint nanoseconds; ids are lower-case hex. */
export interface UnifiedEvent extends ColumnValues {
  readonly signal: SignalName
  readonly type: EventTypeName
  readonly resource: Attributes
  readonly scope?: { readonly name: string, readonly version: string, readonly attributes?: Attributes }
  readonly attributes: Attributes
}

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
    const column: ColumnArray | undefined = this.batch.columns[name]
    return column === undefined ? undefined : readCell(this.batch, name, column, this.row) as ValueOf[StorageOf<N>] | undefined
  }

  attribute (key: string): AttributeValue | undefined { return this.batch.attributeAt(key, this.row) }

  /** The bytes as received, or undefined: a view, not a copy. */
  get raw (): Uint8Array | undefined {
    const { rawEncoding, rawBuffer, rawOffset, rawLength } = this.batch.columns
    if (rawEncoding === undefined || rawEncoding[this.row] === 0) return undefined
    const start = rawOffset?.[this.row] ?? 0
    return this.batch.raw.buffers[rawBuffer?.[this.row] ?? 0]?.subarray(start, start + (rawLength?.[this.row] ?? 0))
  }

  /**
   * All attributes: those that the raw record holds, with what Tapio edited in their place. Decodes the record: ask for one
   * with `attribute` when one is enough.
   */
  allAttributes (): { [key: string]: AttributeValue } {
    const { raw, row } = this
    const field = attributesField(this.batch.columns.rawEncoding?.[row] ?? 0)
    const all = raw === undefined || field === 0 ? {} : { ...orElse({}, () => decodeAttributes(raw, field)) }
    for (const [key, column] of this.batch.attributes) {
      const value = attributeAt(column, row)
      if (value !== undefined) setOwn(all, key, value)
      else if (column.edited) Reflect.deleteProperty(all, key)
    }
    return all
  }

  /** The row as an object of its own, without the attributes that only the raw bytes hold. */
  toObject (): UnifiedEvent {
    const { batch, row } = this
    const out: Record<string, unknown> = { signal: this.signal, type: this.type }
    for (const { name } of plainCells.values()) {
      const column = batch.columns[name]
      if (column === undefined) continue
      const value = readCell(batch, name, column, row)
      if (value !== undefined) out[name] = value
    }
    out.resource = this.resource.attributes
    const { scope } = this
    if (!scope.isEmpty) out.scope = scope.toObject()
    const attributes: Record<string, AttributeValue> = {}
    for (const [key, { index, values }] of batch.attributes) {
      const at = index[row] as number
      if (at !== 0) setOwn(attributes, key, values[at - 1] as AttributeValue)
    }
    out.attributes = attributes
    return out as unknown as UnifiedEvent
  }
}

function readCell (batch: EventBatch, name: ColumnName, column: ColumnArray, row: number): unknown {
  const { storage, absent } = columnSpecs[name]
  switch (storage) {
    case 'string': return batch.strings.at(column[row] as number) || undefined
    case 'b8': return hexCell(column as Uint8Array, row, 8)
    case 'b16': return hexCell(column as Uint8Array, row, 16)
    case 'u64': return column[row] === 0n ? undefined : column[row]
    default: return Object.is(column[row], absent) && name !== 'severity' ? undefined : column[row]
  }
}

const scratch = Buffer.alloc(16)

function hexCell (column: Uint8Array, row: number, width: number): string | undefined {
  const start = row * width
  let any = 0
  for (let i = 0; i < width; i++) any |= scratch[i] = column[start + i] as number
  return any === 0 ? undefined : scratch.toString('hex', 0, width)
}

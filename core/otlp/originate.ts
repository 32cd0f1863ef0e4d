/**
 * Rows that never were OTLP (Tapio's own events, kernel, Kubernetes) as LogRecords, by OpenTelemetry's own serialiser.
 * What the log data model has a field for goes there; every other column becomes an attribute, under its semantic
 * convention where there is one, else `tapio.<column>`.
 */
import { createRequire } from 'node:module'
import type { ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer'
import type { AttributeValue } from '../data/attributes.js'
import type { EventBatch } from '../data/batch.js'
import { columnNames, columnSpecs, type ColumnName } from '../data/columns.js'
import { spanKinds, type EventTypeName } from '../data/enums.js'
import type { EventRow } from '../data/row.js'
import { WireReader } from './wire.js'

const require = createRequire(import.meta.url)

/** Loaded when the first row needs it: 5 MB in each thread, and most pipelines carry only what already is OTLP. */
let serializer: typeof ProtobufLogsSerializer | undefined
const serialize = (): typeof ProtobufLogsSerializer =>
  serializer ??= (require('@opentelemetry/otlp-transformer') as { ProtobufLogsSerializer: typeof ProtobufLogsSerializer }).ProtobufLogsSerializer

type Records = Parameters<typeof ProtobufLogsSerializer.serializeRequest>[0]
type LogRecord = Records[number]

/** Columns that are fields of a LogRecord, or only say where a row is. */
const fields = new Set<ColumnName>(['signal', 'type', 'severity', 'timeUnixNano', 'observedTimeUnixNano', 'resource', 'scope', 'name', 'message',
  'traceId', 'spanId', 'traceFlags', 'spanKind', 'rawEncoding', 'rawBuffer', 'rawOffset', 'rawLength'])

type PlainColumn = Parameters<EventRow['get']>[0]
const attributeColumns = columnNames.filter(n => !fields.has(n)) as PlainColumn[]

/** LogRecord i of `bytes` is that of the i-th row: [starts[i], ends[i]). */
export interface OriginatedRecords { readonly bytes: Buffer, readonly starts: readonly number[], readonly ends: readonly number[] }

export function originateLogRecords (batch: EventBatch, rows: readonly number[]): OriginatedRecords {
  // One resource and scope for all: the records are taken out of this request and framed with their own.
  const shared = { resource: { attributes: {} }, instrumentationScope: { name: '' } }
  const bytes = serialize().serializeRequest(rows.map(row => ({ ...shared, ...toLogRecord(batch.at(row)) }) as LogRecord))
  return bytes === undefined ? { bytes: Buffer.alloc(0), starts: [], ends: [] } : find(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
}

function toLogRecord (row: EventRow): Partial<LogRecord> {
  const name = row.get('name')
  const traceId = row.get('traceId')
  const spanId = row.get('spanId')
  return {
    hrTime: hrTime(row.get('timeUnixNano')),
    hrTimeObserved: hrTime(row.get('observedTimeUnixNano')),
    severityNumber: row.get('severity') ?? 0,
    body: row.get('message'),
    droppedAttributesCount: 0,
    attributes: attributesOf(row) as LogRecord['attributes'],
    ...(name === undefined ? {} : { eventName: name }),
    ...(traceId === undefined && spanId === undefined ? {} : { spanContext: { traceId: traceId ?? '', spanId: spanId ?? '', traceFlags: row.get('traceFlags') ?? 0 } })
  }
}

function attributesOf (row: EventRow): Record<string, unknown> {
  const type: EventTypeName = row.type
  const out: Record<string, unknown> = { 'tapio.signal': row.signal, 'tapio.type': type }
  const kind = row.get('spanKind')
  if (kind !== undefined) out['tapio.span_kind'] = spanKinds[kind] ?? String(kind)
  for (const name of attributeColumns) {
    const value = row.get(name)
    if (value !== undefined) out[attributeName(name)] = plain(value)
  }
  for (const key of row.batch.attributes.keys()) {
    const value = row.attribute(key)
    if (value !== undefined) out[key] = plain(value)
  }
  return out
}

/** The attribute under which a column leaves: `pid` is `process.pid`, `cgroupId` is `tapio.cgroup_id`. */
export function attributeName (name: ColumnName): string {
  const spec: { readonly semconv?: string } = columnSpecs[name]
  return spec.semconv ?? `tapio.${name.replace(/[A-Z]/g, c => `_${c.toLowerCase()}`)}`
}

/** The serialiser writes no bigint: one that a number holds exactly becomes that number, a larger one its digits. */
function plain (value: AttributeValue): unknown {
  if (typeof value === 'bigint') return BigInt(Number(value)) === value && value <= 9007199254740991n && value >= -9007199254740991n ? Number(value) : value.toString()
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]))
}

function hrTime (unixNano: bigint | undefined): [number, number] {
  const nanos = unixNano ?? 0n
  return [Number(nanos / 1_000_000_000n), Number(nanos % 1_000_000_000n)]
}

/** The records of the one scope of the one resource of a request. */
function find (bytes: Buffer): OriginatedRecords {
  const starts: number[] = []
  const ends: number[] = []
  const r = new WireReader(bytes)
  const enter = (depth: number, stop: number): void => {
    const outer = r.end
    r.end = stop
    for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
      if (tag !== (depth === 0 ? 10 : 18)) { r.skip(tag); continue }
      const end = r.span()
      if (depth < 2) { enter(depth + 1, end); continue }
      starts.push(r.pos)
      ends.push(end)
      r.pos = end
    }
    r.end = outer
  }
  enter(0, bytes.length)
  return { bytes, starts, ends }
}

/** The unread rows of a batch (core/data/unread.ts) whose requests are OTLP traces, logs or metrics. */
import { EventBatch } from '../data/batch.js'
import { BatchBuilder } from '../data/builder.js'
import type { Columns } from '../data/columns.js'
import { EventType, Signal } from '../data/enums.js'
import { fillFrom } from '../data/ids.js'
import type { Origin } from '../data/origin.js'
import { emptyResource, emptyScope, ItemTable } from '../data/resource.js'
import type { StringTable } from '../data/strings.js'
import type { Located, RequestHead, Unread } from '../data/unread.js'
import { LogReader } from './log-records.js'
import { locateRecords, type Places } from './locate.js'
import { MetricReader } from './metrics.js'
import { readSeverities } from './severities.js'
import { signalFacts, type OtlpSignal } from './signals.js'
import { SpanReader } from './spans.js'
import { WireReader } from './wire.js'

export type RecordSignal = Exclude<OtlpSignal, 'profiles'>

/** Reads one record into one row. The reader stands at the record's start, its end is the record's. */
interface RecordReader {
  read(r: WireReader, row: number): void
}

const readers: Readonly<Record<RecordSignal, new (bytes: Uint8Array, builder: BatchBuilder) => RecordReader>> = { traces: SpanReader, logs: LogReader, metrics: MetricReader }
const eventTypes = { traces: EventType.span, logs: EventType.log, metrics: EventType.metric } as const

export class UnreadRecords implements Unread {
  readonly signal: number
  readonly items: number
  readonly rows: number

  /** The buffers of the batch must have passed quickCheck, or the careful reader, with these numbers. */
  constructor (readonly name: RecordSignal, readonly requests: readonly RequestHead[]) {
    this.signal = Signal[name]
    this.items = requests.reduce((n, r) => n + r.items, 0)
    this.rows = requests.reduce((n, r) => n + r.rows, 0)
  }

  locate (buffers: readonly Uint8Array[]): Located {
    const places = new PlaceTable(this.rows)
    this.#locateInto(places, buffers)
    const { rawOffset, rawLength, rawBuffer, resource, scope } = places.columns
    const signal = new Uint8Array(this.rows).fill(this.signal)
    const rawEncoding = new Uint8Array(this.rows).fill(signalFacts[this.name].rawEncoding)
    return { layout: { signal, resource, scope, rawEncoding, rawBuffer, rawOffset, rawLength }, resources: places.resources.items, scopes: places.scopes.items }
  }

  read (buffers: readonly Uint8Array[]): { readonly columns: Columns, readonly strings: StringTable } {
    const builder = new BatchBuilder(this.rows)
    builder.rows(this.rows)
    this.#locateInto(builder, buffers)
    this.#fillConstants(builder)
    const offsets = builder.column('rawOffset')
    const lengths = builder.column('rawLength')
    let row = 0
    this.requests.forEach((request, i) => {
      const bytes = buffers[i] as Uint8Array
      const records = new readers[this.name](bytes, builder)
      const r = new WireReader(bytes)
      for (const to = row + request.rows; row < to; row++) {
        r.pos = offsets[row] as number
        r.end = r.pos + (lengths[row] as number)
        records.read(r, row)
      }
    })
    const { columns, strings } = builder.finish()
    return { columns, strings }
  }

  severities (buffers: readonly Uint8Array[]): Uint8Array {
    const severities = new Uint8Array(this.rows)
    let row = 0
    for (const buffer of buffers) row = readSeverities(this.name, buffer, severities, row)
    return severities
  }

  join (others: readonly Unread[]): Unread {
    return new UnreadRecords(this.name, [this, ...others].flatMap(u => u.requests))
  }

  #locateInto (places: Places, buffers: readonly Uint8Array[]): void {
    const bufferOf = places.column('rawBuffer')
    let row = 0
    this.requests.forEach((request, i) => {
      bufferOf.fill(i, row, row + request.rows)
      locateRecords(buffers[i] as Uint8Array, signalFacts[this.name], places, row)
      row += request.rows
    })
  }

  #fillConstants (builder: BatchBuilder): void {
    builder.column('signal').fill(this.signal)
    builder.column('type').fill(eventTypes[this.name])
    builder.column('rawEncoding').fill(signalFacts[this.name].rawEncoding)
    const ids = builder.column('id')
    const observed = builder.column('observedTimeUnixNano')
    const source = builder.column('source')
    let row = 0
    for (const request of this.requests) {
      const to = row + request.rows
      source.fill(builder.intern(request.source), row, to)
      observed.fill(request.observedTimeUnixNano, row, to)
      fillFrom(request.firstId, ids, row, to)
      row = to
    }
  }
}

/** What locateRecords fills in when nobody wants the other columns. */
class PlaceTable implements Places {
  readonly resources = new ItemTable(emptyResource)
  readonly scopes = new ItemTable(emptyScope)
  readonly columns

  constructor (rows: number) {
    this.columns = { resource: new Uint32Array(rows), scope: new Uint32Array(rows), rawOffset: new Uint32Array(rows), rawLength: new Uint32Array(rows), rawBuffer: new Uint16Array(rows) }
  }

  column<N extends keyof PlaceTable['columns']> (name: N): PlaceTable['columns'][N] { return this.columns[name] }
  resource: Places['resource'] = resource => this.resources.place(resource)
  scope: Places['scope'] = scope => this.scopes.place(scope)
}

/** A batch of one request that has been checked and not read. It keeps `bytes`, which must not change afterwards. */
export function unreadBatch (signal: RecordSignal, bytes: Uint8Array, head: RequestHead, origin?: Origin): EventBatch {
  return new EventBatch({
    count: head.rows, unread: new UnreadRecords(signal, [head]), located: undefined, attributes: new Map(), raw: { buffers: [bytes], complete: true }, origin
  })
}

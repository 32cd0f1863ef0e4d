/**
 * Batches to export requests. Bytes that came in as OTLP go out as they came:
 *
 *   raw.complete                          the buffers themselves, verbatim
 *   rows dropped, moved, joined           the same records, framed anew with their resources and scopes
 *   attributes edited (column.edited)     the record with just those keys replaced (patch.ts)
 *   resource edited                       its envelope with just those keys replaced
 *   no OTLP bytes                         a LogRecord (originate.ts), in the logs request
 *
 * Columns are not written back: what a processor puts into `severity` is for Tapio, the record says what its sender said.
 */
import type { AttributeColumn } from '../data/attributes.js'
import type { EventBatch } from '../data/batch.js'
import { RawEncoding, signals } from '../data/enums.js'
import type { Resource, Scope } from '../data/resource.js'
import { writeRequest, type RecordList, type ResourceRun } from './frame.js'
import { originateLogRecords } from './originate.js'
import { patchRecord, resourceEnvelope } from './patch.js'
import type { OtlpSignal } from './signals.js'
import { encodeScopeEnvelope } from './values.js'
import { orElse } from './wire.js'

export interface FramedRequest {
  readonly signal: OtlpSignal
  /** The request's bytes, in pieces that follow each other: no copy is made only to join them. */
  readonly chunks: readonly Uint8Array[]
  readonly byteLength: number
  /** The rows of the batch that are in it, ascending. */
  readonly rows: Uint32Array
  /** What OTLP counts: spans, log records, data points, profiles. */
  readonly items: number
}

/** The requests that hold all rows of `batch`: one a signal, except that every profiles row is one of its own. */
export function frameExportRequests (batch: EventBatch): FramedRequest[] {
  if (batch.count === 0) return []
  const bySignal = rowsBySignal(batch)
  if (batch.raw.complete && bySignal.size === 1 && !bySignal.has('profiles')) {
    const [[signal, rows]] = bySignal as unknown as [[OtlpSignal, Uint32Array]]
    return [finish(batch, signal, rows, batch.raw.buffers)]
  }
  const requests: FramedRequest[] = []
  for (const [signal, rows] of bySignal) {
    if (signal === 'profiles') for (const row of rows) requests.push(finish(batch, signal, Uint32Array.of(row), [batch.at(row).raw as Uint8Array]))
    else requests.push(finish(batch, signal, rows, [new Framer(batch, rows).write()]))
  }
  return requests
}

const signalsOfEncodings: Readonly<Record<number, OtlpSignal>> = {
  [RawEncoding.otlpSpan]: 'traces', [RawEncoding.otlpMetric]: 'metrics', [RawEncoding.otlpLogRecord]: 'logs', [RawEncoding.otlpProfile]: 'profiles'
}

function rowsBySignal (batch: EventBatch): Map<OtlpSignal, Uint32Array> {
  if (batch.unread !== undefined) return new Map([[signals[batch.unread.signal] as OtlpSignal, allRows(batch.count)]])
  const { rawEncoding } = batch.layout
  const rows = new Map<OtlpSignal, number[]>()
  for (let row = 0; row < batch.count; row++) {
    const signal = signalsOfEncodings[rawEncoding?.[row] ?? 0] ?? 'logs'
    const list = rows.get(signal)
    if (list === undefined) rows.set(signal, [row])
    else list.push(row)
  }
  return new Map(Array.from(rows, ([signal, list]) => [signal, Uint32Array.from(list)]))
}

function allRows (count: number): Uint32Array {
  const rows = new Uint32Array(count)
  for (let row = 0; row < count; row++) rows[row] = row
  return rows
}

function finish (batch: EventBatch, signal: OtlpSignal, rows: Uint32Array, chunks: readonly Uint8Array[]): FramedRequest {
  const byteLength = chunks.reduce((n, c) => n + c.length, 0)
  return { signal, chunks, byteLength, rows, items: itemCount(batch, signal, rows) }
}

/** How many items OTLP counts in `rows`; left out = in all. */
export function itemCount (batch: EventBatch, signal: OtlpSignal, rows?: Uint32Array): number {
  const count = rows?.length ?? batch.count
  if (signal !== 'metrics' && signal !== 'profiles') return count
  if (batch.unread !== undefined && count === batch.count) return batch.unread.items
  const { dataPointCount } = batch.columns
  let items = 0
  for (let i = 0; i < count; i++) items += dataPointCount?.[rows?.[i] ?? i] ?? 1
  return items
}

/** Gathers the records and runs of one request. */
class Framer {
  readonly #records: RecordList = { buffers: [], starts: [], ends: [] }
  readonly #runs: ResourceRun[] = []
  readonly #resources = new Map<number, Uint8Array>()
  readonly #scopes = new Map<number, Uint8Array>()
  readonly #edited: Map<string, AttributeColumn>
  readonly #buffers: Buffer[]

  constructor (readonly batch: EventBatch, readonly rows: Uint32Array) {
    this.#edited = new Map([...batch.attributes].filter(([, column]) => column.edited))
    this.#buffers = batch.raw.buffers.map(b => Buffer.from(b.buffer, b.byteOffset, b.byteLength))
  }

  write (): Buffer {
    this.#gatherRecords()
    this.#gatherRuns()
    return writeRequest(this.#runs, this.#records)
  }

  #gatherRecords (): void {
    const { rawEncoding } = this.batch.layout
    const own = [...this.rows].filter(row => signalsOfEncodings[rawEncoding?.[row] ?? 0] === undefined)
    const originated = own.length === 0 ? undefined : originateLogRecords(this.batch, own)
    let next = 0
    for (const row of this.rows) {
      if (originated !== undefined && signalsOfEncodings[rawEncoding?.[row] ?? 0] === undefined) {
        this.#add(originated.bytes, originated.starts[next] as number, originated.ends[next] as number)
        next++
      } else this.#addRaw(row)
    }
  }

  #addRaw (row: number): void {
    const { rawEncoding, rawBuffer, rawOffset, rawLength } = this.batch.layout
    const buffer = this.#buffers[rawBuffer?.[row] ?? 0] as Buffer
    const start = rawOffset?.[row] ?? 0
    const end = start + (rawLength?.[row] ?? 0)
    // Bytes from a damaged document may be malformed; they then go out as they are, for the other side to judge.
    const patched = this.#edited.size === 0 ? undefined : orElse(undefined, () => patchRecord(buffer, start, end, rawEncoding?.[row] ?? 0, this.#edited, row))
    if (patched === undefined) this.#add(buffer, start, end)
    else this.#add(Buffer.from(patched.buffer, patched.byteOffset, patched.byteLength), 0, patched.length)
  }

  #add (buffer: Buffer, start: number, end: number): void {
    this.#records.buffers.push(buffer)
    this.#records.starts.push(start)
    this.#records.ends.push(end)
  }

  /** Consecutive records of one resource, and within it of one scope, share an envelope; order is never changed. */
  #gatherRuns (): void {
    const { resource, scope } = this.batch.layout
    const { rows } = this
    for (let from = 0; from < rows.length;) {
      const r = resource[rows[from] as number] as number
      const s = scope[rows[from] as number] as number
      let to = from + 1
      while (to < rows.length && resource[rows[to] as number] === r && scope[rows[to] as number] === s) to++
      const run = { envelope: this.#scopeEnvelope(s), from, to, bytes: 0 }
      if (from > 0 && resource[rows[from - 1] as number] === r) (this.#runs.at(-1) as ResourceRun).scopes.push(run)
      else this.#runs.push({ envelope: this.#resourceEnvelope(r), scopes: [run], bytes: 0 })
      from = to
    }
  }

  #resourceEnvelope (index: number): Uint8Array {
    const resource = this.batch.resources[index] as Resource
    return remember(this.#resources, index, () => orElse(resource.envelope ?? new Uint8Array(), () => resourceEnvelope(resource)))
  }

  #scopeEnvelope (index: number): Uint8Array {
    const scope = this.batch.scopes[index] as Scope
    return remember(this.#scopes, index, () => scope.envelope ?? encodeScopeEnvelope(scope))
  }
}

function remember<V> (known: Map<number, V>, key: number, make: () => V): V {
  const value = known.get(key) ?? make()
  known.set(key, value)
  return value
}

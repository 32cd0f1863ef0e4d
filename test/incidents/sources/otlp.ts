/** Spans and log records as an SDK sends them: OTLP bytes, read by the code of the otlp receiver. */
import type { EventBatch } from '../../../core/data/batch.js'
import { EventIds } from '../../../core/data/ids.js'
import { jsonToProtobuf } from '../../../core/otlp/json-decode.js'
import { readExportRequest } from '../../../core/otlp/reader.js'

export type Attributes = Readonly<Record<string, string | number | boolean>>

export interface SpanDraft {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: 'server' | 'client' | 'internal'
  readonly startMs: number
  readonly endMs: number
  readonly attributes: Attributes
  /** A failed span's message. */
  readonly error?: string
  readonly exception?: { readonly type: string, readonly message: string }
}

export interface LogDraft {
  readonly timeMs: number
  readonly severity: number
  readonly severityText: string
  readonly body: string
  readonly attributes?: Attributes
  readonly traceId?: string
  readonly spanId?: string
}

const kinds = { internal: 1, server: 2, client: 3 } as const

export class OtlpSource {
  readonly #ids: EventIds
  constructor (idPrefix: string) { this.#ids = new EventIds(Buffer.from(idPrefix, 'hex')) }

  /** One export request of one resource. */
  spans (resource: Attributes, spans: readonly SpanDraft[], atMs: number): EventBatch {
    const scopeSpans = [{ scope: { name: '@opentelemetry/instrumentation-http', version: '0.203.0' }, spans: spans.map(spanJson) }]
    return this.#read('traces', { resourceSpans: [{ resource: { attributes: attributesJson(resource) }, scopeSpans }] }, atMs)
  }

  logs (resource: Attributes, logs: readonly LogDraft[], atMs: number): EventBatch {
    const scopeLogs = [{ scope: { name: 'app' }, logRecords: logs.map(logJson) }]
    return this.#read('logs', { resourceLogs: [{ resource: { attributes: attributesJson(resource) }, scopeLogs }] }, atMs)
  }

  #read (signal: 'traces' | 'logs', request: object, atMs: number): EventBatch {
    const encoded = jsonToProtobuf(signal, Buffer.from(JSON.stringify(request)))
    if (!encoded.ok) throw new Error(encoded.error)
    const read = readExportRequest(signal, encoded.bytes, { ids: this.#ids, observedTimeUnixNano: BigInt(Math.round(atMs)) * 1_000_000n })
    if (!read.ok) throw new Error(read.error)
    return read.batch
  }
}

function spanJson ({ traceId, spanId, parentSpanId, name, kind, startMs, endMs, attributes, error, exception }: SpanDraft): object {
  return {
    traceId, spanId, ...(parentSpanId === undefined ? {} : { parentSpanId }), name, kind: kinds[kind], flags: 1,
    startTimeUnixNano: nanos(startMs), endTimeUnixNano: nanos(endMs), attributes: attributesJson(attributes),
    ...(exception === undefined ? {} : { events: [{ timeUnixNano: nanos(endMs), name: 'exception', attributes: attributesJson({ 'exception.type': exception.type, 'exception.message': exception.message }) }] }),
    ...(error === undefined ? {} : { status: { code: 2, message: error } })
  }
}

function logJson ({ timeMs, severity, severityText, body, attributes = {}, traceId, spanId }: LogDraft): object {
  return {
    timeUnixNano: nanos(timeMs), observedTimeUnixNano: nanos(timeMs), severityNumber: severity, severityText, body: { stringValue: body }, attributes: attributesJson(attributes),
    ...(traceId === undefined ? {} : { traceId, spanId, flags: 1 })
  }
}

function attributesJson (attributes: Attributes): object[] {
  return Object.entries(attributes).map(([key, value]) => ({
    key, value: typeof value === 'string' ? { stringValue: value } : typeof value === 'boolean' ? { boolValue: value } : Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  }))
}

const nanos = (ms: number): string => String(BigInt(Math.round(ms * 1000)) * 1000n)

/**
 * The few fields of a Span or LogRecord that tell whether anybody should look at it, read from its bytes: a fifth of the cost of
 * columns, and nothing is made. What is asked for afterwards (`text`, `attributes`, …) is decoded then, of the record read last.
 * The bytes have been checked by the receiver; damaged ones throw WireError.
 */
import type { Attributes } from '../data/attributes.js'
import { RawEncoding } from '../data/enums.js'
import { enumCell, maxSeverity } from './cells.js'
import { attributesField } from './records.js'
import { valueText } from './value-text.js'
import { decodeAttributes, readAnyValue, WireReader } from './wire.js'

export class RecordScan {
  /** Milliseconds since the epoch; 0 = not said. */
  timeMs = 0
  endMs = 0
  observedMs = 0
  /** SpanKind, Status.code; SeverityNumber. */
  kind = 0
  statusCode = 0
  severity = 0
  /** Of span ids: 53 of their bits; 0 = none. For tables whose rare mistake does no harm. */
  spanKey = 0
  parentKey = 0
  readonly #r: WireReader
  #buffer: Buffer | undefined
  #encoding = 0
  #start = 0
  #end = 0
  #traceAt = 0
  #spanAt = 0
  #parentAt = 0
  #nameAt = 0
  #nameEnd = 0
  /** Of a span: where its Status is; of a log record: its body. */
  #textAt = 0
  #textEnd = 0

  constructor (readonly bytes: Uint8Array) { this.#r = new WireReader(bytes) }

  span (start: number, end: number): void {
    const r = this.#begin(RawEncoding.otlpSpan, start, end)
    for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
      switch (tag) {
        case 10: { const stop = r.span(); this.#traceAt = stop - r.pos === 16 ? r.pos : 0; r.pos = stop; break }
        case 18: this.spanKey = this.#id(r); this.#spanAt = this.spanKey === 0 ? 0 : r.pos - 8; break
        case 34: this.parentKey = this.#id(r); this.#parentAt = this.parentKey === 0 ? 0 : r.pos - 8; break
        case 42: { const stop = r.span(); this.#nameAt = r.pos; this.#nameEnd = r.pos = stop; break }
        case 48: r.varint(); this.kind = enumCell(r, 0xff); break
        case 57: r.fixed64(); this.timeMs = (r.high * 4294967296 + r.low) / 1e6; break
        case 65: r.fixed64(); this.endMs = (r.high * 4294967296 + r.low) / 1e6; break
        case 122: { const stop = r.span(); this.#textAt = r.pos; this.#textEnd = stop; this.#status(stop); r.pos = stop; break }
        default: r.skip(tag)
      }
    }
  }

  log (start: number, end: number): void {
    const r = this.#begin(RawEncoding.otlpLogRecord, start, end)
    for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
      switch (tag) {
        case 9: r.fixed64(); this.timeMs = (r.high * 4294967296 + r.low) / 1e6; break
        case 16: r.varint(); this.severity = enumCell(r, maxSeverity); break
        case 42: { const stop = r.span(); this.#textAt = r.pos; this.#textEnd = r.pos = stop; break }
        case 74: { const stop = r.span(); this.#traceAt = stop - r.pos === 16 ? r.pos : 0; r.pos = stop; break }
        case 82: this.spanKey = this.#id(r); this.#spanAt = this.spanKey === 0 ? 0 : r.pos - 8; break
        case 89: r.fixed64(); this.observedMs = (r.high * 4294967296 + r.low) / 1e6; break
        case 98: { const stop = r.span(); this.#nameAt = r.pos; this.#nameEnd = r.pos = stop; break }
        default: r.skip(tag)
      }
    }
  }

  /** A span's name; a log record's event name. */
  get name (): string { return this.#at(this.#nameAt, this.#nameEnd).text(this.#nameEnd) }

  /** Lower-case hex; '' when there is none. */
  get traceId (): string { return this.#hex(this.#traceAt, 16) }
  get spanId (): string { return this.#hex(this.#spanAt, 8) }
  get parentSpanId (): string { return this.#hex(this.#parentAt, 8) }

  /** A span's status message; a log record's body as columns have it. */
  get text (): string {
    if (this.#textEnd === 0) return ''
    if (this.#encoding === RawEncoding.otlpLogRecord) return valueText(readAnyValue(this.#at(this.#textAt, this.#textEnd), this.#textEnd))
    const r = this.#at(this.#textAt, this.#textEnd)
    let text = ''
    for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
      if (tag === 18) text = r.text(r.span())
      else r.skip(tag)
    }
    return text
  }

  attributes (): Attributes { return decodeAttributes(this.bytes, attributesField(this.#encoding), this.#start, this.#end) }

  /** Of a span's last exception event, `type: message`; '' when it has none. */
  exception (): string {
    const r = this.#at(this.#start, this.#end)
    let found = ''
    for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
      if (tag !== 90) { r.skip(tag); continue }
      const stop = r.span()
      const { 'exception.type': type, 'exception.message': message } = decodeAttributes(this.bytes, 3, r.pos, stop)
      if (typeof message === 'string' || typeof type === 'string') found = [type, message].filter(t => typeof t === 'string' && t !== '').join(': ')
      r.pos = stop
    }
    return found
  }

  #begin (encoding: number, start: number, end: number): WireReader {
    this.#encoding = encoding
    this.#start = start
    this.#end = end
    this.timeMs = this.endMs = this.observedMs = this.kind = this.statusCode = this.severity = this.spanKey = this.parentKey = 0
    this.#traceAt = this.#spanAt = this.#parentAt = this.#nameAt = this.#nameEnd = this.#textAt = this.#textEnd = 0
    return this.#at(start, end)
  }

  #at (start: number, end: number): WireReader {
    this.#r.pos = start
    this.#r.end = end
    return this.#r
  }

  #status (stop: number): void {
    const r = this.#r
    const outer = r.end
    r.end = stop
    for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
      if (tag === 24) { r.varint(); this.statusCode = enumCell(r, 0xff) } else r.skip(tag)
    }
    r.end = outer
  }

  #id (r: WireReader): number {
    const stop = r.span()
    if (stop - r.pos !== 8) { r.pos = stop; return 0 }
    r.fixed64()
    return idKey(r.low, r.high)
  }

  #hex (at: number, width: number): string {
    if (at <= 0) return ''
    const { bytes } = this
    for (let i = at; i < at + width; i++) {
      if (bytes[i] !== 0) return (this.#buffer ??= Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)).toString('hex', at, at + width)
    }
    return ''
  }
}

/** Of the two little-endian words of a span id. */
export function idKey (low: number, high: number): number { return high * 2097152 + (low >>> 11) }

/** Span to columns. Attributes, events and links are checked and stay bytes. */
import type { BatchBuilder } from '../data/builder.js'
import { words } from '../data/columns.js'
import { Severity } from '../data/enums.js'
import { enumCell, putDuration, putId, putWords } from './cells.js'
import { checkField } from './check.js'
import { ByteInterner } from './interner.js'
import { recordDepth } from './locate.js'
import { messageType } from './schema.js'
import type { WireReader } from './wire.js'

const span = messageType('Span')
const status = messageType('Status')
const statusError = 2

export class SpanReader {
  readonly #start: Uint32Array
  readonly #duration: Uint32Array
  readonly #severity: Uint8Array
  readonly #name: Uint32Array
  readonly #traceId: Uint8Array
  readonly #spanId: Uint8Array
  readonly #parentSpanId: Uint8Array
  readonly #flags: Uint8Array
  readonly #kind: Uint8Array
  readonly #statusCode: Uint8Array
  readonly #statusMessage: Uint32Array
  readonly #names: ByteInterner

  constructor (bytes: Uint8Array, b: BatchBuilder) {
    this.#start = words(b.column('timeUnixNano'))
    this.#duration = words(b.column('durationNano'))
    this.#severity = b.column('severity')
    this.#name = b.column('name')
    this.#traceId = b.column('traceId')
    this.#spanId = b.column('spanId')
    this.#parentSpanId = b.column('parentSpanId')
    this.#flags = b.column('traceFlags')
    this.#kind = b.column('spanKind')
    this.#statusCode = b.column('statusCode')
    this.#statusMessage = b.column('statusMessage')
    this.#names = new ByteInterner(bytes, b)
  }

  read (r: WireReader, row: number): void {
    let endLow = 0
    let endHigh = 0
    for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
      switch (tag) {
        case 10: putId(r, r.span(), this.#traceId, row, 16); break
        case 18: putId(r, r.span(), this.#spanId, row, 8); break
        case 34: putId(r, r.span(), this.#parentSpanId, row, 8); break
        case 42: { const stop = r.span(); this.#name[row] = this.#names.intern(r.pos, stop); r.pos = stop; break }
        case 48: r.varint(); this.#kind[row] = enumCell(r, 0xff); break
        case 57: r.fixed64(); putWords(r, this.#start, row); break
        case 65: r.fixed64(); endLow = r.low; endHigh = r.high; break
        case 122: this.#readStatus(r, r.span(), row); break
        case 133: this.#flags[row] = r.fixed32() & 0xff; break
        default: checkField(r, tag, span, recordDepth)
      }
    }
    putDuration(this.#start, endLow, endHigh, this.#duration, row)
    this.#severity[row] = this.#statusCode[row] === statusError ? Severity.error : Severity.info
  }

  #readStatus (r: WireReader, stop: number, row: number): void {
    const outer = r.end
    r.end = stop
    for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
      switch (tag) {
        case 18: { const end = r.span(); this.#statusMessage[row] = this.#names.intern(r.pos, end); r.pos = end; break }
        case 24: r.varint(); this.#statusCode[row] = enumCell(r, 0xff); break
        default: checkField(r, tag, status, recordDepth + 1)
      }
    }
    r.end = outer
  }
}

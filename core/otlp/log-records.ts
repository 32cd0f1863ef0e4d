/** LogRecord to columns. The body becomes text; attributes are checked and stay bytes. */
import type { BatchBuilder } from '../data/builder.js'
import { words } from '../data/columns.js'
import { enumCell, maxSeverity, putId, putWords } from './cells.js'
import { checkField, checkMessage } from './check.js'
import { ByteInterner } from './interner.js'
import { recordDepth } from './locate.js'
import { messageType } from './schema.js'
import { valueText } from './value-text.js'
import { readAnyValue, WireReader } from './wire.js'

const logRecord = messageType('LogRecord')
const anyValue = messageType('AnyValue')

export class LogReader {
  readonly #time: Uint32Array
  readonly #observed: Uint32Array
  readonly #severity: Uint8Array
  readonly #name: Uint32Array
  readonly #message: Uint32Array
  readonly #traceId: Uint8Array
  readonly #spanId: Uint8Array
  readonly #flags: Uint8Array
  readonly #names: ByteInterner
  readonly #bodies: WireReader

  constructor (bytes: Uint8Array, readonly builder: BatchBuilder) {
    this.#time = words(builder.column('timeUnixNano'))
    this.#observed = words(builder.column('observedTimeUnixNano'))
    this.#severity = builder.column('severity')
    this.#name = builder.column('name')
    this.#message = builder.column('message')
    this.#traceId = builder.column('traceId')
    this.#spanId = builder.column('spanId')
    this.#flags = builder.column('traceFlags')
    this.#names = new ByteInterner(bytes, builder)
    this.#bodies = new WireReader(bytes)
  }

  read (r: WireReader, row: number): void {
    let bodyStart = 0
    let bodyEnd = 0
    for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
      switch (tag) {
        case 9: r.fixed64(); putWords(r, this.#time, row); break
        case 16: r.varint(); this.#severity[row] = enumCell(r, maxSeverity); break
        case 42: bodyEnd = r.span(); bodyStart = r.pos; checkMessage(r, bodyEnd, anyValue, recordDepth + 1); break
        case 69: this.#flags[row] = r.fixed32() & 0xff; break
        case 74: putId(r, r.span(), this.#traceId, row, 16); break
        case 82: putId(r, r.span(), this.#spanId, row, 8); break
        // 0 is "not said", and the column already holds the arrival time.
        case 89: r.fixed64(); if (r.low !== 0 || r.high !== 0) putWords(r, this.#observed, row); break
        case 98: { const stop = r.span(); this.#name[row] = this.#names.intern(r.pos, stop); r.pos = stop; break }
        default: checkField(r, tag, logRecord, recordDepth)
      }
    }
    if (bodyEnd > bodyStart) this.#message[row] = this.#bodyText(bodyStart, bodyEnd)
    this.#defaultTime(row)
  }

  #bodyText (start: number, end: number): number {
    const r = this.#bodies
    r.pos = start
    r.end = end
    const text = valueText(readAnyValue(r, end))
    return text === '' ? 0 : this.builder.text(text)
  }

  /** A record that does not say when it happened happened when it was seen: the log data model's rule. */
  #defaultTime (row: number): void {
    const low = row * 2
    if (this.#time[low] !== 0 || this.#time[low + 1] !== 0) return
    this.#time[low] = this.#observed[low] as number
    this.#time[low + 1] = this.#observed[low + 1] as number
  }
}

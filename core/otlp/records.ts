/** Questions to one OTLP record (Span, LogRecord, Metric) in its bytes, without decoding the rest of it. */
import type { AttributeValue } from '../data/attributes.js'
import { RawEncoding } from '../data/enums.js'
import { WireReader, readAnyValue } from './wire.js'

/** The field that holds a record's attributes; a Metric's are on its data points and `metadata` (12) is its own. */
export function attributesField (encoding: number): number {
  switch (encoding) {
    case RawEncoding.otlpSpan: return 9
    case RawEncoding.otlpLogRecord: return 6
    case RawEncoding.otlpMetric: return 12
    default: return 0
  }
}

/** The value of attribute `key` (UTF-8) of the record in [start, end), the last one if it is there twice. */
export function readRawAttribute (bytes: Uint8Array, encoding: number, start: number, end: number, key: Buffer): AttributeValue | undefined {
  const field = attributesField(encoding)
  if (field === 0) return undefined
  const wanted = field << 3 | 2
  const r = new WireReader(bytes, start, end)
  let found: AttributeValue | undefined
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag !== wanted) { r.skip(tag); continue }
    const stop = r.span()
    if (keyMatches(bytes, r.pos, stop, key)) found = keyValue(bytes, r.pos, stop)
    r.pos = stop
  }
  return found
}

/** True when the KeyValue in [start, stop) has `key`. Encoders write the key first; anything else is searched for. */
export function keyMatches (bytes: Uint8Array, start: number, stop: number, key: Buffer): boolean {
  const r = new WireReader(bytes, start, stop)
  let matches = key.length === 0
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag !== 10) { r.skip(tag); continue }
    const end = r.span()
    matches = end - r.pos === key.length && key.compare(bytes, r.pos, end) === 0
    r.pos = end
  }
  return matches
}

export function keyValue (bytes: Uint8Array, start: number, stop: number): AttributeValue {
  const r = new WireReader(bytes, start, stop)
  let value: AttributeValue = null
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 18) value = readAnyValue(r, r.span())
    else r.skip(tag)
  }
  return value
}

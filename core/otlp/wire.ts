/**
 * The protobuf wire format as far as OTLP needs it: a cursor over bytes that never reads past its end, and the few
 * messages (KeyValue, AnyValue, Resource, InstrumentationScope) that are read by value. Knows nothing of batches.
 * https://protobuf.dev/programming-guides/encoding/
 *
 * Malformed input throws WireError, which the callers at the edge of the room turn into an outcome.
 */
import type { Attributes, AttributeValue } from '../data/attributes.js'

export class WireError extends Error {
  override readonly name = 'WireError'
}

/**
 * What `read` answers, or `fallback` when the bytes are malformed. For bytes that a receiver has already checked, or that
 * came from a damaged document: reading them again must not be able to take a pipeline down.
 */
export function orElse<T> (fallback: T, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof WireError) return fallback
    throw error
  }
}

/** AnyValue nests through arrays and key-value lists; deeper than this is an attack or a mistake (protobuf's own limit). */
export const maxDepth = 100

export const WireType = { varint: 0, i64: 1, bytes: 2, startGroup: 3, endGroup: 4, i32: 5 } as const

/** A cursor. `low` and `high` hold the two words of the last varint or fixed64: no bigint is made unless asked for. */
export class WireReader {
  pos: number
  end: number
  low = 0
  high = 0
  readonly #view: DataView
  readonly #buffer: Buffer

  constructor (readonly bytes: Uint8Array, start = 0, end = bytes.length) {
    this.pos = start
    this.end = end
    this.#buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** The next tag (field << 3 | wire type), or 0 at the end. Field 0 is malformed, and so are more bytes than 32 bits need. */
  tag (): number {
    const { pos } = this
    if (pos >= this.end) return 0
    this.varint()
    if (this.high !== 0 || this.low >>> 3 === 0 || this.pos - pos > 5) throw new WireError(`invalid tag at byte ${this.pos}`)
    return this.low
  }

  /** Reads a varint of up to ten bytes into `low` and `high` (both unsigned). */
  varint (): void {
    const { bytes, end } = this
    let pos = this.pos
    if (pos >= end) throw new WireError(`truncated varint at byte ${pos}`)
    let b = bytes[pos++] as number
    if (b < 0x80) { this.low = b; this.high = 0; this.pos = pos; return }
    let low = b & 0x7f
    let high = 0
    for (let shift = 7; ; shift += 7) {
      if (pos >= end) throw new WireError(`truncated varint at byte ${pos}`)
      if (shift >= 70) throw new WireError(`varint longer than ten bytes at byte ${pos}`)
      b = bytes[pos++] as number
      const bits = b & 0x7f
      if (shift < 28) low |= bits << shift
      else if (shift === 28) { low |= bits << 28; high = bits >>> 4 } else if (shift < 63) high |= bits << (shift - 32)
      else high |= bits << 31
      if (b < 0x80) break
    }
    this.low = low >>> 0
    this.high = high >>> 0
    this.pos = pos
  }

  /** Reads a length and checks that so many bytes follow; returns the position after them. */
  span (): number {
    this.varint()
    const stop = this.pos + this.low
    if (this.high !== 0 || stop > this.end) throw new WireError(`length ${this.low} at byte ${this.pos} runs past the end of its message`)
    return stop
  }

  fixed64 (): void {
    if (this.pos + 8 > this.end) throw new WireError(`truncated fixed64 at byte ${this.pos}`)
    this.low = this.#view.getUint32(this.pos, true)
    this.high = this.#view.getUint32(this.pos + 4, true)
    this.pos += 8
  }

  fixed32 (): number {
    if (this.pos + 4 > this.end) throw new WireError(`truncated fixed32 at byte ${this.pos}`)
    const value = this.#view.getUint32(this.pos, true)
    this.pos += 4
    return value
  }

  double (): number {
    if (this.pos + 8 > this.end) throw new WireError(`truncated double at byte ${this.pos}`)
    const value = this.#view.getFloat64(this.pos, true)
    this.pos += 8
    return value
  }

  /** The last varint or fixed64 as a signed 64-bit integer: a number when exact, else a bigint. */
  int64 (): number | bigint {
    const high = this.high | 0
    if (high >= -0x200000 && high < 0x200000) return high * 4294967296 + this.low
    return (BigInt(high) << 32n) | BigInt(this.low)
  }

  text (stop: number): string {
    const value = stop - this.pos < 24 ? shortText(this.#buffer, this.pos, stop) : this.#buffer.toString('utf8', this.pos, stop)
    this.pos = stop
    return value
  }

  skip (tag: number): void {
    switch (tag & 7) {
      case WireType.varint: this.varint(); return
      case WireType.i64: this.#advance(8); return
      case WireType.bytes: this.pos = this.span(); return
      case WireType.i32: this.#advance(4); return
      case WireType.startGroup: this.#skipGroup(tag >>> 3); return
      default: throw new WireError(`wire type ${tag & 7} at byte ${this.pos}`)
    }
  }

  #advance (n: number): void {
    if (this.pos + n > this.end) throw new WireError(`truncated field at byte ${this.pos}`)
    this.pos += n
  }

  /** Groups are gone from OTLP but an unknown field may still be one; nesting is counted, not recursed into. */
  #skipGroup (field: number): void {
    const open = [field]
    while (open.length > 0) {
      const tag = this.tag()
      if (tag === 0) throw new WireError(`group ${field} has no end`)
      if ((tag & 7) === WireType.startGroup) {
        if (open.length >= maxDepth) throw new WireError(`groups nested deeper than ${maxDepth}`)
        open.push(tag >>> 3)
      } else if ((tag & 7) === WireType.endGroup) {
        if (open.pop() !== tag >>> 3) throw new WireError(`group end at byte ${this.pos} does not match its start`)
      } else this.skip(tag)
    }
  }
}

/** Crossing into C++ costs about 150 ns; a short ASCII string is faster in JavaScript. */
function shortText (bytes: Buffer, start: number, stop: number): string {
  let value = ''
  for (let i = start; i < stop; i++) {
    const c = bytes[i] as number
    if (c >= 0x80) return bytes.toString('utf8', start, stop)
    value += String.fromCharCode(c)
  }
  return value
}

/** Reads the AnyValue that ends at `stop`; the reader stands at its start. An AnyValue without a value is null. */
export function readAnyValue (r: WireReader, stop: number, depth = 0): AttributeValue {
  if (depth > maxDepth) throw new WireError(`attribute value nested deeper than ${maxDepth}`)
  const outer = r.end
  r.end = stop
  let value: AttributeValue = null
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    switch (tag) {
      case 10: value = r.text(r.span()); break
      case 16: r.varint(); value = r.low !== 0 || r.high !== 0; break
      case 24: r.varint(); value = r.int64(); break
      case 33: value = r.double(); break
      case 42: value = readArray(r, r.span(), depth + 1); break
      case 50: value = readKeyValueList(r, r.span(), depth + 1); break
      case 58: { const end = r.span(); value = r.bytes.slice(r.pos, end); r.pos = end; break }
      default: r.skip(tag)
    }
  }
  r.end = outer
  return value
}

function readArray (r: WireReader, stop: number, depth: number): AttributeValue[] {
  const outer = r.end
  r.end = stop
  const values: AttributeValue[] = []
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 10) values.push(readAnyValue(r, r.span(), depth))
    else r.skip(tag)
  }
  r.end = outer
  return values
}

function readKeyValueList (r: WireReader, stop: number, depth: number): { [key: string]: AttributeValue } {
  const outer = r.end
  r.end = stop
  const values: { [key: string]: AttributeValue } = {}
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 10) readKeyValue(r, r.span(), values, depth)
    else r.skip(tag)
  }
  r.end = outer
  return values
}

/** Reads the KeyValue that ends at `stop` into `target`. A later value of the same key wins, as in protobuf maps. */
export function readKeyValue (r: WireReader, stop: number, target: { [key: string]: AttributeValue }, depth = 0): void {
  const outer = r.end
  r.end = stop
  let key = ''
  let value: AttributeValue = null
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === 10) key = r.text(r.span())
    else if (tag === 18) value = readAnyValue(r, r.span(), depth)
    else r.skip(tag)
  }
  r.end = outer
  // `__proto__` as a plain assignment would change the object's prototype instead of adding a key.
  if (key === '__proto__') Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
  else target[key] = value
}

/** All KeyValues in field `field` of the message in [start, end). */
export function decodeAttributes (bytes: Uint8Array, field: number, start = 0, end = bytes.length): Attributes {
  const r = new WireReader(bytes, start, end)
  const target: { [key: string]: AttributeValue } = {}
  const wanted = field << 3 | WireType.bytes
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag === wanted) readKeyValue(r, r.span(), target)
    else r.skip(tag)
  }
  return target
}

/** The attributes of an envelope's Resource (field 1, whose attributes are field 1). */
export function decodeResourceEnvelope (envelope: Uint8Array): Attributes {
  const r = new WireReader(envelope)
  let attributes: Attributes = {}
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag !== 10) { r.skip(tag); continue }
    const stop = r.span()
    attributes = { ...attributes, ...decodeAttributes(envelope, 1, r.pos, stop) }
    r.pos = stop
  }
  return attributes
}

export interface ScopeIdentity { readonly name: string, readonly version: string, readonly attributes: Attributes }

/** The InstrumentationScope (field 1: name 1, version 2, attributes 3) of an envelope. */
export function decodeScopeEnvelope (envelope: Uint8Array): ScopeIdentity {
  const r = new WireReader(envelope)
  const scope = { name: '', version: '', attributes: {} as Attributes }
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    if (tag !== 10) { r.skip(tag); continue }
    const stop = r.span()
    scope.attributes = decodeAttributes(envelope, 3, r.pos, stop)
    const inner = new WireReader(envelope, r.pos, stop)
    for (let t = inner.tag(); t !== 0; t = inner.tag()) {
      if (t === 10) scope.name = inner.text(inner.span())
      else if (t === 18) scope.version = inner.text(inner.span())
      else inner.skip(t)
    }
    r.pos = stop
  }
  return scope
}

/** Protobuf export requests to OTLP/JSON. Fields the schema does not know have no JSON form and are left out. */
import type { Field, MessageType, Scalar } from './schema.js'
import { signalFacts, type OtlpSignal } from './signals.js'
import { maxDepth, WireError, WireReader, WireType } from './wire.js'

/** Throws WireError for malformed bytes: give it only what a reader has checked. */
export function protobufToJson (signal: OtlpSignal, bytes: Uint8Array): string {
  return JSON.stringify(readMessage(new WireReader(bytes), bytes.length, signalFacts[signal].request, {}, 0))
}

type JsonObject = Record<string, unknown>

/** Adds the fields of the message that ends at `stop` to `target`: what came earlier in a message of the same field stays. */
function readMessage (r: WireReader, stop: number, type: MessageType, target: JsonObject, depth: number): JsonObject {
  if (depth > maxDepth) throw new WireError(`messages nested deeper than ${maxDepth}`)
  const outer = r.end
  r.end = stop
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    const field = type.byNumber[tag >>> 3]
    if (field === undefined) r.skip(tag)
    else if ((tag & 7) === field.wire) put(target, field, readField(r, field, target, depth))
    else if (field.packable && (tag & 7) === WireType.bytes) readPacked(r, field, target)
    else r.skip(tag)
  }
  r.end = outer
  return target
}

function put (target: JsonObject, field: Field, value: unknown): void {
  if (!field.repeated) target[field.name] = value
  else ((target[field.name] ??= []) as unknown[]).push(value)
}

function readField (r: WireReader, field: Field, target: JsonObject, depth: number): unknown {
  if (field.message === undefined) return readScalar(r, field.scalar as Scalar)
  const before = field.repeated ? undefined : target[field.name] as JsonObject | undefined
  return readMessage(r, r.span(), field.message, before ?? {}, depth + 1)
}

function readPacked (r: WireReader, field: Field, target: JsonObject): void {
  const stop = r.span()
  const outer = r.end
  r.end = stop
  while (r.pos < stop) put(target, field, readScalar(r, field.scalar as Scalar))
  r.end = outer
}

function readScalar (r: WireReader, scalar: Scalar): unknown {
  switch (scalar) {
    case 'string': return r.text(r.span())
    case 'traceId': case 'spanId': return binary(r, 'hex')
    case 'bytes': case 'profileId': return binary(r, 'base64')
    case 'bool': r.varint(); return r.low !== 0 || r.high !== 0
    case 'int32': case 'enum': r.varint(); return r.low | 0
    case 'uint32': r.varint(); return r.low
    case 'sint32': r.varint(); return r.low >>> 1 ^ -(r.low & 1)
    case 'fixed32': return r.fixed32()
    case 'int64': r.varint(); return String(r.int64())
    case 'sfixed64': r.fixed64(); return String(r.int64())
    case 'uint64': r.varint(); return unsigned(r)
    case 'fixed64': r.fixed64(); return unsigned(r)
    case 'double': return double(r.double())
  }
}

/** JSON numbers have neither NaN, infinities nor (in JSON.stringify) a negative zero; protobuf's mapping allows text. */
function double (value: number): number | string {
  if (Object.is(value, -0)) return '-0'
  return Number.isFinite(value) ? value : String(value)
}

/** 64-bit integers are text in JSON. */
function unsigned (r: WireReader): string {
  return r.high < 0x200000 ? String(r.high * 4294967296 + r.low) : String(BigInt(r.high) << 32n | BigInt(r.low))
}

function binary (r: WireReader, encoding: 'hex' | 'base64'): string {
  const stop = r.span()
  const text = Buffer.from(r.bytes.buffer, r.bytes.byteOffset + r.pos, stop - r.pos).toString(encoding)
  r.pos = stop
  return text
}

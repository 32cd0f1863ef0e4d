/**
 * OTLP/JSON to protobuf bytes, by the rules of the OTLP specification where they differ from protobuf's JSON: trace and
 * span ids in hex, enums as integers only, lowerCamelCase names only. Names the schema does not know are ignored.
 * https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
import { prepareJson, type JsonLimits } from './json-scan.js'
import type { Field, MessageType, Scalar } from './schema.js'
import { signalFacts, type OtlpSignal } from './signals.js'
import { Writer } from './values.js'
import { maxDepth } from './wire.js'

export type JsonResult = { readonly ok: true, readonly bytes: Uint8Array } | { readonly ok: false, readonly error: string }

/** Inside this file only: turned into the result's `error`. */
class JsonError extends Error {}

/** The same export request as protobuf. `error` names the path and what was found there. */
export function jsonToProtobuf (signal: OtlpSignal, json: Buffer, limits?: JsonLimits): JsonResult {
  const prepared = prepareJson(json, limits)
  if (!prepared.ok) return prepared
  try {
    const value: unknown = JSON.parse(prepared.text)
    const w = Writer.create()
    writeMessage(w, signalFacts[signal].request, value, [], 0)
    return { ok: true, bytes: w.finish() }
  } catch (error) {
    if (error instanceof JsonError || error instanceof SyntaxError) return { ok: false, error: error.message }
    throw error
  }
}

type Path = (string | number)[]

function writeMessage (w: Writer, type: MessageType, value: unknown, path: Path, depth: number): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(path, 'an object', value)
  if (depth > maxDepth) throw new JsonError(`${where(path)}: nested deeper than ${maxDepth}`)
  for (const [name, inner] of Object.entries(value as object)) {
    const field = type.byName.get(name)
    // null is "not set" in every JSON mapping of protobuf.
    if (field === undefined || inner === null) continue
    path.push(name)
    if (!field.repeated) writeField(w, field, inner, path, depth)
    else if (Array.isArray(inner)) writeList(w, field, inner, path, depth)
    else fail(path, 'an array', inner)
    path.pop()
  }
}

/** Numbers are packed, as proto3 encoders write them; the rest comes one by one. */
function writeList (w: Writer, field: Field, values: readonly unknown[], path: Path, depth: number): void {
  if (values.length === 0) return
  const { packable } = field
  if (packable) w.uint32(field.number << 3 | 2).fork()
  values.forEach((value, i) => {
    path.push(i)
    if (packable) writeScalar(w, field.scalar as Scalar, value, path)
    else writeField(w, { ...field, explicit: true }, value, path, depth)
    path.pop()
  })
  if (packable) w.ldelim()
}

function writeField (w: Writer, field: Field, value: unknown, path: Path, depth: number): void {
  if (field.message !== undefined) {
    w.uint32(field.tag).fork()
    writeMessage(w, field.message, value, path, depth + 1)
    w.ldelim()
    return
  }
  if (!field.explicit && isDefault(field.scalar as Scalar, value)) return
  w.uint32(field.tag)
  writeScalar(w, field.scalar as Scalar, value, path)
}

const textual = new Set<Scalar>(['string', 'bytes', 'traceId', 'spanId', 'profileId'])
const wideInteger = new Set<Scalar>(['int64', 'uint64', 'fixed64', 'sfixed64'])

/** proto3 encoders leave defaults out, and so does the message this came from. A default of another type is a fault. */
function isDefault (scalar: Scalar, value: unknown): boolean {
  if (textual.has(scalar)) return value === ''
  if (scalar === 'bool') return value === false
  return Object.is(value, 0) || (value === '0' && wideInteger.has(scalar))
}

function writeScalar (w: Writer, scalar: Scalar, value: unknown, path: Path): void {
  switch (scalar) {
    // Through Buffer: a lone surrogate becomes U+FFFD instead of bytes that are not UTF-8.
    case 'string': w.bytes(Buffer.from(typeof value === 'string' ? value : fail(path, 'a string', value))); return
    case 'bool': w.bool(typeof value === 'boolean' ? value : fail(path, 'true or false', value)); return
    case 'bytes': case 'profileId': w.bytes(base64(value, path)); return
    case 'traceId': w.bytes(hex(value, 16, path)); return
    case 'spanId': w.bytes(hex(value, 8, path)); return
    case 'double': w.double(double(value, path)); return
    case 'enum': w.int32(typeof value === 'number' ? integer(value, -0x80000000, 0x7fffffff, path) : fail(path, 'an enum as an integer (OTLP/JSON has no enum names)', value)); return
    case 'int32': w.int32(integer(value, -0x80000000, 0x7fffffff, path)); return
    case 'sint32': w.sint32(integer(value, -0x80000000, 0x7fffffff, path)); return
    case 'uint32': w.uint32(integer(value, 0, 0xffffffff, path)); return
    case 'fixed32': w.fixed32(integer(value, 0, 0xffffffff, path)); return
    case 'int64': w.int64(wide(value, true, path)); return
    case 'sfixed64': w.sfixed64(wide(value, true, path)); return
    case 'uint64': w.uint64(wide(value, false, path)); return
    case 'fixed64': w.fixed64(wide(value, false, path))
  }
}

function integer (value: unknown, min: number, max: number, path: Path): number {
  const number = typeof value === 'string' && /^-?\d{1,10}$/.test(value) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isInteger(number) || number < min || number > max) return fail(path, `an integer from ${min} to ${max}`, value)
  return number
}

/** 64-bit integers come as decimal text or as numbers. The answer is decimal text. */
function wide (value: unknown, signed: boolean, path: Path): string {
  const text = typeof value === 'number' && Number.isInteger(value) ? BigInt(value).toString() : value
  if (typeof text !== 'string' || !/^-?\d{1,20}$/.test(text)) return fail(path, 'a 64-bit integer', value)
  const integer = BigInt(text)
  if (integer !== (signed ? BigInt.asIntN(64, integer) : BigInt.asUintN(64, integer))) return fail(path, `${signed ? 'a signed' : 'an unsigned'} 64-bit integer`, value)
  return integer.toString()
}

const special: Readonly<Record<string, number>> = { NaN, Infinity, '-Infinity': -Infinity }

function double (value: unknown, path: Path): number {
  if (typeof value === 'number') return value
  if (typeof value === 'string') {
    if (Object.hasOwn(special, value)) return special[value] as number
    if (/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value)) return Number(value)
  }
  return fail(path, 'a number', value)
}

function hex (value: unknown, length: number, path: Path): Buffer {
  if (typeof value !== 'string' || !/^[0-9a-fA-F]*$/.test(value) || (value.length !== 0 && value.length !== length * 2)) return fail(path, `${length * 2} hex digits`, value)
  return Buffer.from(value, 'hex')
}

function base64 (value: unknown, path: Path): Buffer {
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(value)) return fail(path, 'base64', value)
  return Buffer.from(value, 'base64')
}

function fail (path: Path, expected: string, found: unknown): never {
  const text = JSON.stringify(found) ?? String(found)
  throw new JsonError(`${where(path)}: expected ${expected}, found ${text.length > 60 ? `${text.slice(0, 57)}...` : text}`)
}

/** resourceSpans[0].scopeSpans[2].spans */
function where (path: Path): string {
  return path.map((p, i) => typeof p === 'number' ? `[${p}]` : i === 0 ? p : `.${p}`).join('') || 'the request'
}

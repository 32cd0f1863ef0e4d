/** Attribute values to protobuf: AnyValue, KeyValue, and the messages Tapio makes itself when it has no bytes to copy. */
import protobuf from 'protobufjs/minimal.js'
import type { Attributes, AttributeValue } from '../data/attributes.js'
import type { Scope } from '../data/resource.js'

export const { Writer } = protobuf
export type Writer = protobuf.Writer

/** Integers within int64 are int_value, other numbers double_value, null an AnyValue without a value. */
export function writeAnyValue (w: Writer, value: AttributeValue): void {
  if (value === null) return
  switch (typeof value) {
    case 'string': w.uint32(10).string(value); return
    case 'boolean': w.uint32(16).bool(value); return
    case 'bigint': writeBigint(w, value); return
    case 'number': writeNumber(w, value); return
    default:
      if (value instanceof Uint8Array) w.uint32(58).bytes(value)
      else if (Array.isArray(value)) writeArray(w, value)
      else writeList(w, value)
  }
}

function writeNumber (w: Writer, value: number): void {
  if (!Number.isInteger(value) || Object.is(value, -0) || Math.abs(value) >= 2 ** 63) w.uint32(33).double(value)
  else w.uint32(24).int64(Number.isSafeInteger(value) ? value : BigInt(value).toString())
}

/** int64 wraps beyond 64 bits, so an integer that does not fit is written as text, as semantic conventions advise. */
function writeBigint (w: Writer, value: bigint): void {
  if (value === BigInt.asIntN(64, value)) w.uint32(24).int64(value.toString())
  else w.uint32(10).string(value.toString())
}

function writeArray (w: Writer, values: readonly AttributeValue[]): void {
  w.uint32(42).fork()
  for (const value of values) {
    w.uint32(10).fork()
    writeAnyValue(w, value)
    w.ldelim()
  }
  w.ldelim()
}

function writeList (w: Writer, values: { readonly [key: string]: AttributeValue }): void {
  w.uint32(50).fork()
  for (const [key, value] of Object.entries(values)) writeKeyValue(w, 1, key, value)
  w.ldelim()
}

/** A KeyValue as field `field` of the message being written. */
export function writeKeyValue (w: Writer, field: number, key: string, value: AttributeValue): void {
  w.uint32(field << 3 | 2).fork().uint32(10).string(key).uint32(18).fork()
  writeAnyValue(w, value)
  w.ldelim().ldelim()
}

export function writeAttributes (w: Writer, field: number, attributes: Attributes): void {
  for (const [key, value] of Object.entries(attributes)) writeKeyValue(w, field, key, value)
}

/** The envelope of a resource that never was OTLP bytes; empty for one without attributes. */
export function encodeResourceEnvelope (attributes: Attributes): Uint8Array {
  const w = Writer.create()
  if (Object.keys(attributes).length > 0) {
    w.uint32(10).fork()
    writeAttributes(w, 1, attributes)
    w.ldelim()
  }
  return w.finish()
}

/** The same for a scope. */
export function encodeScopeEnvelope (scope: Scope): Uint8Array {
  const w = Writer.create()
  if (scope.name === '' && scope.version === '' && Object.keys(scope.attributes).length === 0) return w.finish()
  w.uint32(10).fork()
  if (scope.name !== '') w.uint32(10).string(scope.name)
  if (scope.version !== '') w.uint32(18).string(scope.version)
  writeAttributes(w, 3, scope.attributes)
  w.ldelim()
  return w.finish()
}

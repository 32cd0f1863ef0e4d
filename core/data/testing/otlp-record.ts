/** OTLP records with attributes, as bytes: just enough protobuf writing to test what reads them. */
import type { Attributes, AttributeValue } from '../attributes.js'
import { attributesField } from '../../otlp/records.js'

/** A record of `encoding` whose attributes are these, with `unknown` as a field (1000) that nobody knows. */
export function otlpRecord (encoding: number, attributes: Attributes, unknown = ''): Buffer {
  const keyValues = Object.entries(attributes).map(([key, value]) => field(attributesField(encoding), keyValue(key, value)))
  return Buffer.concat([field(1000, Buffer.from(unknown)), ...keyValues])
}

/** The envelope of a ResourceSpans (or alike): its Resource and a field that nobody knows. */
export function resourceEnvelope (attributes: Attributes, unknown = ''): Buffer {
  const resource = Buffer.concat(Object.entries(attributes).map(([key, value]) => field(1, keyValue(key, value))))
  return Buffer.concat([field(1, resource), field(1000, Buffer.from(unknown))])
}

export function scopeEnvelope (name: string, version: string): Buffer {
  return field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(version))]))
}

function keyValue (key: string, value: AttributeValue): Buffer {
  return Buffer.concat([field(1, Buffer.from(key)), field(2, anyValue(value))])
}

function anyValue (value: AttributeValue): Buffer {
  switch (typeof value) {
    case 'string': return field(1, Buffer.from(value))
    case 'boolean': return Buffer.concat([varint(2n << 3n), varint(value ? 1n : 0n)])
    case 'bigint': return Buffer.concat([varint(3n << 3n), varint(BigInt.asUintN(64, value))])
    case 'number': return Number.isSafeInteger(value) ? anyValue(BigInt(value)) : double(value)
    default:
      if (value === null) return Buffer.alloc(0)
      if (value instanceof Uint8Array) return field(7, value)
      if (Array.isArray(value)) return field(5, Buffer.concat(value.map(item => field(1, anyValue(item)))))
      return field(6, Buffer.concat(Object.entries(value).map(([key, item]) => field(1, keyValue(key, item)))))
  }
}

function double (value: number): Buffer {
  const bytes = Buffer.alloc(9)
  bytes[0] = 4 << 3 | 1
  bytes.writeDoubleLE(value, 1)
  return bytes
}

function field (number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([varint(BigInt(number) << 3n | 2n), varint(BigInt(bytes.length)), bytes])
}

function varint (value: bigint): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  bytes.push(Number(rest))
  return Buffer.from(bytes)
}

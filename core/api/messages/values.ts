/** Attribute values as JSON values of a Struct. What JSON has no number for becomes text: large integers, NaN, bytes (base64). */
import type { JsonObject, JsonValue } from '@bufbuild/protobuf'
import { setOwn, type Attributes, type AttributeValue } from '../../data/attributes.js'
import { toBase64, valueToJson } from '../../data/json-value.js'

/** Readers of protobuf stop at 100 messages within each other, and a Struct has three a level. Deeper values are their JSON text. */
const maxDepth = 24

export function structOf (attributes: Attributes): JsonObject { return objectOf(attributes, 0) }

function objectOf (attributes: Attributes, depth: number): JsonObject {
  const object: JsonObject = {}
  for (const [key, value] of Object.entries(attributes)) setOwn(object as Record<string, AttributeValue>, key, jsonOf(value, depth + 1) as AttributeValue)
  return object
}

function jsonOf (value: AttributeValue, depth: number): JsonValue {
  switch (typeof value) {
    case 'string': case 'boolean': return value
    case 'number': return Number.isFinite(value) ? value : String(value)
    case 'bigint': return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()
    default: return value === null ? null : value instanceof Uint8Array ? toBase64(value) : nestedOf(value, depth)
  }
}

function nestedOf (value: AttributeValue[] | { [key: string]: AttributeValue }, depth: number): JsonValue {
  if (depth > maxDepth) return valueToJson(value)
  return Array.isArray(value) ? value.map(item => jsonOf(item, depth + 1)) : objectOf(value, depth)
}

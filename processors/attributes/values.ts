/** What becomes of one value: hashing and conversion, asked once per distinct value. */
import { createHash } from 'node:crypto'
import type { AttributeValue } from '../../core/data/attributes.js'
import { valueToJson } from '../../core/data/json-value.js'

/** SHA-256 in hex of the value's text (strings in UTF-8, bytes as they are, lists and maps as JSON). */
export function hashValue (value: AttributeValue): string {
  return createHash('sha256').update(value instanceof Uint8Array ? value : textOf(value)).digest('hex')
}

/** Lists and maps in the JSON of events (core/data/json-value.ts): the same text however bytes inside are held. */
function textOf (value: AttributeValue): string {
  return typeof value === 'object' ? valueToJson(value) : String(value)
}

/** The value as `type`, or the value itself when it says nothing in that type. */
export function convertValue (value: AttributeValue, type: 'string' | 'int' | 'double' | 'bool'): AttributeValue {
  if (value === null || value instanceof Uint8Array) return value
  switch (type) {
    case 'string': return textOf(value)
    case 'bool': return toBool(value)
    case 'int': return toInt(value)
    case 'double': return toDouble(value)
  }
}

function toBool (value: Exclude<AttributeValue, null>): AttributeValue {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value) !== 0
  if (value === 'true' || value === 'false') return value === 'true'
  return value
}

/** Digits beyond 2^53 become a bigint, as OTLP's int64 needs; fractions are cut off. */
function toInt (value: Exclude<AttributeValue, null>): AttributeValue {
  if (typeof value === 'boolean') return Number(value)
  if (typeof value === 'number') return Number.isFinite(value) ? Math.trunc(value) : value
  if (typeof value !== 'string' || !/^[-+]?\d{1,19}(\.\d*)?$/.test(value)) return value
  const number = BigInt.asIntN(64, BigInt(value.replace(/\..*$/, '').replace(/^\+/, '')))
  return Number.isSafeInteger(Number(number)) ? Number(number) : number
}

function toDouble (value: Exclude<AttributeValue, null>): AttributeValue {
  if (typeof value === 'boolean' || typeof value === 'bigint') return Number(value)
  if (typeof value !== 'string' || value.trim() === '') return value
  const number = Number(value)
  return Number.isNaN(number) ? value : number
}

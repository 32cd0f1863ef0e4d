/** Two messages that no protobuf reader could tell apart give equal objects; others do not. */
import type { Field, MessageType } from '../schema.js'
import { wholeType, type Decoded } from './oracle.js'

/** `bytes` as protobufjs decodes them, without fields that say no more than their absence. */
export function plainMessage (type: MessageType, bytes: Uint8Array): Decoded {
  return plain(type, wholeType(type).decode(bytes) as unknown as Decoded)
}

export function plain (type: MessageType, message: Decoded): Decoded {
  const out: Decoded = {}
  for (const field of type.fields) {
    const value = Object.hasOwn(message, field.name) ? message[field.name] : undefined
    if (value === undefined || value === null || (field.repeated && (value as unknown[]).length === 0)) continue
    const plainValue = field.repeated ? (value as unknown[]).map(v => plainOne(field, v)) : plainOne(field, value)
    if (field.repeated || field.explicit || field.message !== undefined || !isDefault(plainValue)) out[field.name] = plainValue
  }
  return out
}

function plainOne (field: Field, value: unknown): unknown {
  if (field.message !== undefined) return plain(field.message, value as Decoded)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : value
  return String(value)
}

const isDefault = (value: unknown): boolean => value === '' || value === 0 || value === '0' || value === 'false'

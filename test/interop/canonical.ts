/**
 * What a request says, whatever its encoding: every record with its resource and scope as text, decoded by protobufjs and
 * not by Tapio. Two requests that a protobuf reader could not tell apart give the same text; others do not.
 */
import type { MessageType } from '../../core/otlp/schema.js'
import type { OtlpSignal } from '../../core/otlp/signals.js'
import { oracleDecode, oracleRecords, requestType, type Decoded } from '../../core/otlp/testing/oracle.js'

export type RecordSignal = Exclude<OtlpSignal, 'profiles'>

/** Sorted, because neither side promises an order; a record that came twice is there twice. */
export function canonicalRecords (signal: RecordSignal, requests: readonly Uint8Array[]): string[] {
  const type = requestType(signal)
  const [resourceType, scopeType, recordType] = layers(type)
  return requests.flatMap(bytes => {
    const request = oracleDecode(signal, bytes)
    if (request === undefined) throw new Error(`a ${signal} request that protobufjs cannot decode: ${Buffer.from(bytes).toString('hex').slice(0, 200)}`)
    return oracleRecords(signal, request).map(({ resource, scope, record }) =>
      JSON.stringify([plain(resource, resourceType, scopeType), plain(scope, scopeType, recordType), plain(record, recordType)]))
  }).sort()
}

/** Resource*, Scope* and record types of a request. */
function layers (request: MessageType): [MessageType, MessageType, MessageType] {
  const inner = (type: MessageType, number: number): MessageType => type.fields.find(f => f.number === number)?.message as MessageType
  const resource = inner(request, 1)
  const scope = inner(resource, 2)
  return [resource, scope, inner(scope, 2)]
}

/** A field at its default is the same as no field, except where proto3 keeps the presence (oneofs, `optional`). */
function plain (message: Decoded, type: MessageType, leaveOut?: MessageType): unknown {
  const entries = type.fields.flatMap(field => {
    const value = Object.hasOwn(message, field.name) ? message[field.name] : undefined
    if (value === undefined || value === null || (leaveOut !== undefined && field.message === leaveOut)) return []
    const one = (v: unknown): unknown => field.message === undefined ? scalar(v) : plain(v as Decoded, field.message)
    if (field.repeated) return (value as unknown[]).length === 0 ? [] : [[field.name, (value as unknown[]).map(one)]]
    const text = one(value)
    return !field.explicit && isDefault(text) ? [] : [[field.name, text]]
  })
  if ((message.$unknowns ?? []).length > 0) entries.push(['unknown fields', (message.$unknowns ?? []).map(u => Buffer.from(u).toString('hex'))])
  return Object.fromEntries(entries as [string, unknown][])
}

function scalar (value: unknown): unknown {
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString('hex')}`
  // Longs, and doubles that JSON has no word for.
  if (typeof value === 'object') return String(value)
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
}

const defaults = new Set<unknown>([0, '0', '', '0x', false])

function isDefault (value: unknown): boolean {
  return defaults.has(value) || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
}

/**
 * The second opinion: protobufjs's generated decoder for the same schema, and what the columns should hold by its reading.
 * Shares nothing with the reader but the schema table, which `npm run test:interop` compares field by field with the
 * descriptors of the official Python package opentelemetry-proto.
 */
import protobuf from 'protobufjs'
import { messageType, type MessageType } from '../schema.js'
import { signalFacts, type OtlpSignal } from '../signals.js'

export type Decoded = Record<string, unknown> & { $unknowns?: Uint8Array[] }

/** Below these only the wire format is checked: see profiles.ts. */
const opaque = new Set(['Profile', 'ProfilesDictionary'])

const [root, wholeRoot] = [new protobuf.Root(), new protobuf.Root()]

// Kept, they tell of known fields that came with another wire type.
protobuf.Reader.discardUnknown = false

/** The protobufjs type of `type`, with all it holds. proto2 rules: enums open (as int32), text unchecked, presence kept. */
export function oracleType (type: MessageType): protobuf.Type { return makeType(root, type) }

/** Likewise, and with what is inside of profiles. */
export function wholeType (type: MessageType): protobuf.Type { return makeType(wholeRoot, type) }

function makeType (where: protobuf.Root, type: MessageType): protobuf.Type {
  const known = where.get(type.name)
  if (known instanceof protobuf.Type) return known
  const made = new protobuf.Type(type.name)
  where.add(made)
  // protobufjs 8.8.1 misreads unknown groups in a type without any field.
  if (where === root && opaque.has(type.name)) return made.add(new protobuf.Field('unused', 0x1ffffffe, 'int32'))
  for (const field of type.fields) {
    if (field.message !== undefined) makeType(where, field.message)
    const scalar = field.scalar === 'enum' ? 'int32' : ['traceId', 'spanId', 'profileId'].includes(field.scalar ?? '') ? 'bytes' : field.scalar
    made.add(new protobuf.Field(field.name, field.number, scalar ?? (field.message as MessageType).name, field.repeated ? 'repeated' : 'optional'))
  }
  return made
}

/** The message, or undefined when it is malformed by protobufjs or by what check.ts asks beyond protobuf. */
export function oracleDecode (signal: OtlpSignal, bytes: Uint8Array): Decoded | undefined {
  const { request } = signalFacts[signal]
  try {
    const message = oracleType(request).decode(bytes) as unknown as Decoded
    return isStrict(message, request) ? message : undefined
  } catch {
    return undefined
  }
}

function isStrict (message: Decoded, type: MessageType): boolean {
  if (opaque.has(type.name)) return true
  if ((message.$unknowns ?? []).some(raw => type.byNumber[new protobuf.Reader(raw).uint32() >>> 3] !== undefined)) return false
  return type.fields.every(field => {
    const value = Object.hasOwn(message, field.name) ? message[field.name] : undefined
    const values = value === undefined || value === null ? [] : field.repeated ? value as unknown[] : [value]
    return values.every(v => {
      if (field.message !== undefined) return isStrict(v as Decoded, field.message)
      return field.idLength === 0 || [0, field.idLength].includes((v as Uint8Array).length)
    })
  })
}

export interface Located { readonly record: Decoded, readonly resource: Decoded, readonly scope: Decoded }

const names: Readonly<Record<Exclude<OtlpSignal, 'profiles'>, readonly [string, string, string]>> = {
  traces: ['resourceSpans', 'scopeSpans', 'spans'],
  metrics: ['resourceMetrics', 'scopeMetrics', 'metrics'],
  logs: ['resourceLogs', 'scopeLogs', 'logRecords']
}

/** All records with what surrounds them, in order. */
export function oracleRecords (signal: Exclude<OtlpSignal, 'profiles'>, request: Decoded): Located[] {
  const [resources, scopes, records] = names[signal]
  return list(request, resources).flatMap(resource => list(resource, scopes).flatMap(scope => list(scope, records).map(record => ({ record, resource, scope }))))
}

export function list (message: Decoded, name: string): Decoded[] {
  return (Object.hasOwn(message, name) ? message[name] as Decoded[] : undefined) ?? []
}

/** Long, number or nothing as bigint. */
export function big (value: unknown, unsigned = true): bigint {
  const n = BigInt(String(value ?? 0))
  return unsigned ? BigInt.asUintN(64, n) : BigInt.asIntN(64, n)
}

export function hexOf (value: unknown): string | undefined {
  const hex = value instanceof Uint8Array ? Buffer.from(value).toString('hex') : ''
  return /^0*$/.test(hex) ? undefined : hex
}

export const requestType = (signal: OtlpSignal): MessageType => signalFacts[signal].request
export const anyValueType = messageType('AnyValue')

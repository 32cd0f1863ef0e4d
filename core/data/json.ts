/**
 * The JSON form of an event, one object a line: what people read, what the file exporter's `json` writes and `file` replays.
 *
 *   {"signal":"traces","type":"span","severity":9,"timeUnixNano":"1767225600000000000","name":"GET /cart",
 *    "traceId":"0af7…","resource":{"service.name":"cart"},"scope":{"name":"http","version":"1.2"},
 *    "attributes":{"http.route":"/cart","big":9007199254740993},
 *    "raw":{"encoding":"otlp_span","bytes":"CgQ…","edited":["http.route"],"resource":"CgQ…","scope":"CgQ…"}}
 *
 * Keys are the column names; a column without a value has no key. 64-bit columns are decimal strings (a double would round
 * nanoseconds), ids are hex, signal, type and raw encoding are words, attribute values are as in json-value.ts. `attributes`
 * holds all of them, also those that only the raw record says. `raw` is there when asked for: with it a replay loses
 * nothing, not even fields that Tapio does not know.
 */
import type { Attributes, AttributeValue } from './attributes.js'
import type { EventInput, RawInput } from './builder.js'
import { plainCells, type Cell } from './cells.js'
import type { ColumnName } from './columns.js'
import { eventTypes, rawEncodings, signals } from './enums.js'
import { InvalidJson, attributesToJson, fromBase64, numberToJson, parseJson, toBase64, valueFromJson } from './json-value.js'
import { Resource, Scope, type ScopeInput } from './resource.js'
import type { EventRow } from './row.js'

export interface JsonOptions {
  /** Adds the record as received, with its resource and scope. */
  readonly raw?: boolean
}

/** `row` as one line of JSON, without the line break. */
export function eventToJson (row: EventRow, options: JsonOptions = {}): string {
  const parts = [`"signal":"${row.signal}","type":"${row.type}"`]
  for (const cell of plainCells.values()) {
    const value = row.get(cell.name as 'name')
    if (value !== undefined) parts.push(`"${cell.name}":${cellToJson(value)}`)
  }
  parts.push(`"resource":${attributesToJson(row.resource.attributes)}`)
  if (!row.scope.isEmpty) parts.push(`"scope":${scopeToJson(row.scope)}`)
  parts.push(`"attributes":${attributesToJson(row.allAttributes())}`)
  if (options.raw === true) parts.push(...rawToJson(row))
  return `{${parts.join(',')}}`
}

function cellToJson (value: string | number | bigint): string {
  return typeof value === 'number' ? numberToJson(value) : JSON.stringify(String(value))
}

function scopeToJson (scope: Scope): string {
  const { name, version, attributes } = scope
  const words = `"name":${JSON.stringify(name)},"version":${JSON.stringify(version)}`
  return Object.keys(attributes).length === 0 ? `{${words}}` : `{${words},"attributes":${attributesToJson(attributes)}}`
}

/** Empty for a row that came without any bytes. */
function rawToJson (row: EventRow): string[] {
  const { raw, resource, scope } = row
  const parts: string[] = []
  if (raw !== undefined) {
    const encoding = row.batch.columns.rawEncoding?.[row.row] ?? 0
    const edited = [...row.batch.attributes].filter(([, column]) => column.edited).map(([key]) => key)
    parts.push(`"encoding":${JSON.stringify(rawEncodings[encoding] ?? encoding)}`, `"bytes":"${toBase64(raw)}"`, `"edited":${JSON.stringify(edited)}`)
  }
  if (resource.envelope !== undefined) parts.push(`"resource":"${toBase64(resource.envelope)}"`)
  if (resource.envelope !== undefined && resource.edited) parts.push('"resourceEdited":true')
  if (scope.envelope !== undefined) parts.push(`"scope":"${toBase64(scope.envelope)}"`)
  return parts.length === 0 ? [] : [`"raw":{${parts.join(',')}}`]
}

export type EventFromJson = { readonly ok: true, readonly event: EventInput } | { readonly ok: false, readonly error: string }

/** What `BatchBuilder.append` takes, from one line; or what is wrong with it, with the key. Unknown keys are left out. */
export function eventFromJson (text: string): EventFromJson {
  try {
    return { ok: true, event: readEvent(object(parseJson(text), 'an event')) }
  } catch (error) {
    if (error instanceof InvalidJson) return { ok: false, error: error.message }
    throw error
  }
}

type Fields = Readonly<Record<string, unknown>>

function readEvent (fields: Fields): EventInput {
  const event: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(fields)) {
    const cell = plainCells.get(key)
    if (cell !== undefined) event[key] = at(key, () => readCell(cell, value))
  }
  const raw = fields.raw === undefined ? undefined : at('raw', () => object(fields.raw, 'raw'))
  return {
    ...event,
    ...given('signal', fields.signal, value => word(value, signals)),
    ...given('type', fields.type, value => word(value, eventTypes)),
    ...given('resource', fields.resource ?? raw?.resource, () => readResource(fields.resource, raw)),
    ...given('scope', fields.scope ?? raw?.scope, () => readScope(fields.scope, raw)),
    ...given('attributes', fields.attributes, value => attributes(value, 'attributes')),
    ...given('raw', raw?.encoding ?? raw?.bytes, () => readRaw(raw as Fields))
  }
}

function given (key: string, value: unknown, read: (value: unknown) => unknown): object {
  return value === undefined ? {} : { [key]: at(key, () => read(value)) }
}

/** Puts the key in front of what is wrong with its value. */
function at<T> (key: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw error instanceof InvalidJson ? new InvalidJson(`"${key}": ${error.message}`) : error
  }
}

const hexDigits: Partial<Record<Cell['storage'], RegExp>> = { b8: /^[0-9a-f]{16}$/i, b16: /^[0-9a-f]{32}$/i }

function readCell ({ storage, min, max, name }: Cell, value: unknown): string | number | bigint {
  switch (storage) {
    case 'string': return text(value)
    case 'b8': case 'b16': {
      if (hexDigits[storage]?.test(text(value)) !== true) throw new InvalidJson(`expected ${storage === 'b8' ? 16 : 32} hex digits`)
      return text(value)
    }
    case 'u64': return unsigned64(value)
    case 'f32': case 'f64': return float(value, name)
    default: {
      if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) throw new InvalidJson(`expected an integer from ${min} to ${max}`)
      return value
    }
  }
}

function text (value: unknown): string {
  if (typeof value !== 'string') throw new InvalidJson('expected a string')
  return value
}

function float (value: unknown, name: ColumnName): number {
  const number = valueFromJson(value)
  if (typeof number !== 'number' && typeof number !== 'bigint') throw new InvalidJson(`${name} takes a number`)
  return Number(number)
}

function unsigned64 (value: unknown): bigint {
  const number = typeof value === 'string' && /^\d{1,20}$/.test(value) ? BigInt(value) : valueFromJson(value)
  const whole = typeof number === 'bigint' ? number : Number.isSafeInteger(number) ? BigInt(number as number) : -1n
  if (whole < 0n || whole >= 2n ** 64n) throw new InvalidJson('expected an unsigned 64-bit integer as a decimal string')
  return whole
}

function word<T extends string> (value: unknown, words: readonly T[]): T {
  const known = words.find(w => w === value)
  if (known === undefined) throw new InvalidJson(`expected one of ${words.join(', ')}`)
  return known
}

function object (value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new InvalidJson(`${what} must be an object`)
  return value as Fields
}

function attributes (value: unknown, what: string): Attributes {
  return object(valueFromJson(object(value, what)), what) as Record<string, AttributeValue>
}

function readResource (value: unknown, raw: Fields | undefined): Resource | Attributes {
  const words = value === undefined ? undefined : attributes(value, 'resource')
  if (raw?.resource === undefined) return words ?? {}
  return new Resource(fromBase64(raw.resource), words, raw.resourceEdited === true)
}

function readScope (value: unknown, raw: Fields | undefined): Scope | ScopeInput {
  if (raw?.scope !== undefined) return new Scope(fromBase64(raw.scope))
  const fields = object(value, 'scope')
  return {
    name: text(fields.name ?? ''),
    version: text(fields.version ?? ''),
    ...(fields.attributes === undefined ? {} : { attributes: attributes(fields.attributes, 'attributes') })
  }
}

function readRaw (raw: Fields): RawInput {
  const named = rawEncodings.indexOf(raw.encoding as never)
  const encoding = named >= 0 ? named : raw.encoding
  if (typeof encoding !== 'number' || !Number.isInteger(encoding) || encoding < 0 || encoding > 255) throw new InvalidJson(`encoding must be one of ${rawEncodings.join(', ')}`)
  const bytes = at('bytes', () => fromBase64(raw.bytes))
  if (raw.edited === undefined) return { encoding, bytes }
  if (!Array.isArray(raw.edited)) throw new InvalidJson('edited must be a list of keys')
  return { encoding, bytes, edited: raw.edited.map(text) }
}

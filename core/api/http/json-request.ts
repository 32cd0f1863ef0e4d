/** A JSON body as a request, and when it is none: which fields are wrong, by path. */
import { fromJson, type DescField, type DescMessage, type JsonObject, type JsonValue, type Message } from '@bufbuild/protobuf'
import { ApiError } from '../call.js'
import type { FieldFault } from '../rules.js'

/** No request needs so many; more would be a stack's depth for whoever reads it. */
const maxDepth = 64
const maxFaults = 20

/** Throws ApiError INVALID_ARGUMENT. `text` is the whole body; an empty one is an empty request. */
export function requestOfJson (schema: DescMessage, text: Uint8Array): Message {
  const json = parseJson(text)
  try {
    return fromJson(schema, json)
  } catch (error) {
    const faults: FieldFault[] = []
    findFaults(schema, json, '', faults)
    // Each fault has been looked for where it is; what is left is known by its words alone.
    throw invalid(faults.length > 0 ? faults : [{ path: '', reason: wordsOf(error) }])
  }
}

export function invalid (faults: readonly FieldFault[]): ApiError {
  const fields = faults.slice(0, maxFaults)
  return new ApiError('INVALID_ARGUMENT', fields.map(f => f.path === '' ? f.reason : `${f.path} ${f.reason}`).join('; '), { fields: fields.filter(f => f.path !== '') })
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function parseJson (bytes: Uint8Array): JsonValue {
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    throw new ApiError('INVALID_ARGUMENT', 'the body is not UTF-8')
  }
  if (text.trim() === '') return {}
  let json: JsonValue
  try {
    json = JSON.parse(text) as JsonValue
  } catch (error) {
    throw new ApiError('INVALID_ARGUMENT', `the body is not JSON: ${(error as Error).message.slice(0, 200)}`)
  }
  if (isDeep(json, 0)) throw new ApiError('INVALID_ARGUMENT', `the body is nested deeper than ${maxDepth} levels`)
  return json
}

function isDeep (json: JsonValue, depth: number): boolean {
  if (typeof json !== 'object' || json === null) return false
  if (depth > maxDepth) return true
  if (Array.isArray(json)) return json.some(item => isDeep(item, depth + 1))
  for (const key in json) if (isDeep(json[key] as JsonValue, depth + 1)) return true
  return false
}

function findFaults (schema: DescMessage, json: JsonValue, path: string, faults: FieldFault[]): void {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) { faults.push({ path, reason: `is ${shown(json)}; expected an object` }); return }
  for (const [key, value] of Object.entries(json)) {
    if (faults.length >= maxFaults) return
    const field = fieldOf(schema, key)
    if (field === undefined) faults.push({ path: below(path, key.slice(0, 64)), reason: `is unknown; there are ${namesOf(schema)}` })
    else fieldFaults(schema, field, key, value, below(path, field.name), faults)
  }
}

function fieldFaults (schema: DescMessage, field: DescField, key: string, value: JsonValue, path: string, faults: FieldFault[]): void {
  if (value !== null && field.fieldKind === 'message' && !isWellKnown(field.message)) { findFaults(field.message, value, path, faults); return }
  if (field.fieldKind === 'list' && Array.isArray(value)) {
    value.forEach((item, i) => { if (faults.length < maxFaults) itemFaults(schema, field, key, item, `${path}[${i}]`, faults) })
    return
  }
  tryOne(schema, { [key]: value }, path, value, faults)
}

function itemFaults (schema: DescMessage, field: DescField & { readonly fieldKind: 'list' }, key: string, item: JsonValue, path: string, faults: FieldFault[]): void {
  if (field.listKind === 'message' && !isWellKnown(field.message)) findFaults(field.message, item, path, faults)
  else tryOne(schema, { [key]: [item] }, path, item, faults)
}

function tryOne (schema: DescMessage, json: JsonObject, path: string, value: JsonValue, faults: FieldFault[]): void {
  try {
    fromJson(schema, json)
  } catch (error) {
    faults.push({ path, reason: `is ${shown(value)}; ${wordsOf(error)}` })
  }
}

/** Both of a field's names are taken, as everywhere in ProtoJSON. */
export function fieldOf (schema: DescMessage, name: string): DescField | undefined {
  return schema.fields.find(field => field.jsonName === name || field.name === name)
}

export function namesOf (schema: DescMessage): string {
  return schema.fields.length === 0 ? 'no fields' : schema.fields.map(f => f.jsonName).join(', ')
}

/** Those whose JSON is not an object of their fields. */
export const isWellKnown = (schema: DescMessage): boolean => schema.typeName.startsWith('google.protobuf.')

const below = (path: string, name: string): string => path === '' ? name : `${path}.${name}`

/** Without what the path says already. */
export function wordsOf (error: unknown): string {
  return (error as Error).message.replace(/^cannot decode (?:field|message|enum) \S+ from JSON: /, '').replace(/^list item #\d+: /, '').replace(/, got .*$/s, '').slice(0, 200)
}

export function shown (value: JsonValue): string {
  const text = typeof value === 'object' && value !== null ? Array.isArray(value) ? 'a list' : 'an object' : JSON.stringify(value)
  return text.length > 64 ? `${text.slice(0, 64)}…` : text
}

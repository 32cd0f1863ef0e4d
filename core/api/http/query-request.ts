/**
 * A query string and path variables as a request: `filter.minSeverity=error&filter.sources=ebpf&page.size=10`. Parameters are named
 * by the path to their field, in either of its names; repeated fields are given several times.
 */
import { create, fromJson, mergeFromJson, ScalarType, type DescField, type DescMessage, type JsonObject, type JsonValue, type Message } from '@bufbuild/protobuf'
import { reflect } from '@bufbuild/protobuf/reflect'
import type { FieldFault } from '../rules.js'
import { fieldOf, invalid, isWellKnown, namesOf, shown, wordsOf } from './json-request.js'

/** Of a query: the rest is not looked at. A request has no more fields, and lists are short. */
const maxParameters = 500
const maxPathLength = 8

/** Throws ApiError INVALID_ARGUMENT, naming every parameter that is unknown or has no such value. */
export function requestOfQuery (schema: DescMessage, query: string, variables: ReadonlyMap<string, string>): Message {
  const message = create(schema)
  const faults: FieldFault[] = []
  const given = new Set(variables.keys())
  const pairs = query === '' ? [] : query.split('&')
  if (pairs.length > maxParameters) throw invalid([{ path: '', reason: `the query has ${pairs.length} parameters, at most ${maxParameters} are taken` }])
  for (const pair of pairs) if (pair !== '') addParameter(schema, message, pair, given, faults)
  addVariables(schema, message, variables, faults)
  if (faults.length > 0) throw invalid(faults)
  return message
}

/** Path variables win nothing: a body that says something else is a fault. */
export function bindVariables (schema: DescMessage, message: Message, variables: ReadonlyMap<string, string>): void {
  const faults: FieldFault[] = []
  const known = reflect(schema, message)
  for (const [name, value] of variables) {
    const field = fieldOf(schema, name) as DescField
    if (known.isSet(field) && String(known.get(field)) !== value) faults.push({ path: name, reason: `is ${shown(String(known.get(field)))} in the body and ${shown(value)} in the path; leave it out of the body` })
  }
  addVariables(schema, message, variables, faults)
  if (faults.length > 0) throw invalid(faults)
}

/** Sets a field that a header or the path gives. */
export function addVariables (schema: DescMessage, message: Message, variables: ReadonlyMap<string, string>, faults: FieldFault[]): void {
  for (const [name, value] of variables) {
    const field = fieldOf(schema, name)
    if (field === undefined) throw new Error(`${schema.typeName} has no field ${name}, which its path names`)
    merge(schema, message, [field], value, name, faults)
  }
}

function addParameter (schema: DescMessage, message: Message, pair: string, given: Set<string>, faults: FieldFault[]): void {
  const [name, value] = decodePair(pair)
  if (name === undefined || value === undefined) { faults.push({ path: '', reason: `the query has ${shown(pair)}, which is not percent-encoded UTF-8` }); return }
  const fields = fieldsOf(schema, name.split('.'))
  if (typeof fields === 'string') { faults.push({ path: name.slice(0, 128), reason: fields }); return }
  const path = fields.map(f => f.name).join('.')
  if ((fields[fields.length - 1] as DescField).fieldKind !== 'list' && given.has(path)) { faults.push({ path, reason: 'is given twice' }); return }
  given.add(path)
  merge(schema, message, fields, value, path, faults)
}

function decodePair (pair: string): readonly [string?, string?] {
  const at = pair.indexOf('=')
  try {
    return [at < 0 ? pair : pair.slice(0, at), at < 0 ? '' : pair.slice(at + 1)].map(part => decodeURIComponent(part.replaceAll('+', ' '))) as [string, string]
  } catch {
    return []
  }
}

/** The fields that lead to a value, or why there are none. */
function fieldsOf (schema: DescMessage, names: readonly string[]): readonly DescField[] | string {
  const fields: DescField[] = []
  let within = schema
  for (const name of names.slice(0, maxPathLength)) {
    const field = fieldOf(within, name)
    if (field === undefined) return `is unknown; there are ${namesOf(within)}`
    fields.push(field)
    if (field.fieldKind !== 'message' || isWellKnown(field.message)) break
    within = field.message
  }
  const last = fields[fields.length - 1] as DescField
  if (fields.length < names.length) return `is unknown; ${last.jsonName} is a value`
  return isValue(last) ? fields : `is not a value of its own; ${last.message === undefined ? 'a map' : `name a field of it: ${namesOf(last.message)}`}`
}

/** What has a form as text. */
export function isValue (field: DescField): boolean {
  if (field.fieldKind === 'map') return false
  return field.message === undefined || ['google.protobuf.Timestamp', 'google.protobuf.Duration', 'google.protobuf.FieldMask'].includes(field.message.typeName)
}

function merge (schema: DescMessage, message: Message, fields: readonly DescField[], text: string, path: string, faults: FieldFault[]): void {
  const last = fields[fields.length - 1] as DescField
  const one = jsonOf(last, text)
  const json = fields.reduceRight<JsonValue>((inner, field) => ({ [field.name]: inner }), last.fieldKind === 'list' ? [one] : one) as JsonObject
  try {
    // Apart first: a value that does not fit leaves nothing behind.
    fromJson(schema, json)
    mergeFromJson(schema, message, json)
  } catch (error) {
    faults.push({ path, reason: `is ${shown(text)}; ${wordsOf(error)}` })
  }
}

function jsonOf (field: DescField, text: string): JsonValue {
  if (field.scalar === ScalarType.BOOL && (text === 'true' || text === 'false')) return text === 'true'
  // ProtoJSON wants small first letters in masks; people write the fields as they see them in either form.
  if (field.message?.typeName === 'google.protobuf.FieldMask') return text.replaceAll(/_([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase())
  return text
}

/**
 * A tree to the typed value its schema describes: durations to milliseconds, sizes to bytes, defaults filled in, the fitting
 * alternative of a union chosen. What cannot be read is reported here and its path marked, so that the schema validator
 * (validator.ts), which runs over the result, does not complain a second time.
 */
import type { TSchema } from '@sinclair/typebox'
import { coerceScalar } from './coerce-scalar.js'
import { coerceUnion } from './coerce-union.js'
import { maskAll, maskSecret, nameOf, pointerStep, reject, wrongType, type Check, type Place } from './check.js'
import { branchesOf, choices, holdsSecret, isSchema, ruleFor, wanted } from './describe.js'
import { notation } from './schema.js'
import { nearest } from './suggest.js'
import { toPlain, type MapNode, type TreeNode } from './tree.js'

export function coerce (schema: TSchema, place: Place, check: Check): unknown {
  const { node } = place
  if (notation(schema) === 'secret') maskSecret(place, check)
  if (node.kind === 'scalar' && node.broken === true) return reject(check, place)
  const isObject = schema['type'] === 'object'
  if (node.kind === 'scalar' && node.value === null && !allowsNull(schema)) {
    return isObject ? coerceMap(schema, { ...place, node: { kind: 'map', entries: new Map(), at: node.at } }, check) : noValue(schema, place, check)
  }
  if (branchesOf(schema) !== undefined && choices(schema) === undefined) return coerceUnion(schema, place, check)
  if (isObject && node.kind === 'map') return coerceMap(schema, place, check)
  if (schema['type'] === 'array' && node.kind === 'list') return coerceList(schema, place, check)
  if (notation(schema) === 'secret' && node.kind !== 'scalar') return wrongType(schema, place, check)
  return node.kind === 'scalar' ? coerceScalar(schema, place, check) : typed(schema) ? wrongType(schema, place, check) : toPlain(node)
}

/** Schemas that say what they want in a way this file knows; the rest (references, `not`, …) is left to the validator. */
const typed = (schema: TSchema): boolean => typeof schema['type'] === 'string' || choices(schema) !== undefined

function allowsNull (schema: TSchema): boolean {
  const type: unknown = schema['type']
  if (type === 'null' || (Array.isArray(type) && type.includes('null'))) return true
  const branches = branchesOf(schema)
  return branches === undefined ? type === undefined && schema['enum'] === undefined && schema['const'] === undefined : branches.some(allowsNull)
}

function noValue (schema: TSchema, place: Place, check: Check): unknown {
  const help = schema.default === undefined ? undefined : 'remove the line to get the default'
  check.faults.error('CFG040', place.key, place.path, `\`${nameOf(place)}\` has no value`, { allowed: wanted(schema), help })
  return reject(check, place)
}

function coerceList (schema: TSchema, place: Place, check: Check): unknown {
  const { node, path, pointer } = place
  if (node.kind !== 'list' || !isSchema(schema['items'])) return toPlain(node)
  const items = schema['items']
  return node.items.map((item, i) => coerce(items, { node: item, key: item.at, path: item.origin ?? [...path, i], pointer: pointer + pointerStep(i) }, check))
}

function coerceMap (schema: TSchema, place: Place, check: Check): unknown {
  const { node, path, pointer } = place
  if (node.kind !== 'map') return toPlain(node)
  const result: Record<string, unknown> = {}
  for (const [key, entry] of node.entries) {
    const rule = ruleFor(schema, key)
    if (rule === undefined) hideUnknown(schema, key, entry.value, check)
    const at: Place = { node: entry.value, key: entry.key, path: entry.value.origin ?? [...path, key], pointer: pointer + pointerStep(key) }
    result[key] = rule === undefined ? toPlain(entry.value) : coerce(rule, at, check)
  }
  return fillDefaults(schema, result, node)
}

/** A misspelt option may be a misspelt secret, so its value is shown only when what it looks like holds none. */
function hideUnknown (schema: TSchema, key: string, value: TreeNode, check: Check): void {
  const properties = (schema['properties'] ?? {}) as Record<string, TSchema>
  const meant = nearest(key, Object.keys(properties))
  const rule = meant === undefined ? undefined : properties[meant]
  if (rule === undefined || value.kind !== 'scalar' || holdsSecret(rule)) maskAll(value, check)
}

/** Defaults of an object's missing options, and of the options of sections that are themselves there by default. */
export function fillDefaults (schema: TSchema, value: Record<string, unknown>, node?: MapNode): Record<string, unknown> {
  for (const [key, rule] of Object.entries((schema['properties'] ?? {}) as Record<string, TSchema>)) {
    if (Object.hasOwn(value, key) || node?.entries.has(key) === true || rule.default === undefined) continue
    const filled: unknown = structuredClone(rule.default)
    value[key] = rule['type'] === 'object' ? fillDefaults(rule, filled as Record<string, unknown>) : filled
  }
  return value
}

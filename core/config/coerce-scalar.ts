/** One scalar to the typed value of its schema: reads durations and sizes, checks addresses, explains a wrong type. */
import type { TSchema } from '@sinclair/typebox'
import { endpointFault, urlFault } from './address.js'
import { nameOf, reject, wrongType, type Check, type Place } from './check.js'
import { choices, found, wanted } from './describe.js'
import { notation } from './schema.js'
import { listed, nearest } from './suggest.js'
import type { ScalarNode } from './tree.js'
import { parseBytes, parseDuration } from './units.js'

export function coerceScalar (schema: TSchema, place: Place, check: Check): unknown {
  const node = place.node as ScalarNode
  const mark = notation(schema)
  if (mark === 'duration' || mark === 'bytes') return readUnits(schema, node, place, check)
  const words = choices(schema)
  if (words !== undefined) return readChoice(schema, words, node, place, check)
  if (schema['type'] === 'string') return readText(schema, node, place, check)
  if (schema['type'] === 'number' || schema['type'] === 'integer') return readNumber(schema, node, place, check)
  if (schema['type'] === 'boolean' && typeof node.value !== 'boolean') return wrongType(schema, place, check, booleanHelp(node))
  if (schema['type'] === 'object' || schema['type'] === 'array') return wrongType(schema, place, check)
  return node.value
}

const booleanHelp = (node: ScalarNode): string | undefined =>
  /^(?:yes|on|y)$/i.test(node.text) ? 'YAML 1.2 writes `true`' : /^(?:no|off|n)$/i.test(node.text) ? 'YAML 1.2 writes `false`' : undefined

function readUnits (schema: TSchema, node: ScalarNode, place: Place, check: Check): unknown {
  const isDuration = notation(schema) === 'duration'
  if (typeof node.value === 'boolean') return wrongType(schema, place, check)
  const value = isDuration ? parseDuration(node.text) : parseBytes(node.text)
  if (value !== undefined) return value
  const bare = isDuration && /^\d+(?:\.\d+)?$/.test(node.text)
  const help = bare ? `a duration needs a unit: ${node.text.slice(0, 20)}s or ${node.text.slice(0, 20)}ms` : isDuration ? 'units are ns, us, ms, s, m, h, d' : 'units are B, KB, MB, GB, TB, KiB, MiB, GiB, TiB'
  check.faults.error('CFG035', node.at, place.path, `\`${nameOf(place)}\` must be ${wanted(schema)}, found ${found(node)}`, { help })
  return reject(check, place)
}

function readChoice (schema: TSchema, words: readonly string[], node: ScalarNode, place: Place, check: Check): unknown {
  const values: readonly unknown[] = Array.isArray(schema['enum']) ? schema['enum'] as unknown[] : (schema['anyOf'] ?? schema['oneOf'] as TSchema[]).map((b: TSchema) => b['const'] as unknown)
  if (values.includes(node.value)) return node.value
  if (values.includes(node.text)) return node.text
  const suggestion = nearest(node.text, words)
  check.faults.error('CFG033', node.at, place.path, `\`${nameOf(place)}\` must be ${wanted(schema)}, found ${found(node)}`, { allowed: listed(words), suggestion })
  return reject(check, place)
}

function readText (schema: TSchema, node: ScalarNode, place: Place, check: Check): unknown {
  const mark = notation(schema)
  // What came from `${…}` has no type of its own: a password of digits is still a password.
  const text = typeof node.value === 'string' ? node.value : node.substituted === true ? node.text : undefined
  if (text === undefined) return wrongType(schema, place, check, mark === 'secret' ? 'put it in quotes' : `put it in quotes: "${node.text.slice(0, 40)}"`)
  const fault = mark === 'endpoint' ? endpointFault(text) : mark === 'url' ? urlFault(text) : ''
  if (fault === '') return text
  check.faults.error('CFG035', node.at, place.path, `\`${nameOf(place)}\` must be ${wanted(schema)}, found ${found(node)}`, { help: fault })
  return reject(check, place)
}

function readNumber (schema: TSchema, node: ScalarNode, place: Place, check: Check): unknown {
  if (typeof node.value !== 'number') {
    const quoted = /^[-+]?\d+(?:\.\d+)?$/.test(node.text)
    return wrongType(schema, place, check, quoted ? 'remove the quotes' : undefined)
  }
  if (!Number.isFinite(node.value) || (schema['type'] === 'integer' && !Number.isInteger(node.value))) return wrongType(schema, place, check)
  return node.value
}

/** One validator error in plain words: the key, what was found, what is allowed. */
import type { TSchema } from '@sinclair/typebox'
import type { ErrorObject } from 'ajv'
import type { Check, Place } from './check.js'
import { found, wanted } from './describe.js'
import type { FaultCode } from './fault-codes.js'
import type { FaultDetails } from './faults.js'
import { notation, written } from './schema.js'
import { listed, nearest } from './suggest.js'
import { locate, type Located } from './tree.js'

interface Words { readonly code: FaultCode; readonly message: string; readonly details?: FaultDetails; readonly atKey?: boolean }

/** A located error: what the functions of the table below work on. */
interface Subject { readonly error: ErrorObject; readonly schema: TSchema; readonly name: string; readonly shown: string }

export function explain (error: ErrorObject, place: Place, check: Check): void {
  const extra = extraStep(error)
  const steps = [...stepsOf(error.instancePath, place), ...(extra === undefined ? [] : [extra])]
  const located = locate(place.node, place.key, place.path, steps)
  const last = located.path.at(-1)
  const name = typeof last === 'number' ? `${String(located.path.at(-2) ?? '')}[${last}]` : String(last ?? '').slice(0, 80)
  const subject: Subject = { error, schema: (error.parentSchema ?? {}) as TSchema, name, shown: shownValue(error, located, check) }
  const words = (table[error.keyword] ?? otherRule)(subject)
  const span = words.atKey === true || located.node === undefined ? located.key : located.node.at
  check.faults.error(words.code, span, located.path, words.message, words.details)
}

/** Errors of a map that are about one of its keys. */
function extraStep (error: ErrorObject): string | undefined {
  const { additionalProperty, unevaluatedProperty, missingProperty, propertyName } = error.params as Readonly<Record<string, string | undefined>>
  return additionalProperty ?? unevaluatedProperty ?? missingProperty ?? propertyName
}

/** JSON pointer to steps, with list indexes as numbers. */
function stepsOf (pointer: string, place: Place): (string | number)[] {
  const steps: (string | number)[] = []
  for (const part of pointer.split('/').slice(1)) {
    const text = part.replaceAll('~1', '/').replaceAll('~0', '~')
    const here = locate(place.node, place.key, place.path, steps).node
    steps.push(here?.kind === 'list' ? Number(text) : text)
  }
  return steps
}

function shownValue (error: ErrorObject, { node }: Located, check: Check): string {
  const secret = notation((error.parentSchema ?? {}) as TSchema) === 'secret' || (node !== undefined && check.masked.includes(node.at))
  if (secret) return 'another value'
  return node === undefined ? 'nothing' : found(node)
}

const limit = ({ error, schema }: Subject): string => written(schema, (error.params as { limit: number }).limit)

const bound = (relation: string) => (s: Subject): Words =>
  ({ code: 'CFG034', message: `\`${s.name}\` must be ${relation} ${limit(s)}, found ${s.shown}`, details: { allowed: range(s.schema) } })

/** Both bounds, so that the next try does not hit the other one. */
function range (schema: TSchema): string | undefined {
  const [low, high] = [schema['minimum'], schema['maximum']] as [number | undefined, number | undefined]
  return low === undefined || high === undefined ? undefined : `${written(schema, low)} to ${written(schema, high)}`
}

const length = (relation: string, unit: string) => (s: Subject): Words =>
  ({ code: 'CFG037', message: `\`${s.name}\` must have ${relation} ${limit(s)} ${unit}${limit(s) === '1' ? '' : 's'}` })

const otherRule = (s: Subject): Words => ({ code: 'CFG042', message: `\`${s.name}\` ${s.error.message ?? 'breaks a rule of its schema'}` })

const table: Readonly<Record<string, (s: Subject) => Words>> = {
  type: s => ({ code: 'CFG030', message: `\`${s.name}\` must be ${wanted(s.schema)}, found ${s.shown}` }),
  enum: s => ({ code: 'CFG033', message: `\`${s.name}\` must be ${wanted(s.schema)}, found ${s.shown}` }),
  const: s => ({ code: 'CFG033', message: `\`${s.name}\` must be ${wanted(s.schema)}, found ${s.shown}` }),
  required: s => ({ code: 'CFG032', message: `\`${s.name}\` is required`, details: { allowed: wantedProperty(s) }, atKey: true }),
  additionalProperties: s => unknownOption(s),
  unevaluatedProperties: s => unknownOption(s),
  minimum: bound('at least'),
  maximum: bound('at most'),
  exclusiveMinimum: bound('more than'),
  exclusiveMaximum: bound('less than'),
  multipleOf: s => ({ code: 'CFG034', message: `\`${s.name}\` must be a multiple of ${(s.error.params as { multipleOf: number }).multipleOf}, found ${s.shown}` }),
  minLength: length('at least', 'character'),
  maxLength: length('at most', 'character'),
  minItems: length('at least', 'item'),
  maxItems: length('at most', 'item'),
  minProperties: length('at least', 'key'),
  maxProperties: length('at most', 'key'),
  pattern: s => ({ code: 'CFG036', message: `\`${s.name}\` must match ${(s.error.params as { pattern: string }).pattern}, found ${s.shown}` }),
  format: s => ({ code: 'CFG036', message: `\`${s.name}\` must be ${formatWords[(s.error.params as { format: string }).format] ?? 'of another form'}, found ${s.shown}` }),
  propertyNames: s => ({ code: 'CFG036', message: `\`${s.name}\` is not allowed as a key here`, atKey: true }),
  uniqueItems: s => ({ code: 'CFG038', message: `\`${s.name}\` holds the same item twice, at ${positions(s)}` }),
  anyOf: s => ({ code: 'CFG039', message: `\`${s.name}\` must be ${wanted(s.schema)}, found ${s.shown}` }),
  oneOf: s => ({ code: 'CFG039', message: `\`${s.name}\` must be exactly one of: ${wanted(s.schema)}` }),
  not: s => ({ code: 'CFG042', message: `\`${s.name}\` is not allowed to be ${s.shown}` }),
  contains: s => ({ code: 'CFG042', message: `\`${s.name}\` lacks an item that it must hold` }),
  dependentRequired: s => ({ code: 'CFG032', message: `\`${s.name}\` is required because \`${(s.error.params as { property: string }).property}\` is set`, atKey: true }),
  'false schema': s => ({ code: 'CFG031', message: `\`${s.name}\` is not allowed here`, atKey: true })
}

const formatWords: Readonly<Record<string, string>> = {
  uri: 'a URL', 'date-time': 'a time such as 2025-01-31T12:00:00Z', ipv4: 'an IPv4 address', hostname: 'a host name', uuid: 'a UUID', regex: 'a regular expression'
}

function positions (s: Subject): string {
  const { i, j } = s.error.params as { i: number; j: number }
  return `positions ${Math.min(i, j) + 1} and ${Math.max(i, j) + 1}`
}

function unknownOption (s: Subject): Words {
  const allowed = Object.keys((s.schema['properties'] ?? {}) as object)
  return { code: 'CFG031', message: `unknown option \`${s.name}\``, details: { allowed: listed(allowed), suggestion: nearest(s.name, allowed) }, atKey: true }
}

function wantedProperty (s: Subject): string | undefined {
  const rule = ((s.schema['properties'] ?? {}) as Record<string, TSchema>)[s.name]
  return rule === undefined ? undefined : wanted(rule)
}

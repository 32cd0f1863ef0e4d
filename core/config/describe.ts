/** Schemas and values in the words of a message. */
import type { TSchema } from '@sinclair/typebox'
import { notation, type Notation } from './schema.js'
import { listed } from './suggest.js'
import type { TreeNode } from './tree.js'

const notationWords: Readonly<Record<Notation, string>> = {
  duration: 'a duration such as 200ms, 5s or 1m30s',
  bytes: 'a size such as 512B, 64KiB or 4MiB',
  endpoint: 'an endpoint such as 127.0.0.1:4317',
  url: 'a URL such as http://127.0.0.1:4318',
  secret: 'a text'
}

const typeWords: Readonly<Record<string, string>> = {
  string: 'a text', number: 'a number', integer: 'a whole number', boolean: 'true or false', array: 'a list', object: 'a map', null: 'nothing'
}

/** What the schema wants: "a duration such as …", "one of a, b", "a list of texts". */
export function wanted (schema: TSchema): string {
  const mark = notation(schema)
  if (mark !== undefined) return notationWords[mark]
  if (schema['const'] !== undefined) return JSON.stringify(schema['const'])
  const words = choices(schema)
  if (words !== undefined) return words.length === 1 ? String(words[0]) : `one of ${listed(words)}`
  const branches = branchesOf(schema)
  if (branches !== undefined) return [...new Set(branches.map(wanted))].join(' or ')
  const type: unknown = schema['type']
  if (type === 'array' && isSchema(schema['items'])) return `a list, each item ${wanted(schema['items'])}`
  if (Array.isArray(type)) return type.map(t => typeWords[String(t)] ?? String(t)).join(' or ')
  return typeWords[String(type)] ?? 'another value'
}

/** The words of an enum, however the schema writes it (`enum`, or alternatives of constants). */
export function choices (schema: TSchema): readonly string[] | undefined {
  if (Array.isArray(schema['enum'])) return schema['enum'].map(String)
  const branches = branchesOf(schema)
  if (branches === undefined || branches.length === 0 || branches.some(b => b['const'] === undefined)) return undefined
  return branches.map(b => String(b['const']))
}

/** The alternatives of a union. */
export function branchesOf (schema: TSchema): readonly TSchema[] | undefined {
  const branches: unknown = schema['anyOf'] ?? schema['oneOf']
  return Array.isArray(branches) ? branches.filter(isSchema) : undefined
}

export function isSchema (value: unknown): value is TSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The schema of one key of a map; undefined when the key is not known. */
export function ruleFor (schema: TSchema, key: string): TSchema | undefined {
  const properties = (schema['properties'] ?? {}) as Record<string, TSchema>
  if (Object.hasOwn(properties, key)) return properties[key]
  for (const [pattern, rule] of Object.entries((schema['patternProperties'] ?? {}) as Record<string, TSchema>)) {
    if (new RegExp(pattern, 'u').test(key)) return rule
  }
  const rest: unknown = schema['additionalProperties']
  if (rest === false) return undefined
  return isSchema(rest) ? rest : {} as TSchema
}

/** True when a secret may stand anywhere in a value of this schema. */
export function holdsSecret (schema: TSchema): boolean {
  return notation(schema) === 'secret' || Object.values(schema).some(part =>
    typeof part === 'object' && part !== null && (Array.isArray(part) ? part.some(p => isSchema(p) && holdsSecret(p)) : holdsSecret(part as TSchema)))
}

const maxShown = 60

/** What was found: `text "abc"`, `number 5`, `a list`. Never call it with a node that may hold a secret. */
export function found (node: TreeNode): string {
  if (node.kind === 'list') return 'a list'
  if (node.kind === 'map') return 'a map'
  if (node.value === null) return 'nothing'
  if (typeof node.value === 'string') return `text ${JSON.stringify(cut(node.value))}`
  return `${typeof node.value === 'number' ? 'number' : ''} ${cut(String(node.value))}`.trim()
}

const cut = (text: string): string => text.length <= maxShown ? text : `${text.slice(0, maxShown)}…`

/** A component's options as a Markdown table: option, type, default, meaning. READMEs are generated from it. */
import type { TSchema } from '@sinclair/typebox'
import { branchesOf, choices, isSchema } from './describe.js'
import { asWritten } from './print.js'
import { notation, written } from './schema.js'

interface Row { readonly option: string; readonly type: string; readonly preset: string; readonly meaning: string }

export function optionsTable (schema: TSchema): string {
  const rows = rowsOf(schema, '', 0)
  if (rows.length === 0) return 'No options.\n'
  const lines = rows.map(row => `| \`${row.option}\` | ${cell(row.type)} | ${cell(row.preset)} | ${cell(row.meaning)} |`)
  return ['| option | type | default | meaning |', '|---|---|---|---|', ...lines, ''].join('\n')
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

function rowsOf (schema: TSchema, prefix: string, depth: number): readonly Row[] {
  if (schema['type'] !== 'object' || depth > 8) return []
  const required = new Set((schema['required'] ?? []) as readonly string[])
  return Object.entries((schema['properties'] ?? {}) as Record<string, TSchema>).flatMap(([key, rule]) => {
    const option = `${prefix}${key}`
    const inner = nested(rule)
    const row: Row = { option, type: typeName(rule), preset: presetOf(rule, required.has(key), inner !== undefined), meaning: meaning(rule) }
    return inner === undefined ? [row] : [...(row.meaning === '' ? [] : [row]), ...rowsOf(inner.schema, `${option}${inner.joint}`, depth + 1)]
  })
}

/** Where further options hide: in a map, or in the items of a list. */
function nested (rule: TSchema): { readonly schema: TSchema; readonly joint: string } | undefined {
  if (rule['type'] === 'object' && isSchema(rule['properties']) && Object.keys(rule['properties']).length > 0) return { schema: rule, joint: '.' }
  const items: unknown = rule['items']
  return isSchema(items) && items['type'] === 'object' && isSchema(items['properties']) ? { schema: items, joint: '[].' } : undefined
}

function typeName (rule: TSchema): string {
  const mark = notation(rule)
  if (mark !== undefined) return mark === 'bytes' ? 'size' : mark
  const words = choices(rule)
  if (words !== undefined) return words.map(word => `\`${word}\``).join(', ')
  const branches = branchesOf(rule)
  if (branches !== undefined) return [...new Set(branches.map(typeName))].join(' or ')
  if (rule['const'] !== undefined) return `\`${String(rule['const'])}\``
  const type = String(rule['type'] ?? 'any')
  const items: unknown = rule['items']
  if (type === 'array') return isSchema(items) ? `list of ${typeName(items)}` : 'list'
  return type === 'object' ? 'map' : type === 'string' ? 'text' : type
}

function presetOf (rule: TSchema, required: boolean, isSection: boolean): string {
  const preset: unknown = rule.default
  if (preset === undefined) return required ? '**required**' : ''
  if (isSection && rule['type'] === 'object') return ''
  const text = asWritten(rule, preset, false)
  return `\`${typeof text === 'string' ? text : JSON.stringify(text)}\``
}

/** The description, and the bounds that the type does not say. */
function meaning (rule: TSchema): string {
  const { minimum, maximum } = rule as { minimum?: number; maximum?: number }
  const low = minimum === undefined || (minimum === 0 && notation(rule) !== undefined) ? undefined : written(rule, minimum)
  const high = maximum === undefined ? undefined : written(rule, maximum)
  const bounds = low !== undefined && high !== undefined ? `${low} to ${high}.` : low !== undefined ? `At least ${low}.` : high !== undefined ? `At most ${high}.` : ''
  return [rule.description ?? '', bounds].filter(text => text !== '').join(' ')
}

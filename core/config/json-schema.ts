/**
 * JSON Schema of the whole configuration for editors. Draft-07: the YAML language server knows it best. It describes what
 * people write (durations as text, `${env:X}` anywhere), where the components' own schemas describe typed values.
 */
import type { TSchema } from '@sinclair/typebox'
import { isSchema } from './describe.js'
import { asWritten } from './print.js'
import { notation, written, type Notation } from './schema.js'
import { kinds, sectionOf, serviceSchema, type ComponentCatalog } from './shape.js'
import { pluginsSchema } from '../plugins/config.js'
import { seedSchemas } from './seed-schema.js'
import { schemaFault } from './validator.js'

export type JsonSchema = Readonly<Record<string, unknown>>

const patterns: Readonly<Partial<Record<Notation, string>>> = {
  duration: '^(0|([0-9]+(\\.[0-9]+)?(ns|us|µs|ms|s|m|h|d))+|.*\\$\\{.*)$',
  bytes: '^([0-9]+(\\.[0-9]+)? ?(B|[KMGT]i?B)?|.*\\$\\{.*)$',
  endpoint: '^(.+:[0-9]+|unix:///.+|.*\\$\\{.*)$',
  url: '^([hH][tT][tT][pP][sS]?://.+|.*\\$\\{.*)$'
}

/** A value may be a substitution wherever it is not text already. */
const substitution: JsonSchema = { type: 'string', pattern: '\\$\\{' }

export function configJsonSchema (catalog: ComponentCatalog): JsonSchema {
  const sections = kinds.map(kind => [sectionOf[kind], sectionSchema(kind, catalog)] as const)
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Tapio configuration',
    type: 'object',
    properties: {
      ...Object.fromEntries(sections),
      service: editorSchema(serviceSchema),
      plugins: editorSchema(pluginsSchema),
      intelligence: { ...editorSchema(seedSchemas.intelligence), description: 'Short form: modes, stages and their options.' },
      collectors: { type: 'object', description: 'Short form of receivers.', additionalProperties: orNull({ type: 'object', properties: { enabled: { type: 'boolean', default: true } } }) },
      correlation: { ...editorSchema(seedSchemas.correlation), description: 'Short form: how incidents are built.' }
    },
    patternProperties: { '^x-': {} },
    additionalProperties: false
  }
}

function sectionSchema (kind: (typeof kinds)[number], catalog: ComponentCatalog): JsonSchema {
  const patternProperties: Record<string, unknown> = {}
  for (const type of catalog.types(kind)) {
    const factory = catalog.find(kind, type)
    // One component with a broken schema must not take the editor's help for all others away.
    if (factory === undefined || schemaFault(factory.schema) !== '') continue
    const names = [type, ...Object.keys(factory.aliases ?? {})]
    patternProperties[`^${names.length === 1 ? type : `(${names.join('|')})`}(/[\\w.-]+)?$`] = { ...orNull(editorSchema(factory.schema)), description: `${factory.description} (${factory.stability})` }
  }
  return orNull({ type: 'object', description: `The ${sectionOf[kind]}, by id: type or type/name.`, patternProperties, additionalProperties: false })
}

/** `otlp:` with nothing behind it means all defaults. */
const orNull = (schema: JsonSchema): JsonSchema => ({ ...schema, type: ['object', 'null'] })

/** A component's schema as an editor needs it. */
export function editorSchema (schema: TSchema): JsonSchema {
  const mark = notation(schema)
  if (mark !== undefined) return markedSchema(schema, mark)
  const result: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(schema) as [string, unknown][]) result[key] = key === 'default' ? asWritten(schema, value, true) : convert(key, value)
  // What has a default need not be written.
  if (Array.isArray(schema['required'])) {
    const properties = (schema['properties'] ?? {}) as Record<string, TSchema>
    const needed = (schema['required'] as string[]).filter(key => properties[key]?.default === undefined)
    if (needed.length === 0) delete result['required']
    else result['required'] = needed
  }
  if (schema['type'] === 'object') return orNull(result)
  return ['number', 'integer', 'boolean'].includes(String(schema['type'])) ? besideSubstitution(result) : result
}

function besideSubstitution ({ description, default: preset, ...rest }: Readonly<Record<string, unknown>>): JsonSchema {
  return { ...(description === undefined ? {} : { description }), ...(preset === undefined ? {} : { default: preset }), anyOf: [rest, substitution] }
}

function convert (key: string, value: unknown): unknown {
  if (key === 'properties' || key === 'patternProperties') {
    return Object.fromEntries(Object.entries(value as Record<string, TSchema>).map(([name, part]) => [name, editorSchema(part)]))
  }
  if (Array.isArray(value) && ['anyOf', 'oneOf', 'allOf'].includes(key)) return value.filter(isSchema).map(editorSchema)
  return isSchema(value) && ['items', 'additionalProperties', 'not'].includes(key) ? editorSchema(value) : value
}

function markedSchema (schema: TSchema, mark: Notation): JsonSchema {
  const pattern = patterns[mark]
  const limits = (['minimum', 'maximum'] as const)
    .filter(key => typeof schema[key] === 'number' && !(key === 'minimum' && schema[key] === 0))
    .map(key => `${key === 'minimum' ? 'at least' : 'at most'} ${written(schema, schema[key] as number)}`)
  const description = [schema.description, limits.join(', ')].filter(text => text !== undefined && text !== '').join(' ')
  return {
    type: mark === 'bytes' ? ['string', 'integer'] : 'string',
    ...(pattern === undefined ? {} : { pattern }),
    ...(description === '' ? {} : { description }),
    ...(schema.default === undefined ? {} : { default: typeof schema.default === 'number' ? written(schema, schema.default) : schema.default as unknown })
  }
}

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

/** What a text in a notation looks like, and what an editor says of one that does not. */
const patterns: Readonly<Partial<Record<Notation, { readonly pattern: string, readonly says: string }>>> = {
  duration: { pattern: '^(0|([0-9]+(\\.[0-9]+)?(ns|us|µs|ms|s|m|h|d))+|.*\\$\\{.*)$', says: 'A duration such as 200ms, 5s or 1m30s.' },
  bytes: { pattern: '^([0-9]+(\\.[0-9]+)? ?(B|[KMGT]i?B)?|.*\\$\\{.*)$', says: 'A size such as 4MiB, 512KB or 1048576.' },
  endpoint: { pattern: '^(.+:[0-9]+|unix:///.+|.*\\$\\{.*)$', says: 'host:port, such as 127.0.0.1:4317 or [::1]:4317, or unix:///path.' },
  url: { pattern: '^([hH][tT][tT][pP][sS]?://.+|.*\\$\\{.*)$', says: 'A URL that begins with http:// or https://.' }
}

/** A value may be a substitution wherever it is not text already. */
const substitution: JsonSchema = { type: 'string', pattern: '\\$\\{' }

export function configJsonSchema (catalog: ComponentCatalog): JsonSchema {
  const definitions: Record<string, JsonSchema> = {}
  const sections = kinds.map(kind => [sectionOf[kind], sectionSchema(kind, catalog, definitions)] as const)
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
    additionalProperties: false,
    definitions
  }
}

/** Each type twice: by its name, which editors offer, and as `type/name`, which they only check. */
function sectionSchema (kind: (typeof kinds)[number], catalog: ComponentCatalog, definitions: Record<string, JsonSchema>): JsonSchema {
  const properties: Record<string, JsonSchema> = {}
  const patternProperties: Record<string, JsonSchema> = {}
  for (const type of catalog.types(kind)) {
    const factory = catalog.find(kind, type)
    // One component with a broken schema must not take the editor's help for all others away.
    if (factory === undefined || schemaFault(factory.schema) !== '') continue
    const name = `${kind}.${type}`
    definitions[name] = { ...orNull(editorSchema(factory.schema)), description: `${factory.description} (${factory.stability})` }
    properties[type] = patternProperties[`^${type}/[\\w.-]+$`] = { $ref: `#/definitions/${name}` }
    // Taken, and not offered: names of another time.
    for (const alias of Object.keys(factory.aliases ?? {})) patternProperties[`^${alias}(/[\\w.-]+)?$`] = { $ref: `#/definitions/${name}` }
  }
  return orNull({ type: 'object', description: `The ${sectionOf[kind]}, by id: type or type/name.`, properties, patternProperties, additionalProperties: false })
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
  if (typeof result['pattern'] === 'string') result['pattern'] = `${result['pattern']}|\\$\\{`
  return ['number', 'integer', 'boolean'].includes(String(schema['type'])) || Array.isArray(result['enum']) ? besideSubstitution(result) : result
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
  const form = patterns[mark]
  const limits = (['minimum', 'maximum'] as const)
    .filter(key => typeof schema[key] === 'number' && !(key === 'minimum' && schema[key] === 0))
    .map(key => `${key === 'minimum' ? 'at least' : 'at most'} ${written(schema, schema[key] as number)}`)
    .join(', ')
  const description = [schema.description, limits === '' ? '' : `${limits.charAt(0).toUpperCase()}${limits.slice(1)}.`].filter(text => text !== undefined && text !== '').join(' ')
  return {
    type: mark === 'bytes' ? ['string', 'integer'] : 'string',
    // The YAML language server's own keywords: what it says of another type and of another form.
    ...(form === undefined ? {} : { pattern: form.pattern, patternErrorMessage: form.says, errorMessage: form.says }),
    ...(description === '' ? {} : { description }),
    ...(schema.default === undefined ? {} : { default: typeof schema.default === 'number' ? written(schema, schema.default) : schema.default as unknown })
  }
}

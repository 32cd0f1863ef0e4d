/** JSON Schema of pattern files, draft-07, which editors know best: from the same shapes that reading uses. */
import type { JsonSchema } from '../config/json-schema.js'
import { conditionExtras, conditionFields, conditionKinds, fileFields } from './format.js'
import type { Fields, Shape } from './shape.js'

export function patternJsonSchema (): JsonSchema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Tapio patterns',
    ...mapSchema(fileFields),
    patternProperties: { '^x-': {} },
    definitions: { condition: conditionSchema() }
  }
}

/** A map with exactly one kind, or an expression alone. */
function conditionSchema (): JsonSchema {
  return { oneOf: [{ type: ['string', 'boolean'] }, { ...mapSchema({ ...conditionFields, ...conditionExtras }), oneOf: conditionKinds.map(kind => ({ required: [kind] })) }] }
}

function mapSchema (fields: Fields): JsonSchema {
  const required = Object.entries(fields).filter(([, field]) => field.required === true).map(([key]) => key)
  const properties = Object.fromEntries(Object.entries(fields).map(([key, { shape, says }]) => [key, { ...schemaOf(shape), description: says }]))
  return { type: 'object', properties, additionalProperties: false, ...(required.length === 0 ? {} : { required }) }
}

function schemaOf (shape: Shape): JsonSchema {
  switch (shape.is) {
    case 'text': case 'words': return { type: ['string', 'number', 'boolean'] }
    case 'expr': return { type: ['string', 'number', 'boolean'] }
    case 'duration': return { type: ['string', 'number'], pattern: '^(0|([0-9]+(\\.[0-9]+)?(ns|us|µs|ms|s|m|h|d))+)$' }
    case 'number': return { type: 'number', ...(shape.min === undefined ? {} : { minimum: shape.min }), ...(shape.max === undefined ? {} : { maximum: shape.max }) }
    case 'flag': return { type: 'boolean' }
    case 'enum': return { type: 'string', enum: shape.of }
    case 'checked': return shape.words === undefined ? { type: 'string' } : { type: 'string', enum: shape.words }
    case 'map': return mapSchema(shape.fields)
    case 'dict': return { type: 'object', additionalProperties: schemaOf(shape.of) }
    case 'list': return listSchema(shape)
    // No `$ref` beside a description: draft-07 would not see the latter.
    case 'condition': return { allOf: [{ $ref: '#/definitions/condition' }] }
    case 'either': return { anyOf: shape.of.map(schemaOf) }
    case 'plain': return {}
  }
}

function listSchema ({ of, max, orOne = false }: { readonly of: Shape, readonly max: number, readonly orOne?: boolean }): JsonSchema {
  const list = { type: 'array', items: schemaOf(of), maxItems: max }
  return orOne ? { anyOf: [schemaOf(of), list] } : list
}

/** Messages as JSON Schemas: ProtoJSON's form of each type (https://protobuf.dev/programming-guides/json/), with the rules of the fields. */
import { ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf'
import { rulesOf } from '../rules.js'
import type { Comments } from './comments.js'

export interface Schema { readonly [key: string]: unknown }

/** Values that a 64-bit integer has and a double has not. */
const wholeText = { type: 'string', pattern: '^-?[0-9]{1,20}$' }
const naturalText = { type: 'string', pattern: '^[0-9]{1,20}$' }
/** JSON knows no other way to say these three. */
const real = { anyOf: [{ type: 'number' }, { type: 'string', enum: ['NaN', 'Infinity', '-Infinity'] }] }
const int32 = { type: 'integer', format: 'int32', minimum: -(2 ** 31), maximum: 2 ** 31 - 1 }
const uint32 = { type: 'integer', format: 'int64', minimum: 0, maximum: 2 ** 32 - 1 }

const scalars: Readonly<Record<ScalarType, Schema>> = {
  [ScalarType.DOUBLE]: real, [ScalarType.FLOAT]: real,
  [ScalarType.INT32]: int32, [ScalarType.SINT32]: int32, [ScalarType.SFIXED32]: int32,
  [ScalarType.UINT32]: uint32, [ScalarType.FIXED32]: uint32,
  [ScalarType.INT64]: wholeText, [ScalarType.SINT64]: wholeText, [ScalarType.SFIXED64]: wholeText,
  [ScalarType.UINT64]: naturalText, [ScalarType.FIXED64]: naturalText,
  [ScalarType.BOOL]: { type: 'boolean' }, [ScalarType.STRING]: { type: 'string' }, [ScalarType.BYTES]: { type: 'string', format: 'byte' }
}

const wellKnown: Readonly<Record<string, Schema>> = {
  'google.protobuf.Timestamp': { type: 'string', format: 'date-time' },
  'google.protobuf.Duration': { type: 'string', pattern: '^-?[0-9]{1,12}(\\.[0-9]{1,9})?s$', examples: ['3.5s'] },
  'google.protobuf.FieldMask': { type: 'string', examples: ['id,time,message,entity.name'] },
  'google.protobuf.Struct': { type: 'object', additionalProperties: true },
  'google.protobuf.Value': {}, 'google.protobuf.ListValue': { type: 'array', items: {} }
}

export class Schemas {
  /** `#/components/schemas` by name. */
  readonly components = new Map<string, Schema>()

  constructor (readonly comments: Comments) {}

  /** A reference to the message's schema, which is then among the components. */
  reference (message: DescMessage): Schema {
    const known = wellKnown[message.typeName]
    if (known !== undefined) return known
    if (!this.components.has(message.name)) {
      // First, so that a message within itself ends.
      this.components.set(message.name, {})
      this.components.set(message.name, this.object(message, () => true))
    }
    return { $ref: `#/components/schemas/${message.name}` }
  }

  /** The schema itself, with those fields that `wanted` keeps. */
  object (message: DescMessage, wanted: (field: DescField) => boolean): Schema {
    const fields = message.fields.filter(wanted)
    const required = fields.filter(f => rulesOf(f)?.required === true).map(f => f.jsonName)
    return {
      type: 'object',
      ...described(this.comments.get(message.typeName)),
      properties: Object.fromEntries(fields.map(field => [field.jsonName, this.field(field)])),
      ...required.length === 0 ? {} : { required },
      additionalProperties: false
    }
  }

  field (field: DescField): Schema {
    return { ...this.#value(field), ...described(this.comments.get(`${field.parent.typeName}.${field.name}`)) }
  }

  #value (field: DescField): Schema {
    const { maxItems = 0 } = rulesOf(field) ?? {}
    if (field.fieldKind === 'list') return { type: 'array', items: this.#one(field), ...maxItems > 0 ? { maxItems } : {} }
    if (field.fieldKind === 'map') return { type: 'object', additionalProperties: this.#one(field), ...maxItems > 0 ? { maxProperties: maxItems } : {} }
    return this.#one(field)
  }

  #one (field: DescField): Schema {
    if (field.message !== undefined) return this.reference(field.message)
    if (field.enum !== undefined) return { type: 'string', enum: field.enum.values.map(v => v.name) }
    return { ...scalars[field.scalar as ScalarType], ...ruled(field) }
  }
}

function ruled (field: DescField): Schema {
  const rules = rulesOf(field)
  if (rules === undefined) return {}
  const { words, pattern, maxLength, min, max } = rules
  return {
    ...words.length > 0 ? { enum: words } : {},
    ...pattern === '' ? {} : { pattern: `^(?:${pattern})$` },
    ...maxLength > 0 ? { maxLength } : {},
    ...min > 0 ? { minimum: min } : {},
    ...max > 0 ? { maximum: max } : {}
  }
}

export const described = (text: string | undefined): Schema => text === undefined ? {} : { description: text }

/**
 * How conditions on rows are written in YAML, wherever a component takes them: a list of conditions, of which any must
 * hold; a condition is a map of fields, all of which must match.
 *
 *   include:
 *     - type: network
 *       severity: { min: warning }
 *     - resource.service.name: [cart, checkout]
 *       attributes.http.route: { regex: '^/api/' }
 *       durationNano: { min: 200ms }
 */
import { Type, type Static } from '@sinclair/typebox'
import { Options } from '../config/schema.js'

const scalar = Type.Union([Type.Number(), Type.Boolean(), Type.String()])

const matcher = Options({
  equals: Type.Optional(Type.Union([scalar, Type.Array(scalar, { minItems: 1 })], { description: 'A value, or a list of which any will do.' })),
  regex: Type.Optional(Type.String({ description: 'RE2 pattern found anywhere in the text (anchor it with ^ and $).' })),
  min: Type.Optional(Type.Union([Type.Number(), Type.String()], { description: 'Lowest value: a number, a severity name, a duration or an ISO time.' })),
  max: Type.Optional(Type.Union([Type.Number(), Type.String()], { description: 'Highest value.' })),
  exists: Type.Optional(Type.Boolean({ description: 'Whether the row must have the field at all.' }))
})

/** One field's matcher: a value, a list of values, or a map of tests. */
export const matcherSchema = Type.Union([Type.Number(), Type.Boolean(), Type.String(), Type.Array(scalar, { minItems: 1 }), matcher])

export const conditionSchema = Type.Record(Type.String(), matcherSchema, { minProperties: 1, description: 'Fields that must all match.' })

/** A list of conditions, any of which must hold. */
export const conditionsSchema = (description: string) => Type.Array(conditionSchema, { default: [], description })

export type Scalar = Static<typeof scalar>
export type Matcher = Static<typeof matcher>
export type Condition = Static<typeof conditionSchema>

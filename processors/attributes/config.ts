import { Type, type Static } from '@sinclair/typebox'
import { Enum, Options } from '../../core/config/schema.js'

const scalar = Type.Union([Type.Number(), Type.Boolean(), Type.String()])

const action = Options({
  key: Type.String({ minLength: 1, description: 'The attribute.' }),
  action: Enum(['insert', 'update', 'upsert', 'delete', 'hash', 'rename', 'convert'], { description: '`insert` where it is absent, `update` where it is present, `upsert` both; `hash` replaces the value by its SHA-256.' }),
  scope: Enum(['record', 'resource'], { default: 'record', description: 'Attributes of the row, or of its resource.' }),
  value: Type.Optional(Type.Union([Type.Number(), Type.Boolean(), Type.String(), Type.Array(scalar)], { description: 'insert, update, upsert: the value.' })),
  from_attribute: Type.Optional(Type.String({ minLength: 1, description: 'insert, update, upsert: take the value of this attribute of the same scope; rows without it stay as they are.' })),
  new_key: Type.Optional(Type.String({ minLength: 1, description: 'rename: the new key.' })),
  converted_type: Type.Optional(Enum(['string', 'int', 'double', 'bool'], { description: 'convert: the type; values that cannot be converted stay as they are.' }))
})

export const schema = Options({
  actions: Type.Array(action, { default: [], description: 'What to do, in this order.' })
})
export type AttributesConfig = Static<typeof schema>
export type Action = Static<typeof action>

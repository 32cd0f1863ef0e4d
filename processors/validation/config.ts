import { Type, type Static } from '@sinclair/typebox'
import { signals } from '../../core/data/enums.js'
import { Duration, Enum, Options } from '../../core/config/schema.js'

export const schema = Options({
  on_invalid: Enum(['reject', 'drop', 'mark'], { default: 'reject', description: '`reject` tells the sender, `drop` only counts, `mark` passes the row on with attribute `tapio.validation`.' }),
  signals: Type.Array(Enum(signals, { description: 'A signal.' }), { default: ['events'], description: 'Which signals are checked; rows of others pass untouched.' }),
  max_future: Duration({ default: '5m', description: 'How far ahead of the clock a time may be.' }),
  max_age: Duration({ default: '24h', description: 'How old a row may be; 0 = any age.' })
})
export type ValidationConfig = Static<typeof schema>

import { Type, type Static } from '@sinclair/typebox'
import { Enum, Options } from '../../core/config/schema.js'

export const schema = Options({
  verbosity: Enum(['basic', 'normal', 'detailed'], { default: 'basic', description: 'A line a batch; and a line a row; and all fields of each row.' }),
  max_lines_per_second: Type.Integer({ minimum: 1, maximum: 100_000, default: 100, description: 'More lines are left out, and it is said how many.' }),
  max_text_length: Type.Integer({ minimum: 16, maximum: 65536, default: 256, description: 'Longer values are cut.' })
})
export type DebugConfig = Static<typeof schema>

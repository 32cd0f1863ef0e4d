import { Type, type Static } from '@sinclair/typebox'
import { ByteSize, Enum, Options } from '../../core/config/schema.js'
import { conditionsSchema } from '../../core/match/schema.js'

export const schema = Options({
  rate: Type.Number({ default: 10_000, minimum: 0, description: 'Events a second for each key, fractions too; 0 = events are not counted.' }),
  burst: Type.Optional(Type.Integer({ minimum: 1, description: 'Most events at once; left out = one second\'s worth.' })),
  bytes_rate: ByteSize({ default: '0', description: 'Bytes of records as received, a second for each key; 0 = bytes are not counted.' }),
  bytes_burst: Type.Optional(ByteSize({ minimum: '1', description: 'Most bytes at once; left out = one second\'s worth.' })),
  key: Type.Array(Type.String(), { default: [], maxItems: 8, description: 'Fields (as in conditions: `resource.k8s.namespace.name`, `attributes.tenant`, `source`) whose values together have a limit of their own. Empty = one limit for all.' }),
  max_keys: Type.Integer({ default: 10_000, minimum: 1, maximum: 1_000_000, description: 'Keys remembered, at about 200 bytes each; the one not seen for longest is forgotten, and begins anew with a full burst.' }),
  on_limit: Enum(['drop', 'retry'], { default: 'drop', description: '`drop`: rows above the limit end here, counted, the others pass. `retry`: the whole batch is to come again when its keys can take it; nothing is lost as long as the sender keeps it.' }),
  exempt: conditionsSchema('Rows that fit any of these always pass and are not counted.')
})
export type RateLimiterConfig = Static<typeof schema>

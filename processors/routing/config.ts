import { Type, type Static } from '@sinclair/typebox'
import { Options } from '../../core/config/schema.js'
import { conditionsSchema } from '../../core/match/schema.js'

const pipelines = (description: string) => Type.Array(Type.String(), { minItems: 1, uniqueItems: true, description })

export const schema = Options({
  table: Type.Array(Options({
    when: conditionsSchema('Conditions, any of which sends a row to the pipelines of this entry.'),
    pipelines: pipelines('Pipelines that get the rows.')
  }), { minItems: 1, description: 'Entries in order; a row follows the first that fits.' }),
  default_pipelines: Type.Optional(pipelines('Pipelines for rows that no entry fits; without it they are dropped and counted as `unrouted`.'))
})
export type RoutingConfig = Static<typeof schema>

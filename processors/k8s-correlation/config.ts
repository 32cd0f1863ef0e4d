import { Type, type Static } from '@sinclair/typebox'
import { Duration, Options } from '../../core/config/schema.js'

export const schema = Options({
  time_window: Duration({ default: '5m', minimum: '1s', maximum: '1h', description: 'How long after its cause an effect may begin, where no rule says otherwise.' }),
  min_correlation_score: Type.Number({ default: 0.7, minimum: 0, maximum: 1, description: 'How well a pair must fit for its link to be told; what fits less well still counts in an incident.' }),
  clock_skew: Duration({ default: '5s', maximum: '5m', description: 'By how much an effect may seem to precede its cause.' }),
  emit_links: Type.Boolean({ default: true, description: 'Sends links on as events named `tapio.link`.' }),
  max_candidates: Type.Integer({ default: 128, minimum: 1, maximum: 10_000, description: 'Links that one symptom may get as an effect: the nearest in time.' }),
  max_places: Type.Integer({ default: 1024, minimum: 16, maximum: 100_000, description: 'Objects that one symptom may be traced to.' })
})
export type K8sCorrelationConfig = Static<typeof schema>

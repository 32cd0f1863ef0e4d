import { Type, type Static } from '@sinclair/typebox'
import { Duration, Options } from '../../core/config/schema.js'

export const schema = Options({
  time_window: Duration({ default: '5m', minimum: '1s', maximum: '1h', description: 'How far apart in time two symptoms may be; a part of it for the kernel (1/5), connections and applications (2/5), twice for changes.' }),
  min_correlation_score: Type.Number({ default: 0.7, minimum: 0, maximum: 1, description: 'Links that are less sure are not made.' }),
  min_occurrences: Type.Integer({ default: 3, minimum: 2, maximum: 1000, description: 'How often a pair or sequence must have been seen before it counts.' }),
  clock_skew: Duration({ default: '5s', maximum: '5m', description: 'Rows may be late by this much; what has just begun waits as long before it is learned from.' }),
  max_pairs: Type.Integer({ default: 20_000, minimum: 100, maximum: 1_000_000, description: 'Pairs, and as many sequences, that are remembered; the ones seen least go first.' }),
  emit_links: Type.Boolean({ default: true, description: 'Sends links on as events named `tapio.link`.' })
})
export type TemporalCorrelationConfig = Static<typeof schema>

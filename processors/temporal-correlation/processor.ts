import type { Services } from '../../core/component/services.js'
import { LinkingProcessor } from '../../core/correlation/linking-processor.js'
import { TemporalLinker } from '../../core/correlation/temporal/temporal-linker.js'
import type { TemporalCorrelationConfig } from './config.js'
import { leftOut, linksMade, onsetsSeen } from './metrics.js'

export function createProcessor (services: Services): LinkingProcessor<TemporalLinker> {
  const config = services.get('config') as TemporalCorrelationConfig
  const meter = services.get('meter')
  const options = { windowMs: config.time_window, skewMs: config.clock_skew, minScore: config.min_correlation_score, minOccurrences: config.min_occurrences, maxPairs: config.max_pairs }
  return new LinkingProcessor(services, {
    stage: 'temporal_correlation',
    config,
    analyzer: (engine, onLink) => new TemporalLinker(engine, options, onLink),
    counters: linker => [
      { counter: meter.counter(linksMade), read: () => linker.counts.links },
      { counter: meter.counter(onsetsSeen), read: () => linker.counts.onsets },
      { counter: meter.counter(leftOut, { what: 'pairs' }), read: () => linker.evictedPairs },
      { counter: meter.counter(leftOut, { what: 'companions' }), read: () => linker.counts.cut.companions }
    ]
  })
}

import type { Services } from '../../core/component/services.js'
import { LinkingProcessor } from '../../core/correlation/linking-processor.js'
import { TopologyLinker } from '../../core/correlation/topology-linker.js'
import type { K8sCorrelationConfig } from './config.js'
import { leftOut, linksMade, pairsCompared } from './metrics.js'

export function createProcessor (services: Services): LinkingProcessor<TopologyLinker> {
  const config = services.get('config') as K8sCorrelationConfig
  const meter = services.get('meter')
  return new LinkingProcessor(services, {
    stage: 'k8s_correlation',
    config,
    analyzer: (engine, onLink) => new TopologyLinker(engine, { windowMs: config.time_window, skewMs: config.clock_skew, maxCandidates: config.max_candidates, maxPlaces: config.max_places }, onLink),
    counters: linker => [
      { counter: meter.counter(linksMade), read: () => linker.counts.links },
      { counter: meter.counter(pairsCompared), read: () => linker.counts.pairs },
      { counter: meter.counter(leftOut, { what: 'places' }), read: () => linker.counts.cut.places },
      { counter: meter.counter(leftOut, { what: 'candidates' }), read: () => linker.counts.cut.candidates },
      { counter: meter.counter(leftOut, { what: 'watches' }), read: () => linker.evictedWatches }
    ]
  })
}

import { defineComponent } from '../../core/component/factory.js'
import { linkDrops, linkRemedies } from '../../core/correlation/link-outlet.js'
import { schema } from './config.js'
import { leftOut, linksMade, pairsCompared } from './metrics.js'

export const factory = defineComponent({
  kind: 'processor',
  type: 'k8s_correlation',
  description: 'Links symptoms along the topology of the cluster at their time: what caused what, over which relation, how sure.',
  stability: 'alpha',
  signals: ['traces', 'metrics', 'logs', 'profiles', 'events'],
  schema,
  concurrency: 'single',
  shares: true,
  borrows: true,
  isolates: 'forgets',
  metrics: [linksMade, pairsCompared, leftOut],
  drops: linkDrops,
  remedies: linkRemedies,
  async create (services) {
    const { createProcessor } = await import('./processor.js')
    return createProcessor(services)
  }
})

import { defineComponent } from '../../core/component/factory.js'
import { linkDrops, linkRemedies } from '../../core/correlation/link-outlet.js'
import { schema } from './config.js'
import { leftOut, linksMade, onsetsSeen } from './metrics.js'

export const factory = defineComponent({
  kind: 'processor',
  type: 'temporal_correlation',
  description: 'Links symptoms by time: what follows what again and again, known sequences, what one trace tells, bursts.',
  stability: 'alpha',
  signals: ['traces', 'metrics', 'logs', 'profiles', 'events'],
  schema,
  concurrency: 'single',
  shares: true,
  borrows: true,
  isolates: 'forgets',
  metrics: [linksMade, onsetsSeen, leftOut],
  drops: linkDrops,
  remedies: linkRemedies,
  async create (services) {
    const { createProcessor } = await import('./processor.js')
    return createProcessor(services)
  }
})

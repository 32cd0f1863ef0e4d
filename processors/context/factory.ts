import { defineComponent } from '../../core/component/factory.js'
import { schema } from './config.js'
import { absurdTimes, objectsFed, signsSeen, symptomsHeld, symptomsRefused, waitingHeld } from './metrics.js'

export const factory = defineComponent({
  kind: 'processor',
  type: 'context',
  description: 'Finds out what each event is about and what it is a sign of, and keeps the picture of the cluster that correlation thinks with.',
  stability: 'alpha',
  signals: ['traces', 'metrics', 'logs', 'profiles', 'events'],
  schema,
  concurrency: 'single',
  shares: true,
  borrows: true,
  answers: ['topology.view'],
  metrics: [signsSeen, symptomsHeld, symptomsRefused, waitingHeld, objectsFed, absurdTimes],
  drops: {},
  async create (services) {
    const { ContextProcessor } = await import('./processor.js')
    return services.construct(ContextProcessor)
  }
})

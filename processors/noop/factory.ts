import { defineComponent } from '../../core/component/factory.js'
import { schema } from './config.js'

export const factory = defineComponent({
  kind: 'processor',
  type: 'noop',
  description: 'Passes every batch on unchanged: the smallest whole component, and the template for new ones.',
  stability: 'stable',
  signals: ['traces', 'metrics', 'logs', 'profiles', 'events'],
  schema,
  concurrency: 'stateless',
  borrows: true,
  light: true,
  metrics: [],
  drops: {},
  async create (services) {
    const { NoopProcessor } = await import('./processor.js')
    return services.construct(NoopProcessor)
  }
})

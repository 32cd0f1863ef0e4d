import { defineComponent } from '../../core/component/factory.js'
import { refusedRemedy } from '../../core/component/remedy.js'
import { schema } from './config.js'

export const factory = defineComponent({
  kind: 'connector',
  type: 'forward',
  description: 'Passes every batch of the pipelines that end in it to all pipelines that begin with it.',
  stability: 'beta',
  signals: ['traces', 'metrics', 'logs', 'profiles', 'events'],
  schema,
  concurrency: 'stateless',
  metrics: [],
  drops: {
    refused: 'one output gave the batch up after another had taken it'
  },
  remedies: { refused: refusedRemedy },
  async create (services) {
    const { ForwardConnector } = await import('./connector.js')
    return services.construct(ForwardConnector)
  }
})

import { defineComponent } from '../../core/component/factory.js'
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
    refused: 'one output refused the batch after another had taken it',
    shutdown: 'one output asked to wait, another had taken the batch, and the time to stop ran out'
  },
  async create (services) {
    const { ForwardConnector } = await import('./connector.js')
    return services.construct(ForwardConnector)
  }
})

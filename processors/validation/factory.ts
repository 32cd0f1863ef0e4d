import { defineComponent } from '../../core/component/factory.js'
import { schema } from './config.js'
import { markedEvents } from './metrics.js'
import { reasons, remedies } from './reasons.js'

export const factory = defineComponent({
  kind: 'processor',
  type: 'validation',
  description: 'Finds events that lack what every event, or every event of their type, must carry.',
  stability: 'beta',
  signals: ['traces', 'metrics', 'logs', 'profiles', 'events'],
  schema,
  concurrency: 'stateless',
  borrows: true,
  light: true,
  metrics: [markedEvents],
  drops: reasons,
  remedies,
  async create (services) {
    const { ValidationProcessor } = await import('./processor.js')
    return services.construct(ValidationProcessor)
  }
})

import { defineComponent } from '../../core/component/factory.js'
import { schema } from './config.js'
import { pendingBytes, rejectedEvents, submissions } from './metrics.js'

export const factory = defineComponent({
  kind: 'receiver',
  type: 'api',
  description: 'Takes in what clients of the API submit (EventService, POST /v1/events:batch): they hear what became of it.',
  stability: 'beta',
  signals: ['traces', 'metrics', 'logs', 'profiles', 'events'],
  schema,
  concurrency: 'single',
  endToEnd: true,
  answers: ['events.submit'],
  metrics: [submissions, rejectedEvents, pendingBytes],
  drops: {},
  async create (services) {
    const { ApiReceiver } = await import('./receiver.js')
    return services.construct(ApiReceiver)
  }
})

import { defineComponent } from '../../core/component/factory.js'
import { schema } from './config.js'
import { metrics } from './metrics.js'

export const factory = defineComponent({
  kind: 'processor',
  type: 'incident',
  description: 'Makes explained incidents of linked symptoms: root cause, causal chain, blast radius, what to do.',
  stability: 'beta',
  signals: ['traces', 'metrics', 'logs', 'profiles', 'events'],
  schema,
  concurrency: 'single',
  shares: true,
  borrows: true,
  metrics,
  drops: {
    outbox_full: 'more incident rows than `max_incidents` allows waited for the next component',
    rejected: 'an incident row was rejected by what follows',
    refused: 'an incident row was refused by what follows, for longer than it is tried again',
    shutdown: 'an incident row was not sent before the deadline of the stop'
  },
  async create (services) {
    const { IncidentProcessor } = await import('./processor.js')
    return new IncidentProcessor(services)
  }
})

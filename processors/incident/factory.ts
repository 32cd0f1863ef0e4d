import { defineComponent } from '../../core/component/factory.js'
import { refusedRemedy, shutdownRemedy } from '../../core/component/remedy.js'
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
  isolates: 'forgets',
  patternsOption: 'patterns',
  metrics,
  drops: {
    outbox_full: 'more incident rows than `max_incidents` allows waited for the next component',
    rejected: 'an incident row was rejected by what follows',
    refused: 'an incident row was refused by what follows, for longer than it is tried again',
    shutdown: 'an incident row was not sent before the deadline of the stop'
  },
  remedies: {
    outbox_full: { options: ['max_incidents'], action: 'What follows takes incidents too slowly: look at its state in `tapio status`; a `sending_queue` there takes them at once.' },
    rejected: { options: [], action: 'Look at what follows: its log says why it rejects `tapio.incident` rows; a `filter` before it can keep them out.' },
    refused: refusedRemedy,
    shutdown: shutdownRemedy
  },
  async create (services) {
    const { IncidentProcessor } = await import('./processor.js')
    return new IncidentProcessor(services)
  }
})

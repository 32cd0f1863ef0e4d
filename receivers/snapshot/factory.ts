import { defineComponent } from '../../core/component/factory.js'
import { shutdownRemedy } from '../../core/component/remedy.js'
import { schema } from './config.js'
import { cutLogs, readFiles, readObjects, rejectedEvents } from './metrics.js'

export const factory = defineComponent({
  kind: 'receiver',
  type: 'snapshot',
  description: 'Reads a dump of a cluster (cluster-info dump, must-gather, kubectl output, logs, alerts) as one burst of events, offline.',
  stability: 'alpha',
  signals: ['events', 'logs'],
  schema,
  concurrency: 'single',
  metrics: [readFiles, readObjects, cutLogs, rejectedEvents],
  drops: {
    shutdown: 'read, but the pipeline did not take them before the time to stop ran out'
  },
  remedies: { shutdown: shutdownRemedy },
  async create (services) {
    const { SnapshotReceiver } = await import('./receiver.js')
    return services.construct(SnapshotReceiver)
  }
})

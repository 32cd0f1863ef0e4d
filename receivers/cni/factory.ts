import { defineComponent } from '../../core/component/factory.js'
import { shutdownRemedy } from '../../core/component/remedy.js'
import { schema } from './config.js'
import { activeProblems, addresses, droppedProblems, missedRuns, namespaces, netlinkFaults, pluginRuns } from './metrics.js'

export const factory = defineComponent({
  kind: 'receiver',
  type: 'cni',
  description: 'Watches how pods get their network: CNI configuration and plugins, address leases, interfaces and addresses of every namespace.',
  stability: 'beta',
  signals: ['events'],
  schema,
  concurrency: 'single',
  metrics: [activeProblems, namespaces, addresses, netlinkFaults, pluginRuns, missedRuns, droppedProblems],
  drops: {
    shutdown: 'seen, but the pipeline did not take them before the time to stop ran out'
  },
  remedies: { shutdown: shutdownRemedy },
  async create (services) {
    const { CniReceiver } = await import('./receiver.js')
    return services.construct(CniReceiver)
  }
})

import { defineComponent } from '../../core/component/factory.js'
import { shutdownRemedy } from '../../core/component/remedy.js'
import { checkConfig, schema, type KubernetesConfig } from './config.js'
import { checkpoints, deniedResources, heldObjects, malformedObjects, objectsNotHeld, queuedEvents, rejectedEvents, watchEvents } from './metrics.js'

export const factory = defineComponent({
  kind: 'receiver',
  type: 'kubernetes',
  description: 'Watches a cluster and tells what its changes mean: containers killed, pods that cannot be placed, rollouts, endpoints, quotas, nodes; Events too.',
  stability: 'beta',
  signals: ['events'],
  schema,
  concurrency: 'single',
  metrics: [heldObjects, objectsNotHeld, malformedObjects, watchEvents, deniedResources, queuedEvents, rejectedEvents, checkpoints],
  drops: {
    shutdown: 'seen, but the pipeline did not take them before the time to stop ran out; told at the next start when there is a checkpoint'
  },
  remedies: { shutdown: shutdownRemedy },
  check: config => checkConfig(config as KubernetesConfig),
  async create (services) {
    const { KubernetesReceiver } = await import('./receiver.js')
    return services.construct(KubernetesReceiver)
  }
})

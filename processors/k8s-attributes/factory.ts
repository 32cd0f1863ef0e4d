import { defineComponent } from '../../core/component/factory.js'
import { schema, type K8sAttributesConfig } from './config.js'
import { configFaults } from './faults.js'
import { cacheMisses, knownPods, resources } from './metrics.js'

export const factory = defineComponent({
  kind: 'processor',
  type: 'k8s_attributes',
  aliases: { k8sattributes: {} },
  description: 'Adds names, owners, labels and annotations of the pod that sent them to resources.',
  stability: 'beta',
  signals: ['traces', 'metrics', 'logs', 'profiles', 'events'],
  schema,
  concurrency: 'single',
  light: true,
  borrows: true,
  isolates: 'forgets',
  metrics: [resources, cacheMisses, knownPods],
  drops: {},
  check: config => configFaults(config as K8sAttributesConfig),
  async create (services) {
    const { K8sAttributesProcessor } = await import('./processor.js')
    return services.construct(K8sAttributesProcessor)
  }
})

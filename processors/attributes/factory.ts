import { defineComponent } from '../../core/component/factory.js'
import { schema, type AttributesConfig } from './config.js'
import { actionFaults } from './faults.js'

export const factory = defineComponent({
  kind: 'processor',
  type: 'attributes',
  description: 'Adds, changes, renames, hashes and deletes attributes of rows or of their resources.',
  stability: 'beta',
  signals: ['traces', 'metrics', 'logs', 'profiles', 'events'],
  schema,
  concurrency: 'stateless',
  borrows: true,
  metrics: [],
  drops: {},
  check: config => actionFaults((config as AttributesConfig).actions),
  async create (services) {
    const { AttributesProcessor } = await import('./processor.js')
    return services.construct(AttributesProcessor)
  }
})

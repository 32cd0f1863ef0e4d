import { defineComponent } from '../../core/component/factory.js'
import { conditionFaults } from '../../core/match/conditions.js'
import { schema, type FilterConfig } from './config.js'

export const factory = defineComponent({
  kind: 'processor',
  type: 'filter',
  description: 'Keeps or drops rows by conditions on their fields, attributes, resource and scope.',
  stability: 'beta',
  signals: ['traces', 'metrics', 'logs', 'profiles', 'events'],
  schema,
  concurrency: 'stateless',
  borrows: true,
  metrics: [],
  drops: { filtered: 'the row fits no `include` condition, or fits an `exclude` condition' },
  remedies: { filtered: { options: ['include', 'exclude'], action: 'Nothing, when these rows are not wanted. Else see what passes before it with `tapio tap \'* -> processor/filter\'`, and change the conditions.', isIntended: true } },
  check (config) {
    const { include, exclude } = config as FilterConfig
    return [...conditionFaults(include, ['include']), ...conditionFaults(exclude, ['exclude'])]
  },
  async create (services) {
    const { FilterProcessor } = await import('./processor.js')
    return services.construct(FilterProcessor)
  }
})

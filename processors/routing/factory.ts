import { defineComponent } from '../../core/component/factory.js'
import { refusedRemedy } from '../../core/component/remedy.js'
import { conditionFaults } from '../../core/match/conditions.js'
import { schema, type RoutingConfig } from './config.js'

export const factory = defineComponent({
  kind: 'connector',
  type: 'routing',
  description: 'Sends each row to the pipelines of the first entry in a table whose conditions it fits.',
  stability: 'beta',
  signals: ['traces', 'metrics', 'logs', 'profiles', 'events'],
  schema,
  concurrency: 'stateless',
  metrics: [],
  drops: {
    unrouted: 'no entry of the table fits and there are no default pipelines',
    refused: 'one pipeline gave its rows up after another had taken some of the same batch'
  },
  remedies: {
    unrouted: { options: ['table', 'default_pipelines'], action: 'Name `default_pipelines`, or add an entry that these rows fit; `tapio tap` before the connector shows them.' },
    refused: refusedRemedy
  },
  check (config) {
    return (config as RoutingConfig).table.flatMap((entry, i) => entry.when.length === 0
      ? [{ path: ['table', i, 'when'], message: 'expected at least one condition; rows that fit no entry go to `default_pipelines`' }]
      : conditionFaults(entry.when, ['table', i, 'when']))
  },
  async create (services) {
    const { RoutingConnector } = await import('./connector.js')
    return services.construct(RoutingConnector)
  }
})

/** The tapio exporter, as Tapio knows it. */
import { defineComponent } from '../../core/component/factory.js'
import { checkConfig, schema, type Config } from './config.js'
import { declarations } from './metrics.js'

export const factory = defineComponent({
  kind: 'exporter',
  type: 'tapio',
  description: 'Sends to the tapio receiver of another instance over gRPC: acknowledged by its exporters, resumed after a lost connection.',
  stability: 'beta',
  signals: ['traces', 'metrics', 'logs', 'profiles', 'events'],
  schema,
  concurrency: 'single',
  borrows: true,
  metrics: declarations,
  drops: { record_too_large: 'One event alone was larger than the largest batch that the server takes.' },
  remedies: { record_too_large: { options: [], action: 'Let the server take larger batches (`max_batch_size` of its `tapio` receiver), or cut long bodies and attributes before they are sent.' } },
  parallel: config => (config as Config).max_unacknowledged,
  check: config => checkConfig(config as Config),
  async create (services) {
    const { TapioExporter } = await import('./exporter.js')
    return new TapioExporter(services)
  }
})

/** The otlp receiver, as Tapio knows it. */
import { defineComponent } from '../../core/component/factory.js'
import { checkConfig, schema, type Config } from './config.js'
import { declarations } from './metrics.js'

export const factory = defineComponent({
  kind: 'receiver',
  type: 'otlp',
  description: 'Receives traces, metrics, logs and profiles over OTLP/gRPC and OTLP/HTTP (protobuf and JSON).',
  stability: 'beta',
  signals: ['traces', 'metrics', 'logs', 'profiles'],
  schema,
  concurrency: 'single',
  metrics: declarations,
  drops: {},
  check: config => checkConfig(config as Config),
  async create (services) {
    const { OtlpReceiver } = await import('./receiver.js')
    return new OtlpReceiver(services)
  }
})

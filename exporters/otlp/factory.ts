/** The otlp exporter, as Tapio knows it. */
import { defineComponent, type ConfigFault } from '../../core/component/factory.js'
import { retryDrops } from '../../core/delivery/retry-on-failure.js'
import { schema, type Config } from './config.js'
import { declarations } from './metrics.js'

export const factory = defineComponent({
  kind: 'exporter',
  type: 'otlp',
  description: 'Sends to any OTLP backend over gRPC or HTTP: records that came in as OTLP go out bit for bit, Tapio\'s own events as log records.',
  stability: 'beta',
  signals: ['traces', 'metrics', 'logs', 'profiles', 'events'],
  schema,
  concurrency: 'single',
  metrics: declarations,
  drops: retryDrops,
  check (config) { return endpointFaults(config as Config) },
  async create (services) {
    const { OtlpExporter } = await import('./exporter.js')
    return new OtlpExporter(services)
  }
})

/** What an endpoint may look like depends on the protocol, which a schema cannot say. */
function endpointFaults ({ endpoint, protocol }: Config): ConfigFault[] {
  if (protocol === 'grpc') {
    return /^(https?:\/\/)?[^/:\s]+:\d{1,5}\/?$|^(https?:\/\/)?\[[^\]]+\]:\d{1,5}\/?$/.test(endpoint)
      ? []
      : [{ path: ['endpoint'], message: `\`endpoint\` "${endpoint}" is not host:port, which gRPC needs` }]
  }
  return URL.canParse(endpoint) && /^https?:/.test(endpoint)
    ? []
    : [{ path: ['endpoint'], message: `\`endpoint\` "${endpoint}" is not a URL; ${protocol} needs one, for example http://localhost:4318` }]
}

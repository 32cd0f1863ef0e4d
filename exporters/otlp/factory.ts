/** The otlp exporter, as Tapio knows it. */
import { defineComponent, type ConfigFault } from '../../core/component/factory.js'
import { retryDrops } from '../../core/delivery/retry-on-failure.js'
import { endpointsOf, schema, type Config } from './config.js'
import { declarations } from './metrics.js'

export const factory = defineComponent({
  kind: 'exporter',
  type: 'otlp',
  aliases: { otlp_grpc: {}, otlphttp: { protocol: 'http/protobuf' }, otlp_http: { protocol: 'http/protobuf' } },
  description: 'Sends to any OTLP backend over gRPC or HTTP: records that came in as OTLP go out bit for bit, Tapio\'s own events as log records.',
  stability: 'beta',
  signals: ['traces', 'metrics', 'logs', 'profiles', 'events'],
  schema,
  concurrency: 'single',
  borrows: true,
  metrics: declarations,
  drops: retryDrops,
  parallel: config => (config as Config).max_concurrent_requests,
  check (config) { return [...endpointFaults(config as Config), ...keyFaults(config as Config), ...headerFaults(config as Config)] },
  async create (services) {
    const { OtlpExporter } = await import('./exporter.js')
    return new OtlpExporter(services)
  }
})

function endpointFaults (config: Config): ConfigFault[] {
  const { endpoint, endpoints, protocol } = config
  if ((endpoint === undefined) === (endpoints === undefined)) {
    return [{ path: endpoint === undefined ? [] : ['endpoints'], message: endpoint === undefined ? '`endpoint` (or `endpoints`) is missing: where to send' : 'either `endpoint` or `endpoints`, not both' }]
  }
  return endpointsOf(config).flatMap((text, i) => {
    const [path, name] = endpoint === undefined ? [['endpoints', i], `endpoints[${i}]`] : [['endpoint'], 'endpoint']
    const fault = endpointFault(text, protocol)
    return fault === '' ? [] : [{ path, message: `\`${name}\` "${text}" ${fault}` }]
  })
}

/** What an endpoint may look like depends on the protocol, which a schema cannot say. */
function endpointFault (endpoint: string, protocol: Config['protocol']): string {
  if (/^unix:\/\/\/./.test(endpoint)) return ''
  if (protocol === 'grpc') {
    return /^(https?:\/\/)?[^/:\s]+:\d{1,5}\/?$|^(https?:\/\/)?\[[^\]]+\]:\d{1,5}\/?$/.test(endpoint) ? '' : 'is not host:port or unix:///path, which gRPC needs'
  }
  return URL.canParse(endpoint) && /^https?:/.test(endpoint) ? '' : `is not a URL; ${protocol} needs one, for example http://localhost:4318`
}

function keyFaults ({ tls }: Partial<Config>): ConfigFault[] {
  if (tls === undefined || (tls.cert_file === undefined) === (tls.key_file === undefined)) return []
  const [has, lacks] = tls.cert_file === undefined ? ['key_file', 'cert_file'] : ['cert_file', 'key_file']
  return [{ path: ['tls', has], message: `\`tls.${has}\` is of no use without \`tls.${lacks}\`` }]
}

/** Headers that say how a request travels are the exporter's own; HTTP/2 knows no connection headers. */
const ownHeaders = /^(?::.*|te|connection|keep-alive|proxy-connection|transfer-encoding|upgrade|host|content-type|content-length|content-encoding|grpc-.*)$/i

function headerFaults ({ headers = {} }: Partial<Config>): ConfigFault[] {
  return Object.keys(headers).flatMap(name => {
    if (ownHeaders.test(name)) return [{ path: ['headers', name], message: `header \`${name}\` is set by the exporter itself` }]
    // A secret file that ends in a line break is the usual way to get one.
    if (/[^\t\x20-\x7e\x80-\xff]/.test(headers[name] ?? '')) return [{ path: ['headers', name], message: `the value of header \`${name}\` holds a line break or another character that no header may have` }]
    return /^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(name) ? [] : [{ path: ['headers', name], message: `\`${name}\` is no name of a header` }]
  })
}

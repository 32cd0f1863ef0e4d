/** Exporters of the Collector. */
import { isScalar, type YAMLMap } from 'yaml'
import { entryOf, put, remove, valueAt } from '../document.js'
import { named, without, type Dropped, type Fate, type Part, type Rules } from './rule.js'
import { translateClientAuth } from './auth.js'
import { below, ensure, isRecord, leaveOutTuning, listOf, rename, take, textOf } from './values.js'
import { translateQueue } from './sending-queue.js'

const goTransport = [
  'read_buffer_size', 'write_buffer_size', 'balancer_name', 'wait_for_ready', 'max_idle_conns', 'max_idle_conns_per_host', 'max_conns_per_host',
  'idle_conn_timeout', 'disable_keep_alives', 'http2_read_idle_timeout', 'http2_ping_timeout', 'force_attempt_http2', 'compression_params'
]

/** What the OTLP exporters have in common. The Collector compresses unless told otherwise; that costs the other side's traffic, so it stays. */
function translateOtlp (part: Part): Fate {
  const { options } = part
  leaveOutTuning(part, options, [], goTransport)
  if (entryOf(options, 'insecure') !== undefined) {
    put(ensure(part, 'tls'), 'insecure', take(options, 'insecure'))
    part.note('translated', ['insecure'], '`insecure` stands below `tls`')
  }
  if (rename(options, 'tls_settings', 'tls')) part.note('translated', ['tls_settings'], '`tls_settings` is called `tls`')
  if (options.get('compression') === undefined) put(options, 'compression', 'gzip')
  if (['snappy', 'zlib', 'lz4', 'x-snappy-framed'].includes(String(options.get('compression')))) {
    part.note('changed', ['compression'], `\`${String(options.get('compression'))}\` is not spoken; gzip is sent instead`)
    put(options, 'compression', 'gzip')
  }
  if (options.get('compression') === '') put(options, 'compression', 'none')
  translateQueue(part)
  translateClientAuth(part)
  return undefined
}

function translateGrpc (part: Part): Fate {
  const value = entryOf(part.options, 'endpoint')?.value
  if (isScalar(value) && typeof value.value === 'string') {
    const bare = value.value.replace(/^(dns|passthrough):\/\/\/?/, '')
    const withPort = /^(https:\/\/)?[a-z0-9.-]+$/i.test(bare) ? `${bare}:443` : bare
    if (withPort !== value.value) {
      part.note('translated', ['endpoint'], `\`${value.value}\` is written \`${withPort}\``)
      value.value = withPort
    }
  }
  return translateOtlp(part)
}

function translateHttp (part: Part): Fate {
  const { options } = part
  const paths = ['traces', 'metrics', 'logs', 'profiles'].filter(s => entryOf(options, `${s}_endpoint`) !== undefined)
  const bases = new Set(paths.map(s => baseOf(String(options.get(`${s}_endpoint`)), s)))
  if (options.get('endpoint') !== undefined) bases.add(String(options.get('endpoint')).replace(/\/$/, ''))
  const [base] = bases
  if (paths.length > 0) {
    if (base === undefined || bases.size > 1) {
      return { why: 'it sends to a path of the backend\'s own, or a path for each signal; Tapio adds /v1/traces and so on to one `endpoint`', help: 'ask the backend for an OTLP endpoint that takes the standard paths' }
    }
    for (const s of paths) remove(options, `${s}_endpoint`)
    put(options, 'endpoint', base)
    part.note('translated', [`${paths[0]}_endpoint`], `\`endpoint: ${base}\`, to which /v1/traces and so on are added`)
  }
  const encoding = take(options, 'encoding')
  put(options, 'protocol', encoding === 'json' ? 'http/json' : 'http/protobuf')
  if (options.get('timeout') === undefined) put(options, 'timeout', '30s')
  return translateOtlp(part)
}

/** What is left of a signal's URL without its standard path; undefined when it has another one. */
function baseOf (url: string, signal: string): string | undefined {
  const path = signal === 'profiles' ? '/v1development/profiles' : `/v1/${signal}`
  return url.endsWith(path) ? url.slice(0, -path.length) : undefined
}

function translateDebug (part: Part): Fate {
  const { options } = part
  const level = take(options, 'loglevel') ?? take(options, 'logLevel')
  if (level !== undefined) {
    const verbosity = String(level).toLowerCase() === 'debug' ? 'detailed' : String(level).toLowerCase() === 'info' ? 'normal' : 'basic'
    if (options.get('verbosity') === undefined) put(options, 'verbosity', verbosity)
    part.note('translated', ['loglevel'], `\`verbosity: ${verbosity}\``)
  }
  for (const key of ['sampling_initial', 'sampling_thereafter', 'use_internal_logger', 'output_paths']) {
    if (entryOf(options, key) === undefined) continue
    remove(options, key)
    part.note('changed', [key], 'left out: output goes to Tapio\'s log, bounded by `max_lines_per_second`')
  }
  return undefined
}

function translateFile (part: Part): Fate {
  const { options } = part
  const format = take(options, 'format') ?? 'json'
  put(options, 'format', format === 'proto' ? 'msgpack' : 'json')
  part.note('changed', [], 'the file holds Tapio\'s own form (msgpack, or one event a line), not OTLP', 'to get OTLP, send it to something that writes it with the `otlp` exporter')
  if (entryOf(options, 'compression') !== undefined) part.note('changed', ['compression'], 'left out: a file in use is not compressed; `rotation: {compression: gzip}` compresses old ones')
  remove(options, 'compression')
  const rotation = below(options, 'rotation')
  if (rotation !== undefined) {
    unit(rotation, 'max_megabytes', 'max_size', 'MiB')
    unit(rotation, 'max_days', 'max_age', 'd')
    rename(rotation, 'max_backups', 'max_files')
    remove(rotation, 'localtime')
  }
  if (rename(options, 'flush_interval', 'fsync_interval')) part.note('translated', ['flush_interval'], '`fsync_interval`')
  if (valueAt(options, 'group_by', 'enabled') === true) return { why: 'it writes a file for each value of an attribute; Tapio takes no part of a file\'s name from an event', help: 'use the `routing` connector with a `file` exporter for each' }
  remove(options, 'group_by')
  return undefined
}

function unit (map: YAMLMap, from: string, to: string, suffix: string): void {
  const value = map.get(from)
  if (value === undefined) return
  remove(map, from)
  put(map, to, Number(value) === 0 ? 0 : `${String(value)}${suffix}`)
}

function translateLoadBalancing (part: Part): Fate {
  const { options } = part
  const hosts = listOf(valueAt(options, 'resolver', 'static', 'hostnames')).map(String)
  if (hosts.length === 0) {
    return { why: 'its backends come from DNS, Kubernetes or a cloud; the `otlp` exporter has a fixed list', help: 'name them: `otlp: {endpoints: [backend-0:4317, backend-1:4317], routing_key: traceID}`' } satisfies Dropped
  }
  const key = textOf(take(options, 'routing_key')) ?? 'traceID'
  if (!['traceID', 'service'].includes(key)) return { why: `\`routing_key: ${key}\` is not known`, help: 'the `otlp` exporter shares out by `traceID`, by `service`, or in turn (`none`)' }
  remove(options, 'resolver')
  const inner = valueAt(options, 'protocol', 'otlp')
  remove(options, 'protocol')
  for (const [name, value] of Object.entries(isRecord(inner) ? inner : {})) if (options.get(name) === undefined) put(options, name, value)
  put(options, 'endpoints', hosts.map(host => /:\d+$|\$\{/.test(host) ? host : `${host}:4317`))
  put(options, 'routing_key', key)
  return translateOtlp(part)
}

const otlpBackend = 'most backends take OTLP: use the `otlp` exporter'

export const exporterRules: Rules = {
  ...named(['otlp', 'otlp_grpc'], { to: 'otlp', text: '`otlp`. `compression: gzip`, the Collector\'s default, is written out; a `sending_queue` that is written gets `enabled: true`, and `storage: file_storage` becomes its `directory`', translate: translateGrpc }),
  ...named(['otlphttp', 'otlp_http'], { to: 'otlp', text: '`otlp` with `protocol: http/protobuf` (`encoding: json`: http/json). `traces_endpoint` and so on only with the standard paths', translate: translateHttp }),
  ...named(['debug', 'logging'], { to: 'debug', text: '`debug`; `loglevel` becomes `verbosity`; no sampling, a bound on lines a second', translate: translateDebug }),
  file: { to: 'file', text: '`file`; Tapio\'s own form instead of OTLP JSON', translate: translateFile },
  ...named(['loadbalancing', 'load_balancing'], { to: 'otlp', text: '`otlp` with `endpoints` and `routing_key`, for a static resolver', translate: translateLoadBalancing }),
  ...named(['nop'], { to: 'debug', text: '`debug`, which prints a line a batch', kind: 'changed', translate: () => undefined }),
  ...without(['prometheusremotewrite', 'prometheus_remote_write'], 'no remote write', 'Prometheus takes OTLP: `otlp: {endpoint: http://prometheus:9090/api/v1/otlp, protocol: http/protobuf}` (started with --web.enable-otlp-receiver)'),
  ...without(['prometheus'], 'nothing serves received metrics for scraping', 'Prometheus takes OTLP: `otlp: {endpoint: http://prometheus:9090/api/v1/otlp, protocol: http/protobuf}` (started with --web.enable-otlp-receiver)'),
  ...without(['loki'], 'no push in Loki\'s own form', 'Loki takes OTLP: `otlp: {endpoint: http://loki:3100/otlp, protocol: http/protobuf}`'),
  ...without(['jaeger', 'jaeger_thrift'], 'nothing sends in Jaeger\'s own form', 'Jaeger takes OTLP at 4317: `otlp: {endpoint: jaeger:4317, tls: {insecure: true}}`'),
  ...without(['zipkin'], 'nothing sends in Zipkin\'s form', 'send OTLP to a backend that takes it, or to a Collector that turns it into Zipkin'),
  ...without(['opencensus'], 'OpenCensus is no more', 'send OTLP: `otlp: {endpoint: …:4317}`'),
  ...without(['elasticsearch', 'opensearch', 'clickhouse', 'kafka', 'pulsar', 'rabbitmq', 'awss3', 'googlecloudstorage', 'azureblob'], 'nothing writes to it directly', 'send OTLP to a Collector beside it, or to what takes OTLP in front of it'),
  ...without(['awsxray', 'awsemf', 'awscloudwatchlogs', 'googlecloud', 'googlemanagedprometheus', 'stackdriver', 'azuremonitor', 'datadog', 'signalfx', 'sapm', 'splunk_hec', 'sumologic', 'logzio', 'coralogix', 'honeycombmarker', 'sentry', 'dataset', 'tencentcloud_logservice', 'alibabacloud_logservice'],
    'nothing speaks this vendor\'s own form', `${otlpBackend} with this vendor's OTLP endpoint and its token in \`headers\``)
}

export const unknownExporter = { why: 'no exporter of this kind', help: otlpBackend }

/** Receivers of the Collector. */
import { entriesOf, entryOf, keyOf, mapIn, put, remove } from '../document.js'
import { translateServerAuth } from './auth.js'
import { without, type Fate, type Part, type Rules } from './rule.js'
import { below, leaveOutTuning, take, writeHost } from './values.js'

const goServer = ['read_buffer_size', 'write_buffer_size', 'compression_algorithms', 'write_timeout', 'read_timeout', 'keep_alives_enabled', 'response_headers']

function translateOtlp (part: Part): Fate {
  const protocols = below(part.options, 'protocols')
  if (protocols === undefined) return undefined
  for (const entry of [...entriesOf(protocols)]) {
    const name = keyOf(entry)
    const options = mapIn(entry)
    if (options === undefined) continue
    if (writeHost(options, 'endpoint')) part.note('translated', ['protocols', name, 'endpoint'], 'all interfaces are written 0.0.0.0')
    const transport = take(options, 'transport')
    if (transport === 'unix') put(options, 'endpoint', `unix://${String(options.get('endpoint'))}`)
    leaveOutTuning(part, options, ['protocols', name], goServer)
    for (const key of ['traces_url_path', 'metrics_url_path', 'logs_url_path'] as const) {
      if (entryOf(options, key) === undefined) continue
      remove(options, key)
      part.note('missing', ['protocols', name, key], 'OTLP/HTTP is taken at /v1/traces, /v1/metrics, /v1/logs and /v1development/profiles only', 'let a proxy rewrite the path')
    }
    const dropped = translateServerAuth(part, options, ['protocols', name])
    if (dropped !== undefined) return dropped
  }
  return undefined
}

const collectorBeside = 'keep a Collector for it that sends here over OTLP'

export const receiverRules: Rules = {
  otlp: { to: 'otlp', text: '`otlp`, the same names', translate: translateOtlp },
  ...without(['filelog', 'file_log', 'tcplog', 'udplog', 'syslog', 'windowseventlog', 'namedpipe'], 'nothing reads log lines of any form', `${collectorBeside}, or let programs send their logs over OTLP; the \`systemd\` receiver reads the journal`),
  ...without(['journald'], 'the `systemd` receiver reads the journal, and makes events of it instead of log records', 'add `systemd` to a pipeline of events: `events: {receivers: [systemd], …}`'),
  ...without(['hostmetrics', 'host_metrics', 'kubeletstats', 'kubelet_stats', 'docker_stats', 'podman_stats', 'awscontainerinsightreceiver', 'awsecscontainermetrics', 'windowsperfcounters'],
    'nothing samples gauges of hosts and containers', `${collectorBeside}; the \`ebpf\`, \`kubernetes\` and \`systemd\` receivers say what goes wrong on a host`),
  ...without(['k8s_events', 'k8sobjects', 'k8s_objects', 'k8s_cluster'], 'the `kubernetes` receiver watches the cluster, and makes events of what its changes mean', 'add `kubernetes` to a pipeline of events: `events: {receivers: [kubernetes], …}`'),
  ...without(['prometheus', 'prometheus_simple', 'prometheusremotewrite'], 'nothing scrapes', `${collectorBeside}, or let Prometheus keep scraping`),
  ...without(['otlpjsonfile', 'otlp_json_file', 'file'], 'the `file` receiver reads files of the `file` exporter, not OTLP JSON', collectorBeside),
  ...without(['jaeger', 'zipkin', 'opencensus', 'skywalking', 'awsxray', 'datadog', 'signalfx', 'sapm', 'splunk_hec', 'loki', 'fluentforward', 'statsd', 'carbon', 'collectd', 'influxdb', 'kafka', 'webhookevent', 'faro'],
    'nothing takes in this form', 'let SDKs and agents send OTLP; until then, ' + collectorBeside),
  ...without(['nop'], 'nothing that brings nothing', 'leave it out')
}

export const unknownReceiver = { why: 'no receiver of this kind', help: collectorBeside }

/** The YAML of the original Tapio's README, verbatim in testdata/seed.yaml, and what is left when parts of it change. */
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadConfig, type LoadResult } from './load.js'
import { configAsPlain } from './print.js'
import { renderFaults } from './render.js'
import type { ComponentCatalog } from './shape.js'
import { catalog, fullCatalog } from './testdata/catalog.js'

const seed = readFileSync(new URL('testdata/seed.yaml', import.meta.url), 'utf8')

const load = (yaml: string, of: ComponentCatalog = catalog): LoadResult => loadConfig({ configs: [`yaml:${yaml}`] }, of, {})

function plain (yaml: string, of: ComponentCatalog = catalog): Record<string, Record<string, unknown>> {
  const result = load(yaml, of)
  if (!result.ok) throw new Error(renderFaults(result.faults))
  return configAsPlain(result.config, of) as Record<string, Record<string, unknown>>
}

test('verbatim, with a build that has not all of it yet: it runs, and says what it left out', () => {
  const result = load(seed)
  assert.ok(result.ok)
  assert.equal(result.warnings.map(w => [w.code, w.line, w.path]), [
    ['CFG080', 12, 'intelligence.pipeline.enableContext'],
    ['CFG080', 20, 'intelligence.correlation.enableK8sNative'],
    ['CFG080', 21, 'intelligence.correlation.enableTemporal'],
    ['CFG080', 24, 'intelligence.context.enableImpactAssessment'],
    ['CFG080', 33, 'collectors.ebpf'],
    ['CFG080', 40, 'collectors.kubernetes'],
    ['CFG080', 51, 'correlation.enableRealTime']
  ])
  assert.is(result.warnings[4]?.message, '`collectors.ebpf`: this build has no receiver `ebpf`; skipped')
  const config = plain(seed)
  assert.equal(config['receivers'], { otlp: { protocols: { grpc: { endpoint: '0.0.0.0:4317', max_message: '4MiB' } } } })
  assert.equal(config['service']?.['pipelines'], { main: { receivers: ['otlp'], processors: ['validation'], exporters: ['debug'] } })
})

test('verbatim, with every component there: each takes its part, in order', () => {
  const result = load(seed, fullCatalog)
  assert.ok(result.ok)
  assert.equal(result.warnings.map(w => [w.code, w.path]), [['CFG081', 'intelligence.correlation.minCorrelationScore']])
  const config = plain(seed, fullCatalog)
  assert.equal(config['receivers'], {
    ebpf: { programs: ['syscalls', 'network', 'memory'] },
    kubernetes: { watch_all_namespaces: true, exclude_namespaces: ['kube-node-lease'] },
    otlp: { protocols: { grpc: { endpoint: '0.0.0.0:4317', max_message: '4MiB' } } }
  })
  assert.equal(config['processors'], {
    validation: { max_age: '24h' },
    context: {},
    k8s_correlation: { time_window: '5m', min_correlation_score: 0.7 },
    temporal_correlation: { time_window: '5m' },
    impact: { infrastructure_weights: { node_criticality: 0.3, service_dependencies: 0.2, resource_type: 0.2, cascade_risk: 0.15, system_namespace: 0.15 } },
    incident: { confidence_threshold: 0.7, group_retention_period: '30m' }
  })
  const { pipelines, ...service } = config['service'] ?? {}
  assert.equal(pipelines, { main: { receivers: ['ebpf', 'kubernetes', 'otlp'], processors: ['validation', 'context', 'k8s_correlation', 'temporal_correlation', 'impact', 'incident'], exporters: ['debug'] } })
  assert.equal([service['mode'], service['batch_size'], service['buffer_size'], service['max_concurrency'], service['metrics'], service['tracing']], ['ring-buffer', 10_000, 65_536, 0, true, false])
})

test('switches turn steps off, with those that depend on them', () => {
  const yaml = seed.replace('enableContext: true', 'enableContext: false').replace('enableCorrelation: true', 'enableCorrelation: false').replace('enableValidation: true', 'enableValidation: false')
  assert.is(plain(yaml, fullCatalog)['processors'], undefined)
})

test('a collector that is not enabled is left out without a word', () => {
  const result = load('collectors:\n  otel: {}\n  ebpf: {enabled: false, programs: [nonsense]}\n', fullCatalog)
  assert.ok(result.ok)
  assert.equal(result.warnings, [])
  assert.equal(result.config.pipelines[0]?.receivers.map(id => id.text), ['otlp'])
})

test('options of the original without effect are named', () => {
  const result = load('intelligence: {pipeline: {maxRetries: 3, processingTimeout: 5s}}\ncollectors: {otel: }\n')
  assert.ok(result.ok)
  assert.equal(result.warnings.map(w => [w.code, w.path]), [['CFG081', 'intelligence.pipeline.maxRetries'], ['CFG081', 'intelligence.pipeline.processingTimeout']])
})

test('both forms mix: the long one wins, and its free receivers and exporters join the short one\'s pipeline', () => {
  const config = plain(`
intelligence: {pipeline: {mode: standard, batchSize: 50}}
collectors: {otel: {endpoint: "0.0.0.0:4317"}}
receivers: {kmsg: , otlp: {protocols: {grpc: {max_message: 1MiB}}}, file: {path: x}}
exporters: {file: {path: y, format: json}, debug: }
service:
  batch_size: 60
  pipelines: {logs: {receivers: [file], exporters: [debug]}}
`)
  assert.equal(config['receivers']?.['otlp'], { protocols: { grpc: { endpoint: '0.0.0.0:4317', max_message: '1MiB' } } })
  assert.equal([config['service']?.['mode'], config['service']?.['batch_size']], ['standard', 60])
  assert.equal(config['service']?.['pipelines'], {
    main: { receivers: ['otlp', 'kmsg'], processors: ['validation'], exporters: ['file'] },
    logs: { receivers: ['file'], processors: [], exporters: ['debug'] }
  })
})

test('`intelligence` beside pipelines of one\'s own only sets the service', () => {
  const config = plain('intelligence: {pipeline: {mode: debug}}\nreceivers: {kmsg: }\nexporters: {debug: }\nservice: {pipelines: {events: {receivers: [kmsg], exporters: [debug]}}}\n')
  assert.is(config['service']?.['mode'], 'debug')
  assert.equal(Object.keys(config['service']?.['pipelines'] as object), ['events'])
  assert.is(config['processors'], undefined)
})

test('a fault of an expanded option names the user\'s own key and line', () => {
  const result = load('collectors:\n  otel:\n    endpoint: 4317\n')
  assert.equal(result.ok ? [] : result.faults.map(f => [f.code, f.line, f.column, f.path]), [['CFG030', 3, 15, 'collectors.otel.endpoint']])
})

test('a collector\'s own option is checked by the receiver, in snake case', () => {
  const result = load('collectors:\n  kubernetes: {watchAllNamespaces: 5, excludeNamespaces: []}\n', fullCatalog)
  assert.equal(result.ok ? [] : result.faults.map(f => [f.code, f.path]), [['CFG030', 'collectors.kubernetes.watchAllNamespaces']])
})

test.run()

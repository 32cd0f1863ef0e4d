import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadConfig, type LoadResult } from './load.js'
import { modeNames, modes } from './modes.js'
import { catalog } from './testdata/catalog.js'

const parts = 'receivers: {otlp: , kmsg: }\nprocessors: {batch: }\nexporters: {debug: , debug/two: }\nconnectors: {forward: , forward/two: }\n'

function load (pipelines: string, more = ''): LoadResult {
  return loadConfig({ configs: [`yaml:${parts}service: {pipelines: {${pipelines}}${more}}`] }, catalog, {})
}

const codes = (result: LoadResult): string[] => result.ok ? [] : result.faults.map(f => f.code)

test('names: a signal, a signal with a name, or any word for every signal', () => {
  const result = load('traces: {receivers: [otlp], exporters: [debug]}, logs/x.y: {receivers: [otlp], exporters: [debug]}, main: {receivers: [otlp, kmsg], exporters: [debug]}')
  assert.ok(result.ok)
  assert.equal(result.config.pipelines.map(p => [p.name, p.signal]), [['traces', 'traces'], ['logs/x.y', 'logs'], ['main', undefined]])
})

for (const name of ['"traces/a/b"', '"traces/"', 'x/y', '"a b"', 'Traces', '"1"']) {
  test(`the pipeline name ${name} is refused`, () => {
    assert.equal(codes(load(`${name}: {receivers: [otlp], exporters: [debug]}`)), ['CFG065'])
  })
}

test('a word that is nearly a signal is taken, with a warning', () => {
  const result = load('trace: {receivers: [otlp], exporters: [debug]}')
  assert.ok(result.ok)
  assert.ok(result.warnings.some(w => w.code === 'CFG070' && w.suggestion === 'traces'))
})

test('what is defined but not used is a warning, and is marked', () => {
  const result = load('traces: {receivers: [otlp], exporters: [debug]}')
  assert.ok(result.ok)
  assert.equal(result.warnings.map(w => [w.code, w.path]), ['receivers.kmsg', 'processors.batch', 'exporters.debug/two', 'connectors.forward', 'connectors.forward/two'].map(path => ['CFG069', path]))
  assert.equal(result.config.components.filter(c => c.used).map(c => c.id.text), ['otlp', 'debug'])
})

test('pipelines may feed pipelines as long as nothing comes back', () => {
  const result = load(`
    traces: {receivers: [otlp], exporters: [forward, forward/two]},
    logs: {receivers: [forward], exporters: [forward/two]},
    main: {receivers: [forward/two], processors: [batch], exporters: [debug]}`)
  assert.ok(result.ok)
  assert.equal(result.config.pipelines[0]?.exporters.map(id => id.kind), ['connector', 'connector'])
})

test('two cycles that have nothing to do with each other are two faults, each written out', () => {
  const result = load(`
    a: {receivers: [otlp, forward], exporters: [forward]},
    b: {receivers: [otlp, forward/two], exporters: [forward/two, debug]}`)
  assert.equal(result.ok ? [] : result.faults.map(f => f.message), ['the pipelines form a cycle: a -> forward -> a', 'the pipelines form a cycle: b -> forward/two -> b'])
})

for (const mode of modeNames) {
  test(`mode ${mode}: its defaults apply, and what is written wins`, () => {
    const result = load('main: {receivers: [otlp], exporters: [debug]}', `, mode: ${mode}, batch_size: 7`)
    assert.ok(result.ok)
    const { batchSize, bufferSize, maxConcurrency, tracing, profiling, metrics } = result.config.service
    assert.equal({ batchSize, bufferSize, maxConcurrency, tracing, profiling, metrics }, { ...modes[mode], batchSize: 7 })
  })
}

test('without a mode it is high-performance, with a drain of 30 seconds and workers that are restarted', () => {
  const result = load('main: {receivers: [otlp], exporters: [debug]}')
  assert.ok(result.ok)
  const { mode, shutdownTimeoutMs, workerFailure, logs, metricsServer } = result.config.service
  assert.equal({ mode, shutdownTimeoutMs, workerFailure, logs, metricsServer }, {
    mode: 'high-performance', shutdownTimeoutMs: 30_000, workerFailure: 'restart',
    logs: { level: 'info', format: 'auto' }, metricsServer: { enabled: true, endpoint: '127.0.0.1:8888' }
  })
})

test('the Collector\'s `address` is taken as `endpoint`, and checked as one', () => {
  const good = load('main: {receivers: [otlp], exporters: [debug]}', ', telemetry: {metrics: {address: "0.0.0.0:1"}}')
  assert.ok(good.ok)
  assert.is(good.config.service.metricsServer.endpoint, '0.0.0.0:1')
  assert.ok(good.warnings.some(w => w.code === 'CFG043'))
  const bad = load('main: {receivers: [otlp], exporters: [debug]}', ', telemetry: {metrics: {address: x}}')
  assert.equal(bad.ok ? [] : bad.faults.map(f => [f.code, f.path]), [['CFG035', 'service.telemetry.metrics.address']])
})

test('extensions are named in the service, in order, once', () => {
  const yaml = `${parts}extensions: {health_check: , health_check/b: }\nservice: {extensions: [health_check/b, health_check, health_check], pipelines: {main: {receivers: [otlp], exporters: [debug]}}}`
  assert.equal(codes(loadConfig({ configs: [`yaml:${yaml}`] }, catalog, {})), ['CFG062'])
  const good = loadConfig({ configs: [`yaml:${yaml.replace(', health_check]', ']')}`] }, catalog, {})
  assert.ok(good.ok)
  assert.equal(good.config.service.extensions.map(id => id.text), ['health_check/b', 'health_check'])
})

test.run()

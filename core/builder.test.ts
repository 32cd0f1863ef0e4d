import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { stringify } from 'yaml'
import { ConfigError, pipelineOf } from './builder.js'
import { loadConfig } from './config/load.js'
import { specOf } from './graph/from-config.js'
import { openCatalog, planConfig } from './instance.js'
import { valueOf } from './telemetry/snapshot.js'
import { silentLogger } from './testing/services.js'

const modules = [new URL('./testing/components.js', import.meta.url).href]
const quiet = { telemetry: { metrics: { enabled: false } } }

test('a pipeline from code makes the same graph as the YAML it stands for', async () => {
  const builder = pipelineOf(modules).withMode('ring-buffer').withBatchSize(500).withBufferSize(1024).withMaxConcurrency(2).withService(quiet)
    .pipeline('a').receiver('test_source', { rows: 10 }).exporter('test_sink')
    .pipeline('b').processor('test_misbehaving/x').exporter('test_sink/2')
    .connector('test_forward', { from: ['a'], to: ['b'] })
  const instance = await builder.build()
  const catalog = await openCatalog(modules)
  const loaded = loadConfig({ configs: [`yaml:${stringify(builder.toConfig())}`] }, catalog, {})
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults))
  assert.equal(specOf(loaded.config, modules), specOf(instance.config, modules))
  const planned = planConfig(loaded.config, catalog)
  assert.equal(planned.ok ? planned.plan : undefined, instance.plan)
})

test('one pipeline needs no name', async () => {
  const { plan } = await pipelineOf(modules).withMode('debug').withService(quiet).receiver('test_source').exporter('test_sink').build()
  assert.equal(plan.pipelines.map(p => p.id), ['main'])
})

test('it runs', async () => {
  const tapio = await pipelineOf(modules).withMode('debug').withService(quiet).withLogger(silentLogger)
    .receiver('test_source', { rows: 1234 }).processor('test_misbehaving').exporter('test_sink').build()
  await tapio.start()
  await tapio.endRequested
  assert.equal(await tapio.stop(), { undelivered: 0, errors: [] })
  assert.is(valueOf(tapio.snapshot(), 'tapio_test_sink_events_total'), 1234n)
})

test('faults are those of the YAML, all at once', async () => {
  const error = await pipelineOf(modules).receiver('test_sorce').exporter('test_sink', { rows_per_secnd: 1 }).build().then(() => undefined, (e: unknown) => e)
  assert.instance(error, ConfigError)
  assert.match((error as Error).message, 'test_source')
  assert.match((error as Error).message, 'rows_per_second')
})

test.run()

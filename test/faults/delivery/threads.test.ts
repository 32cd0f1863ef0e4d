/**
 * Scenario: each thread of a Tapio dies under load, one after the other, several times: receiving, processing, delivering, the API's; in
 * a durable pipeline with a queue on disk, with rings between the threads, and with a queue in memory.
 * Guarantees: clients that were not answered send again; what waited in rings or on disk is delivered, some of it twice; what a dead thread
 * held in memory alone is missing, and `tapio_worker_lost_events_total` counts it: never less than is missing, and more only by what was
 * delivered without its answer having been heard.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { PipelineBuilder } from '../../../core/builder.js'
import { registryUrl } from '../../../core/cli/registry.js'
import { exposedName } from '../../../core/telemetry/declaration.js'
import { workerDeaths, workerLost } from '../../../core/graph/runtime-metrics.js'
import type { Instance } from '../../../core/instance.js'
import { silentLogger } from '../../../core/testing/services.js'
import { Backend } from './backend.js'
import { Ledger, line } from './ledger.js'
import { Metrics } from './metrics.js'
import { renderPrometheus } from '../../../core/telemetry/prometheus.js'
import { freePort } from '../../free-port.js'
import { eventually, load, long } from './scene.js'

const faults = suite('threads killed under load')
const rounds = long ? 5 : 1

type Variety = 'durable, queue on disk' | 'rings, no queue' | 'rings, queue on disk' | 'rings, queue in memory'

async function build (variety: Variety, folder: string, port: number, backendPort: number): Promise<Instance> {
  const queue = variety.endsWith('on disk') ? { enabled: true, directory: join(folder, 'queue'), fsync: 'never' } : { enabled: variety.endsWith('in memory') }
  const builder = new PipelineBuilder([registryUrl]).withMode('high-performance').withMaxConcurrency(2).withLogger(silentLogger)
    .withService({ telemetry: { metrics: { enabled: false } }, api: { grpc: { endpoint: `127.0.0.1:${await freePort()}` }, http: { endpoint: `127.0.0.1:${await freePort()}` } } })
    .pipeline('logs').receiver('otlp', { protocols: { http: { endpoint: `127.0.0.1:${port}` } } }).processor('attributes', { actions: [{ key: 'seen', value: 'yes', action: 'upsert' }] })
    .exporter('otlp', { endpoint: `http://127.0.0.1:${backendPort}`, protocol: 'http/json', timeout: '1s', retry_on_failure: { initial_interval: '20ms', max_interval: '200ms' }, sending_queue: queue })
  return await (variety.startsWith('durable') ? builder.durable() : builder).build()
}

const metricsOf = (instance: Instance): Metrics => new Metrics(renderPrometheus(instance.snapshot()))

/** The short form takes those that differ most: the others need half a minute each on a busy machine. */
const varieties = long ? ['durable, queue on disk', 'rings, no queue', 'rings, queue on disk', 'rings, queue in memory'] as const : ['durable, queue on disk', 'rings, no queue'] as const

for (const variety of varieties) {
  faults(`${variety}: what is missing is counted`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tapio-threads-'))
    const ledger = new Ledger()
    const backend = new Backend(ledger)
    backend.behaviour = 'slow'
    backend.delayMs = 20
    const port = await freePort()
    const instance = await build(variety, folder, port, await backend.listen())
    await instance.start()
    try {
      const workers = instance.plan.threads.filter(t => t !== 'main')
      const deaths = (): number => metricsOf(instance).sum(exposedName(workerDeaths))
      const victims = Array.from({ length: rounds }, () => [...workers, 'api']).flat()
      const sent = load({ ledger, port }, victims.length * 400, 5)
      for (const [i, victim] of victims.entries()) {
        await eventually('it is under load', () => ledger.acknowledged, n => n >= i * 400 + 100)
        if (victim === 'api') await instance.killApi()
        else {
          const before = deaths()
          instance.runtime.crashThread(victim)
          await eventually(`${victim} has died`, deaths, n => n > before)
        }
        if (victim !== 'api') await eventually(`${victim} is back`, () => instance.runtime.health.snapshot().components.find(c => c.component === `thread/${victim}`)?.state, state => state === 'ok', 60_000)
      }
      backend.behaviour = 'takes'
      await sent()
      const counted = (): number => metricsOf(instance).sum(exposedName(workerLost))
      await eventually('all arrives that is not counted as lost', () => ledger.missing, missing => missing <= counted() && metricsOf(instance).sum('tapio_sending_queue_batches') === 0)
      await instance.stop()
      const { lost, deliveredAgain } = ledger.totals()
      console.log(`\nREPORT ${variety}, killed ${victims.join(', ')}: ${line(ledger.totals())}; ${counted()} counted as lost with a thread`)
      assert.is(ledger.acknowledged, victims.length * 400)
      assert.ok(lost.length <= counted(), `${lost.length} are missing, ${counted()} are counted`)
      if (variety !== 'rings, queue in memory') assert.equal(lost, [])
      assert.ok(counted() - lost.length <= 20 * 20, `${counted() - lost.length} more are counted than are missing`)
      assert.ok(deliveredAgain < victims.length * 400)
    } finally {
      await instance.stop(100)
      await backend.close()
      rmSync(folder, { recursive: true, force: true })
    }
  })
}

faults.run()

/** The API's real methods over a graph that really runs (receiver `api` -> context -> exporter `store`) and the store it writes. For tests. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { systemClock } from '../../../component/clock.js'
import { loadPlain } from '../../../config/load.js'
import { BatchBuilder } from '../../../data/builder.js'
import { encodeBatch } from '../../../data/codec.js'
import { seeded } from '../../../data/testing/random.js'
import { Instance, openCatalog, planConfig } from '../../../instance.js'
import { openStore } from '../../../store/open.js'
import { storedEvent, symptoms } from '../../../store/testing/random-events.js'
import { randomIncident, randomLink } from '../../../store/testing/random-incident.js'
import { silentLogger } from '../../../testing/services.js'
import type { ServedService } from '../../call.js'
import type { ApiHost } from '../../host.js'
import { createServices, type ReadableStore } from '../../services/index.js'

const feedMs = 20

export interface LiveServices {
  readonly services: readonly ServedService[]
  stop(): Promise<void>
}

/** `registry`: URL of the module with the components. The store begins with `rows` events, 100 incidents and 100 links. */
export async function startLiveServices (registry: string, rows: number): Promise<LiveServices> {
  const directory = mkdtempSync(join(tmpdir(), 'tapio-live-'))
  await fillStore(directory, rows)
  const instance = await startInstance(registry, directory)
  const store = await openStore(directory, { readOnly: true }) as ReadableStore & { close(): Promise<void> }
  const services = createServices({ host: hostOf(instance), store, clock: systemClock, logger: silentLogger, limits: {}, modules: [registry] })
  const over = new AbortController()
  const fed = feed(instance, over.signal)
  return {
    services,
    async stop () {
      over.abort()
      await fed
      await instance.stop()
      await store.close()
      rmSync(directory, { recursive: true })
    }
  }
}

async function fillStore (directory: string, rows: number): Promise<void> {
  const random = seeded(7)
  const store = await openStore(directory)
  const builder = new BatchBuilder(rows)
  for (let i = 1; i <= rows; i++) builder.append(storedEvent(random, i.toString(16).padStart(32, '0')))
  await store.append(builder.finish())
  for (let i = 0; i < 100; i++) await store.putIncident(randomIncident(random))
  for (let i = 0; i < 100; i++) await store.putLink(randomLink(random, symptoms))
  await store.close()
}

async function startInstance (registry: string, directory: string): Promise<Instance> {
  const catalog = await openCatalog([registry])
  const loaded = loadPlain({
    receivers: { api: null }, processors: { context: null }, exporters: { store: { directory, keep: 'all', sync: 'commit', batch_timeout: '0ms' } },
    service: { mode: 'debug', telemetry: { metrics: { enabled: false } }, pipelines: { main: { receivers: ['api'], processors: ['context'], exporters: ['store'] } } }
  }, catalog)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults))
  const planned = planConfig(loaded.config, catalog)
  if (!planned.ok) throw new Error(JSON.stringify(planned.faults))
  const instance = new Instance(loaded.config, planned.plan, silentLogger)
  await instance.start()
  return instance
}

function hostOf (instance: Instance): ApiHost {
  const { runtime, plan } = instance
  return {
    version: 'test', startedMs: systemClock.unixMs(), plan,
    settings: component => plan.components.some(c => `${c.kind}/${c.id}` === component) ? { limit: 1 } : undefined,
    metrics: () => Promise.resolve(instance.snapshot()),
    health: () => Promise.resolve(runtime.health.snapshot()),
    answering: question => runtime.answering(question),
    ask: (component, question, argument, signal) => runtime.ask(component, question, argument, signal),
    tap: (selection, signal) => runtime.tap(selection, signal)
  }
}

/** Events for taps and subscriptions to see, a few at a time, until `signal` aborts. */
async function feed ({ runtime }: Instance, signal: AbortSignal): Promise<void> {
  const random = seeded(11)
  for (let batch = 1; !signal.aborted; batch++) {
    const builder = new BatchBuilder(10)
    for (let row = 0; row < 10; row++) builder.append(storedEvent(random, `f${(batch * 10 + row).toString(16).padStart(31, '0')}`))
    await runtime.ask('receiver/api', 'events.submit', encodeBatch(builder.finish()), signal).catch(() => undefined)
    await setTimeout(feedMs)
  }
}

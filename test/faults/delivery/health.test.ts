/**
 * Scenario: backends that fail in each way, and work again; a queue that fills, rows that are rejected for good, a breaker that opens. Asked
 * all the while, as a supervisor and a scraper would: `/livez`, `/readyz`, `/healthz`, `/metrics`, and the API.
 * Guarantees: liveness stays. Readiness, the exporter's state and `tapio_component_failing` turn false when delivery fails and back when it
 * works; a queue that fills and rows that are rejected are `degraded`, with the reason, while readiness stays.
 * Not here: a backend that answers 200 with nonsense has taken what it got, as OTLP says.
 */
import * as assert from 'uvu/assert'
import type { Behaviour } from './backend.js'
import { freePort } from '../../free-port.js'
import { eventually, faultSuite, finish, load, metricsOf, settled, start, type Scene } from './scene.js'

interface Health { readonly live: boolean, readonly ready: boolean, readonly components: readonly { readonly component: string, readonly state: string, readonly reason: string }[] }

interface Seen { readonly livez: number, readonly readyz: number, readonly healthz: number, readonly state: string, readonly reason: string, readonly failing: number }

const faults = faultSuite('the truth of health')

async function look (scene: Scene): Promise<Seen> {
  await scene.tapio.running
  const { telemetry } = scene.tapio
  const [livez, readyz, healthz] = await Promise.all(['livez', 'readyz', 'healthz'].map(async path => await fetch(`${telemetry}/${path}`)))
  if (livez === undefined || readyz === undefined || healthz === undefined) throw new Error('three questions have three answers')
  const { components } = await healthz.json() as Health
  await Promise.all([livez.text(), readyz.text()])
  const exporter = components.find(c => c.component === 'exporter/otlp')
  const failing = (await metricsOf(scene)).sum('tapio_component_failing', { component: 'exporter/otlp' })
  return { livez: livez.status, readyz: readyz.status, healthz: healthz.status, state: exporter?.state ?? '', reason: exporter?.reason ?? '', failing }
}

const failing = (seen: Seen): boolean => seen.livez === 200 && seen.readyz === 503 && seen.healthz === 503 && seen.state === 'recoverable_error' && seen.reason !== '' && seen.failing === 1
const well = (seen: Seen): boolean => seen.livez === 200 && seen.readyz === 200 && seen.healthz === 200 && seen.state === 'ok' && seen.failing === 0
const degraded = (seen: Seen): boolean => seen.livez === 200 && seen.readyz === 200 && seen.healthz === 200 && seen.state === 'degraded' && seen.reason !== '' && seen.failing === 0

/** What the API says: whether Tapio is ready, and the state of the exporter. */
async function apiState (port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/health`)
  if (response.status === 429) return 'asked too often'
  const { ready = false, components } = await response.json() as Partial<Health>
  return `${ready ? 'ready' : 'not ready'}, ${components?.find(c => c.component === 'exporter/otlp')?.state}`
}

faults('readiness and the exporter\'s state turn with the backend, whatever it does; liveness stays', async context => {
  const api = await freePort()
  const scene = await start(context, { service: { api: { grpc: { endpoint: `127.0.0.1:${await freePort()}` }, http: { endpoint: `127.0.0.1:${api}` } } } })
  const { ledger, backend, backendPort } = scene
  const ways: readonly (Behaviour | 'dead')[] = ['dead', 'hangs', 'busy', 'unavailable', 'resets', 'loses']
  await load(scene, 20)()
  await settled(scene)
  await eventually('ready before the first fault', () => look(scene), well)
  for (const [i, way] of ways.entries()) {
    if (way === 'dead') await backend.close()
    else backend.behaviour = way
    await load(scene, 60, 2, 100 + i * 60)()
    const seen = await eventually(`not ready with a backend that is: ${way}`, () => look(scene), failing)
    console.log(`\nREPORT backend ${way}: ${seen.state}: ${seen.reason}`)
    await eventually(`the API says so, too: ${way}`, () => apiState(api), text => text === 'not ready, recoverable_error')
    if (way === 'dead') await backend.listen(backendPort)
    else backend.behaviour = 'takes'
    await settled(scene)
    await eventually(`ready again after: ${way}`, () => look(scene), well)
    await eventually(`the API says so, too, after: ${way}`, () => apiState(api), text => text === 'ready, ok')
  }
  await finish(scene)
  assert.equal(ledger.totals().lost, [])
})

faults('a queue that is nearly full, and rows that are rejected for good: degraded, with the reason, and ready', async context => {
  const scene = await start(context, { queue: { max_size: '64KiB', num_consumers: 1 } })
  const { backend } = scene
  backend.behaviour = 'slow'
  backend.delayMs = 200
  const sent = load(scene, 4000, 0)
  const filling = await eventually('degraded while the queue is nearly full', () => look(scene), degraded)
  assert.match(filling.reason, /the sending queue is nearly full/)
  backend.behaviour = 'takes'
  await sent()
  await settled(scene)
  await eventually('well when it has emptied', () => look(scene), well)
  backend.behaviour = 'rejects'
  await load(scene, 20, 2, 9000)()
  const rejected = await eventually('degraded while rows are rejected', () => look(scene), degraded)
  assert.match(rejected.reason, /rejects rows for good; they are kept as dead letters/)
  await finish(scene)
})

faults('an open circuit breaker: not ready, and ready again when its trial calls succeed', async context => {
  const scene = await start(context, { exporter: { circuit_breaker: { enabled: true, consecutive_failures: 3, open: '300ms', half_open_calls: 2 } } })
  const { backend, ledger } = scene
  backend.behaviour = 'unavailable'
  await load(scene, 200)()
  const seen = await eventually('not ready while it is open', () => look(scene), s => failing(s) && /circuit breaker is open/.test(s.reason))
  assert.ok((await metricsOf(scene)).sum('tapio_circuit_breaker_changes_total', { to: 'open' }) >= 1, seen.reason)
  backend.behaviour = 'takes'
  await settled(scene)
  await load(scene, 40, 2, 1000)()
  await eventually('ready when it is closed', () => look(scene), well)
  assert.is((await metricsOf(scene)).sum('tapio_circuit_breaker_state'), 0)
  await finish(scene)
  assert.equal(ledger.totals().lost, [])
})

faults.run()

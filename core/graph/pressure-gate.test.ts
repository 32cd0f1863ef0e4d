/**
 * Scenario: graphs of receivers that can wait and that cannot, joined by connectors, at every level of pressure. Guarantees: at `refuse` what a
 * receiver brings is to come again, unless its source cannot wait; a processor knows whether all that feeds it can.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { finder } from '../component/catalog.js'
import type { Consumer } from '../component/component.js'
import { defineComponent, type ComponentFactory } from '../component/factory.js'
import { accepted, retry } from '../component/outcome.js'
import type { Services } from '../component/services.js'
import { emptyBatch } from '../data/batch.js'
import { Options } from '../config/schema.js'
import { pressureLevels, SharedPressure } from '../pressure/pressure.js'
import { FakeClock } from '../testing/fake-clock.js'
import { silentLogger } from '../testing/services.js'
import { planGraph } from './plan.js'
import { serviceDefaults } from './spec.js'
import { ThreadGraph } from './thread-graph.js'
import { noRecorder } from './edge.js'

const nothing = (): void => undefined

async function build (pipelines: Readonly<Record<string, readonly [string[], string[], string[]]>>) {
  const pressure = new SharedPressure()
  const outlets = new Map<string, Consumer>()
  const waits = new Map<string, boolean>()
  const make = (kind: ComponentFactory['kind'], type: string, see: (services: Services) => void, more: Partial<ComponentFactory> = {}): ComponentFactory => defineComponent({
    kind, type, description: 'Of this test.', stability: 'stable', signals: ['events'], schema: Options({}), concurrency: 'stateless', metrics: [], drops: {}, ...more,
    create: services => { see(services); return { consume: batch => kind === 'exporter' ? accepted : services.get('next').consume(batch) } }
  })
  const outlet = (services: Services): void => { outlets.set(services.get('id').text, services.get('next')) }
  const find = finder([
    make('receiver', 'patient', outlet), make('receiver', 'hasty', outlet, { cannotWait: true }),
    make('processor', 'probe', services => { waits.set(services.get('id').text, services.get('senders').canWait) }), make('connector', 'join', nothing), make('exporter', 'sink', nothing)
  ])
  const kindOf = { patient: 'receiver', hasty: 'receiver', probe: 'processor', join: 'connector', sink: 'exporter' } as const
  const ids = [...new Set(Object.values(pipelines).flat(2))]
  const planned = planGraph({
    service: { ...serviceDefaults, mode: 'debug' }, extensions: [],
    components: ids.map(id => ({ kind: kindOf[id.split('/')[0] as keyof typeof kindOf], id, config: {} })),
    pipelines: Object.entries(pipelines).map(([id, [receivers, processors, exporters]]) => ({ id, receivers, processors, exporters }))
  }, find, 1)
  if (!planned.ok) throw new Error(JSON.stringify(planned.faults))
  const meter = { counter: () => ({ add: nothing }), gauge: () => ({ set: nothing }), histogram: () => ({ record: nothing }) }
  const graph = new ThreadGraph(planned.plan, 'main', {
    clock: new FakeClock(), logger: silentLogger, meter: () => meter, edge: () => noRecorder, drops: () => ({ add: nothing }),
    status: () => ({ ok: nothing, degraded: nothing, recoverableError: nothing, permanentError: nothing, repeat: nothing }), lifecycle: nothing,
    host: () => ({ fail: nothing, finish: nothing }), find, pressure, overrides: [], ask: () => Promise.resolve(undefined)
  }, () => undefined)
  await graph.build()
  return { pressure, outlets, waits }
}

test('at the limit who can wait has to, who cannot goes on to where rows are chosen', async () => {
  const { pressure, outlets } = await build({ a: [['patient', 'hasty'], ['probe'], ['sink']] })
  for (const level of pressureLevels) {
    pressure.set(level, 700, 0)
    assert.equal(await outlets.get('patient')?.consume(emptyBatch), level === 'refuse' ? retry('Tapio is short of memory', 700) : accepted, level)
    assert.equal(await outlets.get('hasty')?.consume(emptyBatch), accepted, level)
  }
})

test('a processor knows who feeds it, through connectors too', async () => {
  const { waits } = await build({
    a: [['patient'], ['probe/a'], ['sink']], b: [['patient', 'hasty'], ['probe/b'], ['join']], c: [['join'], ['probe/c'], ['sink']], d: [['patient/own'], ['probe/d'], ['join/d']], e: [['join/d'], ['probe/e'], ['sink']]
  })
  assert.equal(Object.fromEntries(waits), { 'probe/a': true, 'probe/b': false, 'probe/c': false, 'probe/d': true, 'probe/e': true })
})

test.run()

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Connector } from '../../core/component/component.js'
import { rejected, retry } from '../../core/component/outcome.js'
import { BatchBuilder } from '../../core/data/builder.js'
import { testBench } from '../../core/testing/services.js'
import type { RoutingConfig } from './config.js'
import { factory } from './factory.js'

const outputs = ['p/urgent', 'p/shop', 'p/archive', 'p/rest']
const table: RoutingConfig['table'] = [
  { when: [{ severity: { min: 'error' } }], pipelines: ['p/urgent'] },
  { when: [{ 'resource.ns': 'shop' }], pipelines: ['p/shop', 'p/archive'] }
]

function batchOf () {
  const builder = new BatchBuilder()
  builder.append({ name: 'a', severity: 17, resource: { ns: 'shop' } })
  builder.append({ name: 'b', severity: 9, resource: { ns: 'shop' } })
  builder.append({ name: 'c', severity: 9 })
  return builder.finish()
}

async function router (config: RoutingConfig) {
  const bench = testBench('connector', 'routing', config, { outputs })
  return { ...bench, router: await factory.create(bench.services) as Connector }
}

const received = (bench: Awaited<ReturnType<typeof router>>): string => outputs.map(o => (bench.outputs.get(o)?.batches ?? []).flatMap(b => [...b].map(r => r.get('name'))).join('')).join('|')

test('a row follows the first entry that fits, to all its pipelines; the rest goes to the default', async () => {
  const bench = await router({ table, default_pipelines: ['p/rest'] })
  assert.is((await bench.router.consume(batchOf())).status, 'accepted')
  assert.is(received(bench), 'a|b|b|c')
  assert.is(bench.drops.size, 0)
})

test('without a default, rows that fit nothing are dropped and counted', async () => {
  const bench = await router({ table })
  await bench.router.consume(batchOf())
  assert.is(received(bench), 'a|b|b|')
  assert.equal([...bench.drops], [['unrouted', 1]])
})

test('a batch that goes one way whole is passed on as it is', async () => {
  const bench = await router({ table: [{ when: [{ name: ['a', 'b', 'c'] }], pipelines: ['p/urgent'] }] })
  const batch = batchOf()
  await bench.router.consume(batch)
  assert.is(bench.outputs.get('p/urgent')?.batches[0], batch)
})

test('when no pipeline can take its part nothing is counted and the sender keeps the batch', async () => {
  const bench = await router({ table })
  for (const output of bench.outputs.values()) output.answer = () => retry('full')
  assert.is((await bench.router.consume(batchOf())).status, 'retry')
  assert.is(bench.drops.size, 0)
})

test('a pipeline\'s rejection names the rows of the batch given', async () => {
  const bench = await router({ table, default_pipelines: ['p/rest'] })
  const rest = bench.outputs.get('p/rest')
  assert.ok(rest)
  rest.answer = () => rejected('bad', 1, Uint32Array.of(0))
  assert.equal(await bench.router.consume(batchOf()), rejected('bad', 1, Uint32Array.of(2)))
})

test('a pipeline that does not begin with the connector stops the creation and names those that do', async () => {
  try {
    await router({ table: [{ when: [{ name: 'a' }], pipelines: ['p/shp'] }] })
    assert.unreachable('must throw')
  } catch (error) {
    assert.match(String(error), /pipeline "p\/shp" does not begin with this connector; those that do: p\/urgent, p\/shop/)
  }
})

test('an entry without conditions is a fault', () => {
  assert.equal(factory.check?.({ table: [{ when: [], pipelines: ['x'] }] })?.map(f => f.path), [['table', 0, 'when']])
})

test.run()

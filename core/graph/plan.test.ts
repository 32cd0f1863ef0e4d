import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { finder } from '../component/catalog.js'
import { defineComponent, type ComponentFactory } from '../component/factory.js'
import { components as testComponents, testMisbehaving } from '../testing/components.js'
import { planGraph, type Plan } from './plan.js'
import { ringBytes } from './plan-rings.js'
import { serviceDefaults, type GraphSpec, type Mode, type ServiceSpec } from './spec.js'

const light: ComponentFactory = defineComponent({ ...testMisbehaving, type: 'test_light', light: true })
const single: ComponentFactory = defineComponent({ ...testMisbehaving, type: 'test_single', concurrency: 'single' })
const find = finder([...testComponents, single, light])

/** `pipelines` as `name: receivers | processors | exporters`. */
function spec (pipelines: readonly string[], service: Partial<ServiceSpec> = {}): GraphSpec {
  const split = (s: string | undefined): string[] => (s ?? '').trim().split(/\s+/).filter(x => x !== '')
  const parsed = pipelines.map(line => {
    const [id, rest] = line.split(/:(.*)/s) as [string, string]
    const [receivers, processors, exporters] = rest.split('|').map(split) as [string[], string[], string[]]
    return { id: id.trim(), receivers, processors, exporters }
  })
  const ids = new Set(parsed.flatMap(p => [...p.receivers, ...p.processors, ...p.exporters]))
  const kindOf = (id: string): 'receiver' | 'processor' | 'exporter' | 'connector' =>
    id.startsWith('test_forward') ? 'connector' : id.startsWith('test_source') ? 'receiver' : id.startsWith('test_sink') ? 'exporter' : 'processor'
  return {
    service: { ...serviceDefaults, ...service },
    components: [...ids].map(id => ({ kind: kindOf(id), id, config: {} })),
    pipelines: parsed,
    extensions: []
  }
}

function planned (s: GraphSpec, cores = 4): Plan {
  const result = planGraph(s, find, cores)
  if (!result.ok) throw new Error(JSON.stringify(result.faults))
  return result.plan
}

const simple = ['p: test_source | test_misbehaving | test_sink']

const placements: [Mode, number, number, string, string][] = [
  // mode, cores, max_concurrency, threads, rings
  ['debug', 4, 0, 'main', ''],
  ['standard', 4, 0, 'main worker', 'p:in:worker'],
  ['high-performance', 2, 0, 'main deliver process-0 process-1 ingest', 'p:in:process-0 p:in:process-1 p:out:deliver'],
  ['high-performance', 8, 3, 'main deliver process-0 process-1 process-2 ingest', 'p:in:process-0 p:in:process-1 p:in:process-2 p:out:deliver'],
  ['ring-buffer', 1, 0, 'main deliver process-0 ingest', 'p:in:process-0 p:out:deliver'],
  ['ring-buffer', 4, 0, 'main deliver process-0 process-1 ingest', 'p:in:process-0 p:in:process-1 p:out:deliver']
]
for (const [mode, cores, maxConcurrency, threads, rings] of placements) {
  test(`mode ${mode} on ${cores} cores with max_concurrency ${maxConcurrency} runs on ${threads}`, () => {
    const plan = planned(spec(simple, { mode, maxConcurrency }), cores)
    assert.is(plan.threads.join(' '), threads)
    assert.is(plan.rings.map(r => r.id).join(' '), rings)
  })
}

for (const mode of ['standard', 'high-performance', 'ring-buffer'] as const) {
  test(`mode ${mode}: an endToEnd receiver has no ring behind it, and its pipelines run whole in one thread`, () => {
    const plan = planned(spec(['p: test_source_acked | test_light test_misbehaving | test_sink'], { mode }))
    assert.equal(plan.rings, [])
    assert.is(plan.threads.join(' '), `main ${plan.deliverThread}`)
    assert.equal(plan.pipelines.map(p => [p.receiveThread, ...p.processThreads]), [[plan.deliverThread, plan.deliverThread]])
  })
}

test('what shares a receiver or a connector with an endToEnd pipeline runs with it, what does not keeps its threads', () => {
  const plan = planned(spec([
    'a: test_source_acked test_source/shared | | test_forward', 'b: test_forward | test_misbehaving | test_sink', 'c: test_source/shared | | test_sink',
    'd: test_source/own | test_misbehaving/own | test_sink'
  ], { mode: 'ring-buffer' }))
  assert.equal([...new Set(plan.rings.map(r => r.pipeline))], ['d'])
  const receive = new Map(plan.pipelines.map(p => [p.id, p.receiveThread]))
  assert.equal([receive.get('a'), receive.get('c'), receive.get('d')], ['deliver', 'deliver', 'ingest'])
})

test('what answers early is found in a durable pipeline, and in every one that it feeds', () => {
  const early: ComponentFactory = defineComponent({ ...testMisbehaving, type: 'test_early', answersEarly: () => 'set `x: y`' })
  const faultsOf = (durable: string, ...pipelines: string[]): string[] => {
    const s = spec(pipelines)
    const planned = planGraph({ ...s, pipelines: s.pipelines.map(p => ({ ...p, durable: p.id === durable })) }, finder([...testComponents, early]), 4)
    return planned.ok ? [] : planned.faults.map(f => `${f.path.join('.')}: ${f.message}`)
  }
  const own = ['a: test_source | test_early | test_sink']
  assert.equal(faultsOf('a', ...own), ['service.pipelines.a.processors.0: the pipeline is durable, but `test_early` answers before its rows are safe: set `x: y`'])
  assert.equal(faultsOf('', ...own), [])
  const fed = ['a: test_source | | test_forward', 'b: test_forward | | test_forward/2', 'c: test_forward/2 | test_early | test_sink', 'd: test_source/2 | test_early | test_sink']
  assert.equal(faultsOf('a', ...fed), ['service.pipelines.c.processors.0: the pipeline is fed by `a`, which is durable, but `test_early` answers before its rows are safe: set `x: y`'])
  assert.equal(faultsOf('c', ...fed).length, 1)
})

test('a pipeline without processors goes from receive to deliver directly', () => {
  const plan = planned(spec(['p: test_source | | test_sink'], { mode: 'ring-buffer' }))
  assert.is(plan.rings.map(r => r.id).join(' '), 'p:in:deliver')
  assert.is(plan.threads.join(' '), 'main deliver ingest')
})

const earlies: [Mode, string, string, string, string][] = [
  // mode, processors, early, late, rings
  ['high-performance', 'test_light', 'test_light', '', 'p:in:deliver'],
  ['ring-buffer', 'test_light test_light/2 test_misbehaving test_light/3', 'test_light test_light/2', 'test_misbehaving test_light/3', 'p:in:process-0 p:out:deliver'],
  ['standard', 'test_light test_misbehaving', 'test_light', 'test_misbehaving', 'p:in:worker'],
  ['standard', 'test_misbehaving test_light', '', 'test_misbehaving test_light', 'p:in:worker'],
  ['debug', 'test_light', '', 'test_light', '']
]
for (const [mode, processors, early, late, rings] of earlies) {
  test(`mode ${mode}: of ${processors}, ${early || 'none'} runs beside the receiver`, () => {
    const plan = planned(spec([`p: test_source | ${processors} | test_sink`], { mode }), 3)
    assert.is(plan.pipelines[0]?.early.join(' '), early)
    assert.is(plan.pipelines[0]?.late.join(' '), late)
    assert.is(plan.rings.map(r => r.id).join(' '), rings)
  })
}

test('behind a connector nothing is early, since rows arrive in a process thread', () => {
  const plan = planned(spec(['a: test_source | test_light | test_forward', 'b: test_source test_forward | test_light | test_sink'], { mode: 'ring-buffer' }))
  assert.equal(plan.pipelines.map(p => [p.id, p.early.length]), [['b', 0], ['a', 1]])
})

test('a processor that must see all rows is not replicated', () => {
  const plan = planned(spec(['p: test_source | test_misbehaving test_single | test_sink'], { mode: 'high-performance' }))
  assert.equal(plan.pipelines[0]?.processThreads, ['process-0'])
})

test('pipelines joined by a connector share the threads of the one that cannot be replicated', () => {
  const plan = planned(spec(['a: test_source | | test_forward', 'b: test_forward | test_single | test_sink'], { mode: 'high-performance' }))
  assert.equal(plan.pipelines.map(p => p.processThreads), [['process-0'], ['process-0']])
})

test('downstream pipelines are built before those that feed them', () => {
  const plan = planned(spec(['a: test_source | | test_forward', 'b: test_forward | | test_forward/2', 'c: test_forward/2 | | test_sink']))
  assert.is(plan.pipelines.map(p => p.id).join(' '), 'c b a')
})

test('two pipelines may feed one, and one may feed two', () => {
  const plan = planned(spec(['a: test_source | | test_forward', 'b: test_source/2 | | test_forward', 'c: test_forward | | test_sink', 'd: test_forward | | test_sink/2']))
  assert.is(plan.pipelines.length, 4)
  assert.is(plan.rings.filter(r => r.side === 'out').length, 2)
})

test('a ring lists every replica that writes it and holds at least two large requests', () => {
  const plan = planned(spec(simple, { mode: 'high-performance' }), 3)
  assert.equal(plan.rings.find(r => r.side === 'out')?.producers, ['process-0', 'process-1', 'process-2'])
  assert.is(ringBytes({ ...serviceDefaults, bufferSize: 1 }), 8 * 1024 * 1024)
  assert.is(ringBytes({ ...serviceDefaults, bufferSize: 65_536 }), 32 * 1024 * 1024)
  assert.is(ringBytes({ ...serviceDefaults, bufferSize: 1e9 }), 512 * 1024 * 1024)
})

const broken: [string, string[], string][] = [
  ['no pipeline', [], 'at least one pipeline is needed'],
  ['no receiver', ['p: | | test_sink'], 'needs at least one receiver'],
  ['no exporter', ['p: test_source | | '], 'needs at least one exporter'],
  ['an exporter as processor', ['p: test_source | test_sink | test_sink'], 'is not defined as processor'],
  ['a receiver as exporter', ['p: test_source | | test_source'], 'is not defined as exporter or connector'],
  ['a connector with one end', ['p: test_source | | test_forward'], 'the receiver of none'],
  ['a connector with the other end only', ['p: test_forward | | test_sink'], 'the exporter of none'],
  ['a circle', ['a: test_source test_forward/2 | | test_forward/1', 'b: test_forward/1 | | test_forward/2'], 'in a circle: a -> b -> a'],
  ['a pipeline that feeds itself', ['a: test_source test_forward | | test_forward'], 'in a circle: a -> a'],
  ['an unknown type', ['a: test_source | nonsense | test_sink'], 'there is no processor of type "nonsense"']
]
for (const [what, pipelines, expected] of broken) {
  test(`refused: ${what}`, () => {
    const result = planGraph(spec(pipelines), find, 2)
    assert.not(result.ok)
    if (!result.ok) assert.ok(result.faults.some(f => f.message.includes(expected)), JSON.stringify(result.faults))
  })
}

test('all faults are reported at once', () => {
  const result = planGraph(spec(['a: | | ', 'b: test_source | | test_forward']), find, 2)
  assert.is(result.ok ? 0 : result.faults.length, 3)
})

test('planning does not change the specification and gives plain data', () => {
  const before = spec(simple)
  const copy = structuredClone(before)
  const plan = planned(before)
  assert.equal(before, copy)
  assert.equal(structuredClone(plan), plan)
})

test.run()

/**
 * Scenario: two plans that differ in one thing.
 * Guarantees: each component, pipeline, ring and thread is told as kept, changed, added or removed; what is kept has the same options and
 * the same place; only senders into what is exchanged are disturbed.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { finder } from '../component/catalog.js'
import { components } from '../testing/components.js'
import { ledgerSharing } from './testing/ledger-components.js'
import { disturbance, planDiff, type PlanDiff } from './plan-diff.js'
import { planGraph, type Plan } from './plan.js'
import { serviceDefaults, type Mode, type PipelineSpec, type ServiceSpec } from './spec.js'

const find = finder([...components, ledgerSharing])

interface Drawn { readonly pipelines: readonly string[], readonly options?: Readonly<Record<string, object>>, readonly service?: Partial<ServiceSpec> }

/** `name: receivers | processors | exporters`, one letter each: `s` source, `a` acknowledged source, `m` processor, `h` sharing, `k` sink, `c` connector; a digit makes it another. */
const types: Readonly<Record<string, string>> = { s: 'test_source', a: 'test_source_acked', m: 'test_misbehaving', h: 'ledger_sharing', k: 'test_sink', c: 'test_forward' }
const idOf = (short: string): string => `${types[short[0] as string]}${short.length > 1 ? `/${short.slice(1)}` : ''}`
const kinds = { test_source: 'receiver', test_source_acked: 'receiver', test_misbehaving: 'processor', ledger_sharing: 'processor', test_sink: 'exporter', test_forward: 'connector' } as const

function plan ({ pipelines, options = {}, service = {} }: Drawn): Plan {
  const specs = pipelines.map((text): PipelineSpec => {
    const [head = '', processors = '', exporters = ''] = text.split('|')
    const [id = '', receivers = ''] = head.split(':')
    const list = (part: string): string[] => part.trim().split(' ').filter(item => item !== '').map(idOf)
    return { id: id.trim(), receivers: list(receivers), processors: list(processors), exporters: list(exporters) }
  })
  const ids = [...new Set(specs.flatMap(p => [...p.receivers, ...p.processors, ...p.exporters]))]
  const planned = planGraph({
    service: { ...serviceDefaults, mode: 'debug', ...service }, pipelines: specs, extensions: [],
    components: ids.map(id => ({ kind: kinds[id.split('/')[0] as keyof typeof kinds], id, config: options[id] ?? {} }))
  }, find, 2)
  if (!planned.ok) throw new Error(JSON.stringify(planned.faults))
  return planned.plan
}

/** What is not kept, as `+exporter/test_sink ~processor/x -receiver/y`. */
const signs = { added: '+', changed: '~', removed: '-', kept: '=' } as const
const told = (diff: PlanDiff): string => diff.instances.filter(i => i.change !== 'kept').map(i => `${signs[i.change]}${i.kind}/${i.id}${diff.threads.size > 1 ? `@${i.thread}` : ''}`).sort().join(' ')

const one: Drawn = { pipelines: ['p: s | m m2 | k'] }
const b = { x: 1 }

const table: readonly (readonly [string, Drawn, Drawn, string])[] = [
  ['the same', one, one, ''],
  ['options of an exporter', one, { ...one, options: { test_sink: b } }, '~exporter/test_sink'],
  ['options of a receiver', one, { ...one, options: { test_source: b } }, '~receiver/test_source'],
  ['options of a processor', one, { ...one, options: { 'test_misbehaving/2': b } }, '~processor/test_misbehaving/2'],
  ['a processor less', one, { pipelines: ['p: s | m2 | k'] }, '-processor/test_misbehaving'],
  ['a processor more', one, { pipelines: ['p: s | m m3 m2 | k'] }, '+processor/test_misbehaving/3'],
  ['processors in another order', one, { pipelines: ['p: s | m2 m | k'] }, ''],
  ['a processor twice', one, { pipelines: ['p: s | m m m2 | k'] }, '+processor/test_misbehaving'],
  ['another exporter', one, { pipelines: ['p: s | m m2 | k2'] }, '+exporter/test_sink/2 -exporter/test_sink'],
  ['another receiver beside', one, { pipelines: ['p: s s2 | m m2 | k'] }, '+receiver/test_source/2'],
  ['the name of a pipeline', one, { pipelines: ['q: s | m m2 | k'] }, '+processor/test_misbehaving +processor/test_misbehaving/2 -processor/test_misbehaving -processor/test_misbehaving/2'],
  ['a pipeline more, of the same receiver and exporter', one, { pipelines: [...one.pipelines, 'q: s | m | k'] }, '+processor/test_misbehaving'],
  ['a connector between', one, { pipelines: ['p: s | m m2 | c', 'q: c | | k'] }, '+connector/test_forward'],
  ['a connector that starts another pipeline', { pipelines: ['p: s | | c', 'q: c | | k'] }, { pipelines: ['p: s | | c', 'q: c | | k', 'r: c | | k2'] }, '+exporter/test_sink/2 ~connector/test_forward'],
  ['one of those that share', { pipelines: ['p: s | h m h2 | k'] }, { pipelines: ['p: s | h m h2 | k'], options: { 'ledger_sharing/2': b } }, '~processor/ledger_sharing ~processor/ledger_sharing/2'],
  ['one that shares comes', { pipelines: ['p: s | h m | k'] }, { pipelines: ['p: s | h m h2 | k'] }, '+processor/ledger_sharing/2 ~processor/ledger_sharing'],
  ['one that shares beside what does not', { pipelines: ['p: s | h m | k'] }, { pipelines: ['p: s | h m | k'], options: { test_misbehaving: b } }, '~processor/test_misbehaving'],
  ['how edges are traced', one, { ...one, service: { tracing: true } }, ''],
  ['the mode', { pipelines: ['p: s | | k'] }, { pipelines: ['p: s | | k'], service: { mode: 'standard' } }, '+exporter/test_sink@worker -exporter/test_sink@main'],
  ['replicas', { pipelines: ['p: s | m | k'], service: { mode: 'ring-buffer', maxConcurrency: 1 } }, { pipelines: ['p: s | m | k'], service: { mode: 'ring-buffer', maxConcurrency: 2 } }, '+processor/test_misbehaving@process-1'],
  ['the size of rings', { pipelines: ['p: s | m | k'], service: { mode: 'standard' } }, { pipelines: ['p: s | m | k'], service: { mode: 'standard', bufferSize: 1_000_000 } }, ''],
  ['a receiver that asks for the exporters\' answer', { pipelines: ['p: s | m | k', 'q: s2 | | k2'], service: { mode: 'ring-buffer', maxConcurrency: 1 } }, { pipelines: ['p: s a | m | k', 'q: s2 | | k2'], service: { mode: 'ring-buffer', maxConcurrency: 1 } },
    '+processor/test_misbehaving@deliver +receiver/test_source@deliver +receiver/test_source_acked@deliver -processor/test_misbehaving@process-0 -receiver/test_source@ingest']
]

for (const [name, before, after, expected] of table) {
  test(`${name}: ${expected === '' ? 'all components are kept' : expected}`, () => {
    assert.is(told(planDiff(plan(before), plan(after), find)), expected)
    const back = told(planDiff(plan(after), plan(before), find))
    const turned = (list: string): string => list.split(' ').map(item => item.replace(/^[+-]/, sign => sign === '+' ? '-' : '+')).sort().join(' ')
    assert.is(back, turned(expected), 'and the other way round')
  })
}

test('rings, threads and pipelines are told too', () => {
  const at = (mode: Mode, maxConcurrency: number, bufferSize = 1000): Plan => plan({ pipelines: ['p: s | m | k', 'q: s | | k'], service: { mode, maxConcurrency, bufferSize } })
  const more = planDiff(at('ring-buffer', 1), at('ring-buffer', 2), find)
  assert.equal(Object.fromEntries(more.rings), { 'p:in:process-0': 'kept', 'p:in:process-1': 'added', 'p:out:deliver': 'changed', 'q:in:deliver': 'kept' })
  assert.equal(Object.fromEntries(more.threads), { main: 'kept', deliver: 'kept', 'process-0': 'kept', ingest: 'kept', 'process-1': 'added' })
  assert.equal(Object.fromEntries(more.pipelines), { q: 'kept', p: 'changed' })
  const larger = planDiff(at('ring-buffer', 1), at('ring-buffer', 1, 1_000_000), find)
  assert.equal([...new Set(larger.rings.values())], ['changed'])
})

test('only senders into what is exchanged are held', () => {
  const two: Drawn = { pipelines: ['p: s | m | k', 'q: s2 | m | k2', 'r: s3 | | c', 't: c | m2 | k'] }
  const held = (after: Drawn, before = two, thread = 'main'): string => {
    const { early, late, receiver } = disturbance(plan(before), planDiff(plan(before), plan(after), find), thread)
    return [...['p', 'q', 'r', 't'].filter(early).map(p => `early:${p}`), ...['p', 'q', 'r', 't'].filter(late).map(p => `late:${p}`), ...['test_source', 'test_source/2', 'test_source/3'].filter(receiver)].join(' ')
  }
  assert.is(held(two), '')
  assert.is(held({ ...two, options: { 'test_sink/2': b } }), 'early:q late:q test_source/2')
  assert.is(held({ ...two, options: { test_sink: b } }), 'early:p early:r early:t late:p late:r late:t test_source test_source/3')
  assert.is(held({ ...two, options: { 'test_misbehaving/2': b } }), 'early:r early:t late:r late:t test_source/3')
  // Behind a ring it is the reading end that waits.
  const ringed = { ...two, service: { mode: 'standard' as const } }
  const exchanged = { ...ringed, options: { 'test_sink/2': b } }
  assert.is(held(exchanged, ringed, 'main'), '')
  assert.is(held(exchanged, ringed, 'worker'), 'early:q late:q')
})

test.run()

import { createHash } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isSign, signs } from '../../core/correlation/signs.js'
import { entityKey } from '../../core/correlation/entity.js'
import { prepareBatch } from '../../core/data/codec.js'
import type { EventBatch } from '../../core/data/batch.js'
import { generate, type Story, type Variation } from './generate.js'
import { Homes } from './homes.js'
import { cutAnywhere, natural } from './run-story.js'
import { scenarios } from './scenarios/index.js'
import { abnormalRows } from './baselines.js'
import { matches } from './score.js'
import { Dice } from './world/random.js'

const plain: Variation = { name: 'plain', noise: 1, skewMs: 0 }

/** Of everything that reaches the pipeline, in its order. */
function digest (story: Story): string {
  const hash = createHash('sha256')
  for (const { arrivalMs, batch } of story.deliveries) {
    const prepared = prepareBatch(batch)
    const bytes = Buffer.alloc(prepared.byteLength)
    prepared.writeTo(bytes)
    hash.update(`${arrivalMs}`).update(bytes)
  }
  return hash.digest('hex')
}

const wanted = 25

test(`there are at least ${wanted} scenarios, over all layers`, () => {
  assert.ok(scenarios.length >= wanted)
  assert.equal([...new Set(scenarios.map(s => s.layer))].sort(), ['app', 'k8s', 'kernel', 'net', 'node'])
  assert.is(new Set(scenarios.map(s => s.name)).size, scenarios.length)
})

for (const scenario of scenarios) {
  test(`${scenario.name}: what is true about it can be found in it`, () => {
    const story = generate([scenario], 11, { ...plain, noise: 0.1 })
    const [truth] = story.truths
    assert.ok(truth !== undefined && truth.causes.length > 0 && truth.subjects.length > 0 && truth.affected.length > 0)
    for (const edge of truth.edges) for (const stage of edge.split('>')) assert.ok(truth.stages[stage] !== undefined, `${edge} names a stage`)
    for (const [name, { signs: patterns, of }] of Object.entries(truth.stages)) {
      assert.ok(of.length > 0, `${name} is about something`)
      for (const pattern of patterns) assert.ok(pattern.endsWith('*') ? Object.keys(signs).some(s => matches(s, pattern)) : isSign(pattern), `${pattern} is a sign`)
    }
    const homes = new Homes(story.world)
    const subjects = new Set([...truth.subjects, ...Object.values(truth.stages).flatMap(s => s.of)].flatMap(e => [entityKey(e), homes.of(e)]))
    const after = story.deliveries.filter(d => d.timeMs >= story.faultMs - 1000)
    assert.ok(abnormalRows(after, homes).some(r => subjects.has(homes.of(r.entity))), 'something abnormal is told of what it is about')
  })
}

test('the same seed gives the same bytes, another one others', () => {
  const [first, second] = scenarios as [typeof scenarios[0], typeof scenarios[0]]
  const variation = { ...plain, skewMs: 3000, doubled: 0.3 }
  assert.is(digest(generate([first], 5, variation)), digest(generate([first], 5, variation)))
  assert.is.not(digest(generate([first], 5, variation)), digest(generate([first], 6, variation)))
  assert.is.not(digest(generate([first], 5, variation)), digest(generate([second], 5, variation)))
})

test('cuts keep rows and their order', () => {
  const { deliveries } = generate([], 3, { ...plain, noise: 0.5 })
  const ids = (batches: Iterable<EventBatch>): string[] => [...batches].flatMap(b => [...b].map(row => `${row.get('id') ?? ''}/${row.get('timeUnixNano') ?? ''}`))
  const whole = ids(deliveries.map(d => d.batch))
  assert.ok(whole.length > 1000)
  assert.equal(ids(natural(deliveries)), whole)
  assert.equal(ids(cutAnywhere(deliveries, new Dice(1))), whole)
})

test('variations do what they say', () => {
  const [scenario] = scenarios as [typeof scenarios[0]]
  const rows = (v: Variation): number => generate([scenario], 2, v).deliveries.reduce((n, d) => n + d.batch.count, 0)
  const [one, ten] = [rows(plain), rows({ ...plain, noise: 10 })]
  assert.ok(ten > 1.5 * one, `${one} rows become ${ten}`)
  assert.is(generate([scenario], 2, { ...plain, without: 'kernel' }).deliveries.filter(d => d.layer === 'kernel').length, 0)
  const skews = generate([scenario], 2, { ...plain, skewMs: 3000 }).world.nodes.map(n => n.skewMs)
  assert.ok(skews.some(ms => ms !== 0) && skews.every(ms => Math.abs(ms) <= 3000))
  const doubled = generate([scenario], 2, { ...plain, doubled: 0.3 })
  assert.ok(doubled.deliveries.length > new Set(doubled.deliveries.map(d => d.batch)).size * 1.2)
  assert.ok(generate([scenario], 2, { ...plain, isRestarted: true }).restart?.listed.count ?? 0 > 50)
})

test('two faults are of different namespaces and share no worker', () => {
  const [a, b] = scenarios.filter(s => s.isLocal) as [typeof scenarios[0], typeof scenarios[0]]
  const { world } = generate([a, b], 4, { ...plain, isDouble: true })
  const [one, two] = [...new Set(world.apps.map(x => x.namespace))].filter(n => n !== 'kube-system').map(n => new Set(world.apps.filter(x => x.namespace === n).flatMap(x => x.pods.map(p => p.node?.name)).filter(n2 => n2 !== undefined)))
  assert.ok(one !== undefined && two !== undefined && one.size > 0 && ![...one].some(n => two.has(n)))
})

test.run()

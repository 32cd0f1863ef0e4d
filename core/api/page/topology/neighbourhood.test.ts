// Scenario: answers about the topology are made into pictures.
// Guarantees: owners stand before what they own; what an owner says is said once; parts that are left out leave no arrow into nothing.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { aroundAffected, bypassed, joined, kindOf, narrowed, partOf, reachable, saidOnce, type Part } from './neighbourhood.js'

const names = ['Deployment/web', 'ReplicaSet/web-1', 'Pod/web-1-a', 'Pod/web-1-b', 'Service/db', 'Node/n1', 'ServiceAccount/default', 'Pod/db-0']
const edge = (from: number, to: number, kind: string) => ({ from, to, kind })
const part: Part = partOf({
  nodes: names.map(n => { const [kind = '', name = ''] = n.split('/'); return { entity: { kind, name }, exists: true } }),
  edges: [edge(1, 0, 'owner'), edge(2, 1, 'owner'), edge(3, 1, 'owner'), edge(2, 5, 'runs_on'), edge(3, 5, 'runs_on'), edge(0, 4, 'refers_to'), edge(2, 4, 'refers_to'), edge(3, 4, 'refers_to'), edge(4, 7, 'selects'), edge(2, 6, 'service_account'), edge(3, 6, 'service_account'), edge(3, 99, 'selects')]
})
const arrows = ({ relations }: Part): string[] => relations.map(r => `${r.from.replace('//', '/')} ${r.kinds.join()} ${r.to.replace('//', '/')}`).sort()

test('owners own, and edges to nodes that are not there are nothing', () => {
  assert.ok(arrows(part).includes('Deployment/web owns ReplicaSet/web-1'))
  assert.is(part.relations.length, 11)
})

test('what a Deployment refers to its pods do not say again', () => {
  assert.equal(arrows(saidOnce(part)).filter(a => a.includes('refers_to')), ['Deployment/web refers_to Service/db'])
})

test('without ReplicaSets a Deployment owns its pods', () => {
  const short = bypassed(part, key => kindOf(key) === 'ReplicaSet')
  assert.equal(arrows(short).filter(a => a.includes('owns')), ['Deployment/web owns Pod/web-1-a', 'Deployment/web owns Pod/web-1-b'])
})

test('around the affected: they and what joins them, no plumbing', () => {
  const around = aroundAffected(part, new Set(['Pod//web-1-a', 'Pod//web-1-b']), 10)
  assert.equal([...around.nodes.keys()].sort(), ['Node//n1', 'Pod//web-1-a', 'Pod//web-1-b', 'Service//db'])
  assert.is(aroundAffected(part, new Set(['Pod//web-1-a', 'Pod//web-1-b']), 2).nodes.size, 2, 'the affected first')
})

test('narrowed, reachable and joined again', () => {
  const few = narrowed(part, key => kindOf(key) !== 'Service')
  assert.is(few.relations.every(r => few.nodes.has(r.from) && few.nodes.has(r.to)), true)
  assert.is(reachable(few, ['Deployment//web']).nodes.has('Pod//db-0'), false)
  assert.equal(arrows(joined(few, part)), arrows(part))
})

test.run()

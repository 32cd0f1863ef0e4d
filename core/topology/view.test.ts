/**
 * Scenario: a shop on two nodes (Deployment, ReplicaSet, pods, Service, claim, Ingress), looked at as a whole, around an entity, at a time,
 * in parts, and when not all of it is known.
 * Guarantees: pods fold into their workloads; the nearest come first; the order is the same whatever the order of the objects' coming;
 * limits and work are bounded and what is missing is said.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { TopologyAnswer, TopologyQuestion } from '../component/questions.js'
import { entityKey } from '../correlation/entity.js'
import { seeded } from '../data/testing/random.js'
import type { KubeObject } from '../kubernetes/objects.js'
import { ClusterGraph, type GraphOptions } from './graph/cluster-graph.js'
import { viewTopology } from './view.js'

const t0 = Date.UTC(2026, 0, 1)

const object = (namespace: string, name: string, spec: object = {}, metadata: object = {}): KubeObject => ({
  metadata: { name, ...(namespace === '' ? {} : { namespace }), uid: `uid of ${name}`, creationTimestamp: new Date(t0).toISOString(), ...metadata }, spec
}) as KubeObject
const ownedBy = (kind: string, name: string): object => ({ ownerReferences: [{ apiVersion: 'apps/v1', kind, name, uid: `uid of ${name}` }] })

const cart = (i: number, node: string): readonly [string, KubeObject] => ['Pod', object('shop', `cart-${i}`, { nodeName: node }, { labels: { app: 'cart' }, ...ownedBy('ReplicaSet', 'cart-abc') })]
const shop: readonly (readonly [string, KubeObject])[] = [
  ['Node', object('', 'n1')], ['Node', object('', 'n2')],
  ['Deployment', object('shop', 'cart', { template: { spec: { volumes: [{ persistentVolumeClaim: { claimName: 'data' } }] } } })],
  ['ReplicaSet', object('shop', 'cart-abc', {}, ownedBy('Deployment', 'cart'))],
  cart(0, 'n1'), cart(1, 'n2'), cart(2, 'n1'),
  ['Service', object('shop', 'cart', { selector: { app: 'cart' } })],
  ['Ingress', object('shop', 'front', { rules: [{ http: { paths: [{ backend: { service: { name: 'cart' } } }] } }] })],
  ['PersistentVolumeClaim', object('shop', 'data')],
  ['Deployment', object('other', 'lonely')]
]

function graphOf (objects = shop, options: GraphOptions = {}): ClusterGraph {
  const graph = new ClusterGraph(options)
  for (const [kind, o] of objects) graph.put(kind, o, t0)
  return graph
}

const ask = (more: Partial<TopologyQuestion> = {}): TopologyQuestion => ({ depth: 1, kinds: [], limit: 100, ...more })
const nodesOf = (answer: TopologyAnswer): string[] => answer.nodes.map(n => `${entityKey(n.entity)}${n.exists ? '' : '!'}`)
const edgesOf = ({ nodes, edges }: TopologyAnswer): string[] => edges.map(e => `${nodes[e.from]?.entity.name} ${e.kind} ${nodes[e.to]?.entity.name}`)
const pod = (name: string) => ({ kind: 'Pod', namespace: 'shop', name })

test('an overview shows workloads, services, nodes and claims, and folds pods into their workload', () => {
  const answer = viewTopology(graphOf(), ask())
  assert.equal(nodesOf(answer), ['Deployment/other/lonely', 'Deployment/shop/cart', 'Ingress/shop/front', 'Node//n1', 'Node//n2', 'PersistentVolumeClaim/shop/data', 'Service/shop/cart'])
  assert.equal(edgesOf(answer), ['cart runs_on n1', 'cart runs_on n2', 'cart mounts_claim data', 'front routes cart', 'cart selects cart'])
  assert.equal([answer.omitted, answer.notes], [0, []])
})

test('the order is the same whatever the order in which objects came', () => {
  const expected = viewTopology(graphOf(), ask())
  const around = viewTopology(graphOf(), ask({ entity: pod('cart-0'), depth: 3 }))
  const random = seeded(5)
  for (let i = 0; i < 20; i++) {
    const shuffled = [...shop].map(o => [random.below(1e6), o] as const).sort((a, b) => a[0] - b[0]).map(([, o]) => o)
    assert.equal(viewTopology(graphOf(shuffled), ask()), expected)
    assert.equal(viewTopology(graphOf(shuffled), ask({ entity: pod('cart-0'), depth: 3 })), around)
  }
})

test('of one namespace: it and what has none', () => {
  assert.equal(nodesOf(viewTopology(graphOf(), ask({ namespace: 'other' }))), ['Deployment/other/lonely', 'Node//n1', 'Node//n2'])
})

test('kinds are those asked for; what is not shown folds into an owner that is', () => {
  const answer = viewTopology(graphOf(), ask({ kinds: ['ReplicaSet', 'Service'] }))
  assert.equal([nodesOf(answer), edgesOf(answer)], [['ReplicaSet/shop/cart-abc', 'Service/shop/cart'], ['cart selects cart-abc']])
})

test('around an entity, the nearest come first and count first against the limit', () => {
  const graph = graphOf()
  const around = (depth: number, limit = 100): TopologyAnswer => viewTopology(graph, ask({ entity: pod('cart-0'), depth, limit }))
  const one = ['Node//n1', 'Pod/shop/cart-0', 'ReplicaSet/shop/cart-abc', 'Service/shop/cart']
  assert.equal(nodesOf(around(1)), one)
  assert.equal(nodesOf(around(0)), one)
  assert.equal(edgesOf(around(1)), ['cart-0 runs_on n1', 'cart-0 owner cart-abc', 'cart selects cart-0'])
  const two = around(2)
  assert.equal(nodesOf(two), ['Deployment/shop/cart', 'Ingress/shop/front', ...one.slice(0, 2), 'Pod/shop/cart-1', 'Pod/shop/cart-2', ...one.slice(2)])
  const cut = around(2, 5)
  assert.equal([nodesOf(cut).filter(n => one.includes(n)).length, cut.nodes.length, cut.omitted], [4, 5, two.nodes.length - 5])
  assert.equal(viewTopology(graph, ask({ entity: pod('cart-0'), depth: 2, limit: 1 })).omitted, two.nodes.length - 1)
})

test('an entity without kind or namespace, of another case, or by uid is found; of several it is said', () => {
  const graph = graphOf()
  const first = (entity: TopologyQuestion['entity']): string => nodesOf(viewTopology(graph, { ...ask({ kinds: ['none'] }), ...(entity === undefined ? {} : { entity }) })).join()
  assert.is(first({ kind: '', name: 'n2' }), 'Node//n2')
  assert.is(first({ kind: 'pod', name: 'cart-1' }), 'Pod/shop/cart-1')
  assert.is(first({ kind: 'Pod', namespace: 'shop', name: 'renamed', uid: 'uid of cart-2' }), 'Pod/shop/cart-2')
  const both = viewTopology(graph, ask({ entity: { kind: '', name: 'cart' } }))
  assert.equal(both.notes, ['1 more of this name: give kind and namespace; this is Deployment shop/cart'])
  assert.equal(viewTopology(graph, ask({ entity: pod('nobody') })), { nodes: [], edges: [], omitted: 0, notes: ['Pod shop/nobody is not known at this time'] })
})

test('what is only named is there, and does not exist', () => {
  const graph = graphOf([['Pod', object('shop', 'a', { serviceAccountName: 'ghost' })]])
  assert.equal(nodesOf(viewTopology(graph, ask({ entity: pod('a') }))), ['Pod/shop/a', 'ServiceAccount/shop/ghost!'])
})

test('as it was then; what was forgotten, or has not come yet, is said', () => {
  const graph = graphOf(shop, { retentionMs: 10_000 })
  graph.remove('Pod', object('shop', 'cart-1'), t0 + 5000)
  const runsOn = (atMs?: number): string[] => edgesOf(viewTopology(graph, { ...ask(), ...(atMs === undefined ? {} : { atMs }) })).filter(e => e.includes('runs_on'))
  assert.equal([runsOn(t0 + 1000), runsOn(t0 + 6000), runsOn()], [['cart runs_on n1', 'cart runs_on n2'], ['cart runs_on n1'], ['cart runs_on n1']])
  assert.equal(viewTopology(graph, ask({ atMs: t0 + 60_000 })).notes, ['the newest change known is of 2026-01-01T00:00:05.000Z'])
  graph.put('Node', object('', 'n3'), t0 + 60_000)
  assert.match(viewTopology(graph, ask({ atMs: t0 + 1000 })).notes.join(), /what was over before 2026-01-01T00:00:05.000Z is forgotten/)
})

test('limits of the graph, an empty graph and too much work for one answer are said', () => {
  assert.match(viewTopology(new ClusterGraph(), ask()).notes.join(), /no objects of a cluster are known/)
  assert.match(viewTopology(graphOf(shop, { maxObjects: 3 }), ask()).notes.join(), /8 objects and 0 relations were not taken in/)
  const cut = viewTopology(graphOf(), ask(), 3)
  assert.match(cut.notes.join(), /too large to be looked through/)
  assert.is(cut.nodes.length, 7)
  assert.match(viewTopology(graphOf(), ask({ entity: pod('cart-0'), depth: 6 }), 2).notes.join(), /too large/)
})

test('owners in a circle end', () => {
  const set = (name: string, owner: string): readonly [string, KubeObject] => ['ReplicaSet', object('shop', name, {}, ownedBy('ReplicaSet', owner))]
  assert.equal(viewTopology(graphOf([set('a', 'b'), set('b', 'a'), ['Service', object('shop', 's')]]), ask()).edges, [])
})

test.run()

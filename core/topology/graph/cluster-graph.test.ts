import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { KubeObject } from '../../kubernetes/objects.js'
import { FakeClock } from '../../testing/fake-clock.js'
import { ClusterGraph } from './cluster-graph.js'
import { GraphFeed } from './feed.js'
import type { EdgeQuery, GraphView, NodeRef } from './view.js'

const second = 1000
const t0 = Date.UTC(2026, 0, 1)

function object (name: string, more: { uid?: string, labels?: Record<string, string>, created?: number, spec?: object, owner?: object } = {}): KubeObject {
  const { uid = `uid of ${name}`, labels = {}, created = t0, spec = {}, owner } = more
  return { metadata: { name, namespace: 'shop', uid, labels, creationTimestamp: new Date(created).toISOString(), ...(owner === undefined ? {} : { ownerReferences: [owner] }) }, spec } as KubeObject
}

const pod = (name: string): NodeRef => ({ kind: 'Pod', namespace: 'shop', name })
const service: NodeRef = { kind: 'Service', namespace: 'shop', name: 'cart' }
const names = (view: GraphView, ref: NodeRef, query: EdgeQuery = {}): string => view.neighbours(ref, query).map(n => `${n.name}${n.exists ? '' : '!'}`).sort().join()

test('what was true at a time is still known when it is so no longer', () => {
  const graph = new ClusterGraph()
  graph.put('Service', object('cart', { spec: { selector: { app: 'cart' } } }), t0)
  graph.put('Pod', object('cart-0', { labels: { app: 'cart' }, spec: { nodeName: 'node-1' } }), t0 + second)
  graph.put('Pod', object('cart-0', { labels: { app: 'cart' }, spec: { nodeName: 'node-1', serviceAccountName: 'late' } }), t0 + 2 * second)
  graph.put('Pod', object('cart-0', { labels: { app: 'cart-debug' }, spec: { nodeName: 'node-1' } }), t0 + 3 * second)
  graph.remove('Pod', object('cart-0'), t0 + 5 * second)
  const at = (seconds: number): GraphView => graph.at(BigInt(t0 + seconds * second) * 1_000_000n)
  assert.equal([0, 2.5, 3, 5].map(s => names(at(s), service)), ['cart-0', 'cart-0', '', ''])
  assert.equal([0, 2, 2.5, 3, 4.9, 5].map(s => names(at(s), pod('cart-0'), { direction: 'out' })), ['node-1!', 'late!,node-1!', 'late!,node-1!', 'node-1!', 'node-1!', ''])
  const [edge] = at(1).edgesOf(service, { kinds: ['selects'] })
  assert.equal([edge?.from.name, edge?.to.name, edge?.sinceMs, edge?.untilMs], ['cart', 'cart-0', t0, t0 + 3 * second])
  assert.is(at(-1).node(pod('cart-0')), undefined)
  assert.equal([at(4).node(pod('cart-0'))?.untilMs, at(5).node(pod('cart-0'))], [t0 + 5 * second, undefined])
})

test('what is first seen has been so since its creation, of two objects since that of the younger', () => {
  const graph = new ClusterGraph()
  graph.put('Pod', object('cart-0', { created: t0, labels: { app: 'cart' } }), t0 + 100 * second)
  graph.put('Service', object('cart', { created: t0 + 10 * second, spec: { selector: { app: 'cart' } } }), t0 + 100 * second)
  graph.put('Pod', object('young', { created: t0 + 999 * second, labels: { app: 'cart' } }), t0 + 100 * second)
  assert.equal(graph.atMs(t0 + 200 * second).edgesOf(service).map(e => `${e.to.name} ${e.sinceMs - t0}`), ['young 100000', 'cart-0 10000'])
})

test('one name in several lives: each has its uid and its time', () => {
  const graph = new ClusterGraph()
  graph.put('Pod', object('db-0', { uid: 'a', spec: { nodeName: 'node-1' } }), t0)
  graph.put('Pod', object('db-0', { uid: 'b', spec: { nodeName: 'node-2' }, created: t0 - 50 * second }), t0 + 10 * second)
  graph.remove('Pod', object('db-0', { uid: 'a' }), t0 + 11 * second)
  for (const [seconds, uid, node] of [[0, 'a', 'node-1'], [9.9, 'a', 'node-1'], [10, 'b', 'node-2'], [20, 'b', 'node-2']] as const) {
    const view = graph.atMs(t0 + seconds * second)
    assert.equal([view.node(pod('db-0'))?.uid, names(view, pod('db-0'))], [uid, `${node}!`])
    assert.is(view.byUid(uid)?.name, 'db-0')
  }
  assert.is(graph.atMs(t0 + 10 * second).byUid('a'), undefined)
})

test('something that is only named is known as missing, until it is made', () => {
  const graph = new ClusterGraph()
  const account: NodeRef = { kind: 'ServiceAccount', namespace: 'shop', name: 'cart' }
  graph.put('Deployment', object('cart', { spec: { template: { spec: { serviceAccountName: 'cart' } } } }), t0)
  assert.equal([graph.atMs(t0).node(account)?.exists, names(graph.atMs(t0), account)], [false, 'cart'])
  graph.put('ServiceAccount', object('cart', { created: t0 + 5 * second }), t0 + 5 * second)
  assert.equal([4.9, 5].map(s => graph.atMs(t0 + s * second).node(account)?.exists), [false, true])
})

test('a host name refers to a service while that exists, and a changed environment to another', () => {
  const graph = new ClusterGraph()
  const front = (value: string): KubeObject => object('front', { spec: { containers: [{ env: [{ name: 'A', value }] }] } })
  const seen = (seconds: number): string => names(graph.atMs(t0 + seconds * second), pod('front'))
  graph.put('Pod', front('http://cart:80'), t0)
  assert.is(seen(0), '')
  graph.put('Service', object('cart', { created: t0 + 1 * second }), t0 + 1 * second)
  graph.remove('Service', object('cart'), t0 + 2 * second)
  graph.put('Service', object('cart', { uid: 'new', created: t0 + 3 * second }), t0 + 3 * second)
  graph.put('Pod', front('http://other:80'), t0 + 4 * second)
  graph.put('Service', object('other', { created: t0 }), t0 + 5 * second)
  assert.equal([0.9, 1, 1.9, 2, 3, 4, 5].map(seen), ['', 'cart', 'cart', '', 'cart', 'other', 'other'])
  graph.remove('Pod', front(''), t0 + 6 * second)
  assert.equal([5.9, 6].map(seen), ['other', ''])
})

test('an optional reference is told apart, and one container that needs it decides', () => {
  const graph = new ClusterGraph()
  const holder = (...optional: boolean[]): KubeObject => object('cart-0', { spec: { containers: optional.map(o => ({ envFrom: [{ configMapRef: { name: 'conf', optional: o } }] })) } })
  const edges = (): boolean[] => graph.atMs(t0).edgesOf(pod('cart-0')).map(e => e.optional)
  graph.put('Pod', holder(true), t0)
  assert.equal(edges(), [true])
  for (const both of [[true, false], [false, true]]) {
    graph.put('Pod', holder(...both), t0)
    assert.equal(edges(), [false])
  }
})

test('what is over is forgotten by age and by count, counted, and answers say that they may lack it', () => {
  const graph = new ClusterGraph({ retentionMs: 10 * second, maxEnded: 3 })
  for (let i = 0; i < 5; i++) {
    graph.put('Pod', object(`p${i}`, { spec: { nodeName: 'node-1' } }), t0 + i)
    graph.remove('Pod', object(`p${i}`), t0 + i + 1)
  }
  graph.put('Node', object('node-1'), t0 + 6)
  assert.equal({ ...graph.counts.evicted }, { age: 0, count: 4 })
  assert.equal([graph.size.endedEdges, graph.size.endedObjects, graph.completeSinceMs], [3, 3, t0 + 2])
  assert.equal([graph.atMs(t0 + 1.5).complete, graph.atMs(t0 + 2).complete], [false, true])
  graph.put('Node', object('node-1'), t0 + 20 * second)
  assert.equal({ ...graph.counts.evicted }, { age: 6, count: 4 })
  // Node shop/node-1 is the one that was put; the pods' node has no namespace, and nobody speaks of it any more.
  assert.equal({ ...graph.size, bytes: 0 }, { objects: 1, endedObjects: 0, entities: 1, edges: 0, endedEdges: 0, labelGroups: 0, bytes: 0 })
})

test('more objects, edges or references than may be are refused and counted', () => {
  const graph = new ClusterGraph({ maxObjects: 2, maxEdges: 3 })
  for (let i = 0; i < 5; i++) graph.put('Pod', object(`p${i}`, { spec: { nodeName: 'n', serviceAccountName: 'a' } }), t0)
  graph.put('Pod', { metadata: {} }, t0)
  assert.equal(graph.counts.refused, { objects: 3, edges: 1 })
  assert.is(graph.counts.ignored.objects, 1)
  assert.equal([graph.size.objects, graph.size.edges, graph.size.entities], [2, 3, 4])
  const other = new ClusterGraph()
  other.put('Pod', object('many', { spec: { imagePullSecrets: Array.from({ length: 6000 }, (_, i) => ({ name: `s${i}` })) } }), t0)
  assert.equal([other.counts.ignored.references, other.size.edges], [1000, 5000])
})

test('owners in a circle and an object that names itself are edges like others', () => {
  const graph = new ClusterGraph()
  const owned = (name: string, owner: string): KubeObject => object(name, { owner: { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner } })
  graph.put('ReplicaSet', owned('a', 'b'), t0)
  graph.put('ReplicaSet', owned('b', 'a'), t0)
  graph.put('ReplicaSet', owned('self', 'self'), t0)
  const set = (name: string): NodeRef => ({ kind: 'ReplicaSet', namespace: 'shop', name })
  assert.equal([names(graph.atMs(t0), set('a')), graph.atMs(t0).edgesOf(set('a')).length, graph.atMs(t0).edgesOf(set('self')).length], ['b', 2, 1])
  for (const name of ['a', 'b', 'self']) graph.remove('ReplicaSet', object(name), t0)
  assert.is(graph.size.edges, 0)
})

test('a clock that goes back does not turn history round', () => {
  const graph = new ClusterGraph()
  graph.put('Pod', object('a', { spec: { nodeName: 'n' } }), t0 + 10 * second)
  graph.remove('Pod', object('a'), t0)
  graph.put('Pod', object('b'), NaN)
  assert.is(graph.atMs(t0 + 5 * second).node(pod('a'))?.untilMs, t0 + 10 * second)
})

test('a feed ends what a new list lacks, and nothing of other feeds', async () => {
  const clock = new FakeClock()
  const graph = new ClusterGraph()
  const [pods, accounts] = [new GraphFeed(graph, 'Pod', clock), new GraphFeed(graph, 'ServiceAccount', clock)]
  const list = (...put: string[]): void => { pods.listing(); put.forEach(name => pods.put(object(name))); pods.listed() }
  const living = (): string => [...graph.atMs(clock.unixMs()).nodes()].map(n => n.name).sort().join()
  accounts.put(object('account'))
  list('a', 'b')
  pods.put(object('c'))
  pods.remove(object('a'))
  assert.is(living(), 'account,b,c')
  await clock.advance(1000)
  pods.listing()
  pods.put(object('lost'))
  list('c', 'd')
  assert.is(living(), 'account,c,d')
  assert.equal([...graph.atMs(clock.unixMs()).nodes({ kind: 'Pod', namespace: 'shop' })].length, 2)
})

test.run()

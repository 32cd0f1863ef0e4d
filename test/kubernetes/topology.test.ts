/** The graph of a cluster out of the receiver's events is that out of the API server's objects, also after the receiver's restart. */
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { EventBatch } from '../../core/data/batch.js'
import type { KubeObject } from '../../core/kubernetes/objects.js'
import { ClusterGraph } from '../../core/topology/graph/cluster-graph.js'
import { feedRows } from '../../core/topology/graph/row-feed.js'
import { makePod, uuidOf } from '../../core/testing/api-server/pods.js'
import { startReceiver, withCluster, type Cluster, type Running } from '../../receivers/kubernetes/start-for-test.js'

const stored: Readonly<Record<string, string>> = { '/pods': 'Pod', '/services': 'Service', 'apps/replicasets': 'ReplicaSet', 'apps/deployments': 'Deployment', 'discovery.k8s.io/endpointslices': 'EndpointSlice', '/configmaps': 'ConfigMap' }
const resources = ['pods', 'services', 'replicasets', 'deployments', 'endpointslices', 'configmaps']
const object = (name: string, rest: object = {}): KubeObject => ({ metadata: { name, namespace: 'shop', uid: uuidOf(name), ...(rest as { metadata?: object }).metadata }, ...Object.fromEntries(Object.entries(rest).filter(([k]) => k !== 'metadata')) } as KubeObject)

function pod (name: string, app: string): KubeObject {
  const made = makePod(name, { uid: uuidOf(name), labels: { app }, owner: { kind: 'ReplicaSet', name: `${app}-abc` } })
  const env = [{ name: 'CART_ADDRESS', value: 'cart:7070' }, { name: 'MODE', valueFrom: { configMapKeyRef: { name: 'settings', key: 'mode' } } }]
  return { ...made, spec: { ...made.spec, containers: [{ name: 'main', image: 'a', env }] } } as KubeObject
}

/** Every living edge, as text. */
function edges (graph: ClusterGraph, atMs: number): string[] {
  const view = graph.atMs(atMs)
  return [...new Set([...view.nodes()].flatMap(node => [...view.edgesOf(node, { direction: 'out' })].map(e => `${node.kind}/${node.name} ${e.kind} ${e.to.kind}/${e.to.name}`)))].sort()
}

/** What a graph is that was given the objects themselves. */
function straight ({ server }: Cluster, atMs: number): string[] {
  const graph = new ClusterGraph()
  for (const [id, kind] of Object.entries(stored)) for (const o of server.store.list(id)) graph.put(kind, o, atMs)
  return edges(graph, atMs)
}

function feed (graph: ClusterGraph, running: Running, from: number): number {
  const { batches } = running.next
  for (const batch of batches.slice(from) as EventBatch[]) assert.is(feedRows(graph, batch).malformed, 0)
  return batches.length
}

test('owners, selectors, endpoints, config and service references come through, change by change', () => withCluster(async cluster => {
  const { server, directory } = cluster
  const { store } = server
  const put = (id: string, o: KubeObject): void => { store.put(id, o) }
  put('/configmaps', object('settings'))
  put('/services', object('cart', { spec: { selector: { app: 'cart' }, ports: [{ port: 7070 }] } }))
  put('apps/deployments', object('cart', { spec: { replicas: 1 } }))
  put('apps/replicasets', object('cart-abc', { metadata: { ownerReferences: [{ kind: 'Deployment', name: 'cart', uid: uuidOf('cart'), controller: true }] } }))
  put('/pods', pod('cart-0', 'cart'))
  const slice = (...pods: string[]): KubeObject => object('cart-x', { metadata: { labels: { 'kubernetes.io/service-name': 'cart' } }, endpoints: pods.map((name, i) => ({ addresses: [`10.0.0.${i}`], conditions: { ready: true }, targetRef: { kind: 'Pod', namespace: 'shop', name } })) })
  put('discovery.k8s.io/endpointslices', slice('cart-0'))
  const options = { resources, objects: 'all', checkpoint: { enabled: true, file: join(directory, 'checkpoint'), interval: '100ms' } }
  const graph = new ClusterGraph()
  const far = Date.now() + 3_600_000
  const first = await startReceiver(cluster, options)
  await first.watching(resources.length)
  await first.until('what is there', () => first.rows().length >= 6)
  let fed = feed(graph, first, 0)
  assert.equal(edges(graph, far), straight(cluster, far))
  assert.ok(edges(graph, far).includes('Pod/cart-0 refers_to Service/cart') && edges(graph, far).includes('Service/cart selects Pod/cart-0'), edges(graph, far).join('\n'))

  put('/pods', pod('cart-1', 'cart'))
  put('/pods', pod('cart-0', 'pay'))
  put('discovery.k8s.io/endpointslices', slice('cart-1'))
  put('/services', object('cart', { spec: { selector: { app: 'pay' } } }))
  await first.until('the changes', () => first.rows().length >= 10)
  fed = feed(graph, first, fed)
  assert.equal(edges(graph, far), straight(cluster, far))
  await first.stop()
  feed(graph, first, fed)

  store.delete('/pods', 'shop/cart-0')
  store.delete('discovery.k8s.io/endpointslices', 'shop/cart-x')
  put('/pods', pod('cart-2', 'pay'))
  const second = await startReceiver(cluster, options)
  // All is told again, and what is gone: the picture may have been lost.
  await second.watching(resources.length)
  await second.until('the meantime', () => ['Service/cart endpoints_lost', 'Pod/cart-0', 'Pod/cart-2', 'Pod/cart-1'].every(what => second.told().some(t => t.startsWith(what))))
  feed(graph, second, 0)
  await second.stop()
  assert.equal(edges(graph, far), straight(cluster, far))
  assert.ok(edges(graph, far).includes('Service/cart selects Pod/cart-2'))
}))

test.run()

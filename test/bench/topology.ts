/**
 * What the graph of a large cluster costs: memory, updates, and questions about a time.
 * `npm run bench -- topology`; about 10 s of CPU.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { KubeObject } from '../../core/kubernetes/objects.js'
import { uuidOf } from '../../core/testing/api-server/pods.js'
import { ClusterGraph } from '../../core/topology/graph/cluster-graph.js'
import { viewTopology } from '../../core/topology/view.js'
import { printMachine, printTable, secondsPerCall, type Report } from './report.js'

const podCount = 10_000
const serviceCount = 1000
/** Every second one is an old version, with no pods. */
const replicaSetCount = 2000
const t0 = Date.UTC(2026, 0, 1)

export function run (report: Report): void {
  report('# topology')
  printMachine(report)
  const graph = new ClusterGraph()
  const before = heldBytes()
  const rows = [['objects', 'number', 'put (us)', 'edges now', 'held (MiB)']]
  for (const [name, kind, count, make] of parts) {
    const started = process.cpuUsage()
    // Made and forgotten one by one, as they come from a list.
    for (let i = 0; i < count; i++) graph.put(kind, make(i), t0)
    const { user, system } = process.cpuUsage(started)
    rows.push([name, String(count), ((user + system) / count).toFixed(1), String(graph.size.edges), ((heldBytes() - before) / 2 ** 20).toFixed(1)])
  }
  printTable(report, rows)
  report(`${graph.size.objects} objects, ${graph.size.edges} edges shown or latent, ${graph.size.labelGroups} sets of labels: ${(graph.size.bytes / 2 ** 20).toFixed(1)} MiB of it in typed arrays`)
  costs(report, graph)
  churn(report, graph, before)
}

function costs (report: Report, graph: ClusterGraph): void {
  const [first, flipped] = [slice(7), slice(7, 3)]
  const same = pod(1234)
  const moved = podIn(1234, 'other')
  const view = graph.atMs(t0)
  const target = nameOf(1234)
  const calls: [string, () => void][] = [
    ['a pod whose status changed', () => { graph.put('Pod', same, t0) }],
    ['a pod relabelled, and back', () => { graph.put('Pod', moved, t0); graph.put('Pod', same, t0) }],
    ['an endpoint not ready, and back', () => { graph.put('EndpointSlice', flipped, t0); graph.put('EndpointSlice', first, t0) }],
    ['all edges of a pod at a time', () => { view.edgesOf({ kind: 'Pod', namespace: namespaceOf(1234), name: target }) }],
    ['pods of a node at a time', () => { view.neighbours({ kind: 'Node', name: 'node-7' }, { kinds: ['runs_on'], direction: 'in' }) }],
    ['an overview for people', () => { viewTopology(graph, { depth: 0, kinds: [], limit: 500 }) }],
    ['two steps around a pod for people', () => { viewTopology(graph, { entity: { kind: 'Pod', namespace: namespaceOf(1234), name: target }, depth: 2, kinds: [], limit: 500 }) }]
  ]
  printTable(report, [['CPU time', 'us'], ...calls.map(([name, call]) => [name, (secondsPerCall(call) * 1e6).toFixed(1)])])
}

/** An hour in which every pod is replaced once. */
function churn (report: Report, graph: ClusterGraph, before: number): void {
  const stepMs = 3_500_000 / podCount
  for (let i = 0; i < podCount; i++) {
    graph.remove('Pod', pod(i), t0 + i * stepMs)
    graph.put('Pod', pod(i, 'second'), t0 + i * stepMs)
  }
  const view = graph.atMs(t0 + 1_000_000)
  report(`every pod replaced within the hour kept: ${graph.size.endedEdges} ended edges, ${graph.size.endedObjects} ended objects, held ${((heldBytes() - before) / 2 ** 20).toFixed(1)} MiB`)
  report(`pods of a node at a time in that hour: ${(secondsPerCall(() => { view.neighbours({ kind: 'Node', name: 'node-7' }, { kinds: ['runs_on'], direction: 'in' }) }) * 1e6).toFixed(1)} us`)
}

type Part = readonly [name: string, kind: string, count: number, make: (i: number) => KubeObject]

const parts: readonly Part[] = [
  ['nodes', 'Node', 200, i => plain(`node-${i}`, '')],
  ['deployments', 'Deployment', serviceCount, i => plain(`workload-${i}`, namespaceOf(i), { template: { spec: podSpec(i) } })],
  ['replicasets', 'ReplicaSet', replicaSetCount, i => plain(setOf(i), namespaceOf(i % serviceCount), {}, { kind: 'Deployment', name: `workload-${i % serviceCount}` })],
  ['config maps and accounts', 'ConfigMap', serviceCount, i => plain(`config-${i}`, namespaceOf(i))],
  ['services', 'Service', serviceCount, i => plain(`workload-${i}`, namespaceOf(i), { selector: { 'app.kubernetes.io/name': `workload-${i}` } })],
  ['pods', 'Pod', podCount, i => pod(i)],
  ['endpoint slices of 10', 'EndpointSlice', serviceCount, i => slice(i)]
]

const namespaceOf = (i: number): string => `team-${i % serviceCount % 40}`
const setOf = (i: number): string => `workload-${i % serviceCount}-${i < serviceCount ? '7d9f8b6c5' : '5b4c3d2e1'}`
const nameOf = (i: number, life = 'first'): string => `${setOf(i % serviceCount)}-${i.toString(36).padStart(5, 'x')}-${life}`

function plain (name: string, namespace: string, spec: object = {}, owner?: { readonly kind: string, readonly name: string }): KubeObject {
  const metadata = { name, uid: uuidOf(`${namespace}/${name}/${Object.keys(spec).join()}`), creationTimestamp: new Date(t0).toISOString() }
  return { metadata: { ...metadata, ...(namespace === '' ? {} : { namespace }), ...(owner === undefined ? {} : { ownerReferences: [owner] }) }, spec } as KubeObject
}

/** One ConfigMap by environment and by volume, the certificate every pod has, and two services in the environment. */
function podSpec (i: number): object {
  const config = `config-${i % serviceCount}`
  return {
    serviceAccountName: 'default',
    containers: [{ name: 'main', env: [{ name: 'NEXT_ADDR', value: `workload-${(i + 40) % serviceCount}:80` }, { name: 'DB', value: `postgres://db.${namespaceOf(i)}:5432/x` }, { name: 'LOG_LEVEL', value: 'info' }], envFrom: [{ configMapRef: { name: config } }] }],
    volumes: [{ name: 'config', configMap: { name: config } }, { name: 'kube-api-access', projected: { sources: [{ configMap: { name: 'kube-root-ca.crt' } }] } }]
  }
}

function pod (i: number, life?: string): KubeObject { return podIn(i, `workload-${i % serviceCount}`, life) }

function podIn (i: number, label: string, life?: string): KubeObject {
  const made = plain(nameOf(i, life), namespaceOf(i), { nodeName: `node-${i % 200}`, ...podSpec(i) }, { kind: 'ReplicaSet', name: setOf(i % serviceCount) })
  return { ...made, metadata: { ...made.metadata, labels: { 'app.kubernetes.io/name': label, 'pod-template-hash': '7d9f8b6c5', team: namespaceOf(i) } } }
}

function slice (i: number, unready = -1): KubeObject {
  const endpoints = Array.from({ length: podCount / serviceCount }, (_, n) => ({ conditions: { ready: n !== unready }, targetRef: { kind: 'Pod', name: nameOf(i + n * serviceCount) } }))
  const made = plain(`workload-${i}-x7k2p`, namespaceOf(i))
  return { ...made, metadata: { ...made.metadata, labels: { 'kubernetes.io/service-name': `workload-${i}` } }, endpoints } as KubeObject
}

/** After a full collection. */
function heldBytes (): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

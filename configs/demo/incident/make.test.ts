/**
 * Guarantees: incident.jsonl.gz is what the generator makes of the recording, and its layers join: whoever a kernel row, a span, an
 * Event or an endpoint names is an object of the same story. Small enough to live in the repository.
 */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { BatchBuilder } from '../../../core/data/builder.js'
import type { EventRow } from '../../../core/data/row.js'
import { eventFromJson } from '../../../core/data/json.js'
import { ClusterModel } from '../../../core/topology/cluster-model.js'
import type { KubeObject } from '../../../core/kubernetes/objects.js'
import { folder, makeIncident, readLines } from './make.js'
import { caller, evicted, leaking, mysql, namespace, nodes, startMs } from './story.js'

const test = suite('incident of the demo')
const maxBytes = 300_000

const lines = makeIncident()

function rowsOf (texts: readonly string[]): readonly EventRow[] {
  const builder = new BatchBuilder(texts.length)
  for (const text of texts) {
    const read = eventFromJson(text)
    assert.ok(read.ok, text.slice(0, 200))
    builder.append(read.event)
  }
  return [...builder.finish()]
}
const rows = rowsOf(lines)

/** What the objects of all rows say at the end; pods that were there at any time. */
function cluster (): { readonly model: ClusterModel, readonly uids: ReadonlySet<string>, readonly containers: ReadonlySet<string> } {
  const [model, uids, containers] = [new ClusterModel(), new Set<string>(), new Set<string>()]
  for (const row of rows) {
    if (row.get('source') !== 'kubernetes' || row.raw === undefined) continue
    const text = Buffer.from(row.raw).toString()
    const object = JSON.parse(text) as KubeObject
    if (object.kind !== 'Event') model.put(object.kind ?? '', object, Number((row.get('observedTimeUnixNano') ?? 0n) / 1_000_000n))
    if (object.kind === 'Pod') uids.add(object.metadata?.uid ?? '')
    for (const [, id = ''] of text.matchAll(/containerd:\/\/([0-9a-f]{64})/g)) containers.add(id)
  }
  return { model, uids, containers }
}
const { model, uids, containers } = cluster()

test('the file is what the generator makes', () => {
  assert.equal(readLines('incident.jsonl.gz'), lines)
  assert.ok(['incident.jsonl.gz', 'recorded.jsonl.gz'].reduce((sum, file) => sum + statSync(join(folder, file)).size, 0) < maxBytes)
})

test('every layer tells its part, in causal order', () => {
  const firstMs = (source: string, name: string, entity = ''): number => {
    const found = rows.find(row => row.get('source') === source && (row.get('name') === name || row.get('statusMessage')?.includes(name) === true) && (row.get('entityName') ?? '').includes(entity))
    assert.ok(found, `${source} ${name} ${entity}`)
    return Number((found.get('timeUnixNano') ?? 0n) / 1_000_000n)
  }
  const story = [
    firstMs('ebpf', 'oom_kill'), firstMs('kubernetes', 'OOMKilled', leaking.name), firstMs('kubernetes', 'KubeletHasInsufficientMemory', leaking.node), firstMs('kubernetes', 'Evicted', evicted.name),
    firstMs('ebpf', 'tcp_connect_refused'), firstMs('otlp', 'ECONNREFUSED'), firstMs('kubernetes', 'FailedScheduling', 'nginx')
  ]
  // Kubernetes' times have whole seconds: what follows may seem to be earlier by less than one.
  story.forEach((timeMs, i) => { if (i > 0) assert.ok(timeMs > (story[i - 1] as number) - 1000, `step ${i}`) })
  assert.ok((story[0] as number) > startMs + 20_000, 'what was before is healthy')
})

test('pods, containers, nodes and addresses of all layers are those of the objects', () => {
  let named = 0
  for (const row of rows) {
    const { 'k8s.pod.uid': uid, 'container.id': id, 'k8s.node.name': node } = row.resource.attributes
    if (uid !== undefined) { named++; assert.ok(uids.has(String(uid)), `uid ${String(uid)}`) }
    if (id !== undefined) assert.ok(containers.has(String(id)), `container ${String(id)}`)
    if (node !== undefined) assert.ok((nodes as readonly string[]).includes(String(node)))
  }
  assert.ok(named > 500)
  const refused = rows.filter(row => row.get('name') === 'tcp_connect_refused')
  assert.ok(refused.length > 20)
  for (const row of refused) assert.equal([row.get('sourceAddress'), row.get('destinationAddress'), row.get('destinationPort')], [caller.ip, mysql.clusterIp, mysql.port])
  const service = model.object({ kind: 'Service', namespace, name: mysql.name }) as { readonly spec?: { readonly clusterIP?: string } } | undefined
  assert.is(service?.spec?.clusterIP, mysql.clusterIp)
})

test('the graph joins them: node, workload, selector, and the variable by which cart finds the database', () => {
  const at = model.graph.at(BigInt(startMs + 10_000) * 1_000_000n)
  const out = (name: string): string[] => at.edgesOf({ kind: 'Pod', namespace, name }, { direction: 'out' }).map(e => `${e.kind} ${e.to.kind}/${e.to.name}`).sort()
  assert.equal(out(evicted.name).filter(e => /runs_on|owner/.test(e)), ['owner ReplicaSet/mysql-54f8c2d7b9', 'runs_on Node/node-7'])
  assert.ok(out(caller.name).includes('refers_to Service/mysql'), out(caller.name).join())
  assert.equal(at.neighbours({ kind: 'Service', namespace, name: 'nginx' }, { kinds: ['selects'] }).length, 2)
})

test('no command line or path of the machine that recorded it', () => {
  for (const line of lines) assert.not.match(line, /\/work\/|\/root\//)
})

test.run()

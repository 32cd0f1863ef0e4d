/**
 * One plain incident, a row a second, so that bad rows can be put between: a leaking container is OOM-killed again and again, and its caller's
 * connections are refused. All in namespace `till`, on node `quiet-1`.
 */
import type { EventInput } from '../../../core/data/builder.js'
import { RawEncoding, Severity } from '../../../core/data/enums.js'

export const startMs = Date.UTC(2026, 4, 4, 10)
export const seconds = 120
const namespace = 'till'

export interface TimedRow { readonly atMs: number, readonly row: EventInput }

const nano = (ms: number): bigint => BigInt(Math.round(ms)) * 1_000_000n

/** As a collector saw it when it happened. */
export function at (atMs: number, row: EventInput): TimedRow {
  return { atMs, row: { timeUnixNano: nano(atMs), observedTimeUnixNano: nano(atMs), ...row } }
}

export function objectRow (object: unknown, more: EventInput = {}): EventInput {
  return { signal: 'events', type: 'kubernetes', name: 'ObjectSnapshot', source: 'kubernetes', severity: Severity.info, raw: { encoding: RawEncoding.kubernetesJson, bytes: Buffer.from(JSON.stringify(object)) }, ...more }
}

/** A Warning Event as the kubernetes receiver tells it. */
export function warning (reason: string, podNamespace: string, pod: string, message: string): EventInput {
  return {
    signal: 'events', type: 'kubernetes', source: 'kubernetes', name: reason, message, severity: Severity.high, entityKind: 'Pod', entityNamespace: podNamespace, entityName: pod,
    attributes: { 'tapio.k8s.change': 'event', 'tapio.k8s.event.type': 'Warning' }
  }
}

const uidOf = (name: string): string => `${Buffer.from(name.padEnd(4, '-')).toString('hex').slice(0, 8)}-0000-4000-8000-000000000001`

function workload (name: string): EventInput[] {
  const [labels, set, pod] = [{ app: name }, `${name}-5c9f7b6d4`, `${name}-5c9f7b6d4-aaaaa`]
  const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: `registry.test/${name}:1`, ports: [{ containerPort: 8080 }], resources: { limits: { memory: '128Mi' } } }] } }
  return [
    { kind: 'Deployment', metadata: { namespace, name, uid: uidOf(`d${name}`) }, spec: { replicas: 1, selector: { matchLabels: labels }, template } },
    { kind: 'ReplicaSet', metadata: { namespace, name: set, uid: uidOf(`r${name}`), ownerReferences: [{ kind: 'Deployment', name, uid: uidOf(`d${name}`), controller: true }] }, spec: { replicas: 1, template } },
    {
      kind: 'Pod', metadata: { namespace, name: pod, uid: uidOf(name), labels: { ...labels, 'pod-template-hash': '5c9f7b6d4' }, ownerReferences: [{ kind: 'ReplicaSet', name: set, uid: uidOf(`r${name}`), controller: true }] },
      spec: { nodeName: 'quiet-1', ...template.spec }, status: { phase: 'Running', podIP: `10.9.0.${name.length}`, conditions: [{ type: 'Ready', status: 'True' }], containerStatuses: [{ name: 'main', ready: true, containerID: `containerd://${uidOf(name).replaceAll('-', '').repeat(2)}` }] }
    },
    { kind: 'Service', metadata: { namespace, name }, spec: { clusterIP: `10.8.0.${name.length}`, selector: labels, ports: [{ port: 80, targetPort: 8080 }] } }
  ].map(object => objectRow(object))
}

/** In order of time. */
export function besideRows (): TimedRow[] {
  const node = objectRow({ kind: 'Node', metadata: { name: 'quiet-1' }, status: { conditions: [{ type: 'Ready', status: 'True' }] } })
  const rows = [node, ...workload('ledger'), ...workload('counter')].map(row => at(startMs, row))
  for (let s = 0; s < seconds; s++) rows.push(at(startMs + s * 1000, { signal: 'events', type: 'process', source: 'ebpf', name: 'exec', severity: Severity.info, resource: { 'k8s.node.name': 'quiet-1' } }))
  for (const s of [20, 50]) {
    rows.push(at(startMs + s * 1000 + 100, {
      signal: 'events', type: 'memory', source: 'ebpf', name: 'oom_kill', severity: Severity.critical, pid: 7, comm: 'ledger', message: 'OOM kill of ledger', attributes: { 'linux.oom.constraint': 'memcg' },
      resource: { 'k8s.pod.uid': uidOf('ledger'), 'k8s.node.name': 'quiet-1' }
    }))
    for (let i = 0; i < 5; i++) {
      rows.push(at(startMs + (s + 1 + i) * 1000 + 200, {
        signal: 'events', type: 'network', source: 'ebpf', name: 'connect_refused', severity: Severity.warning, message: 'connection refused: ledger:80', destinationAddress: '10.8.0.6', destinationPort: 80,
        resource: { 'k8s.pod.uid': uidOf('counter'), 'k8s.node.name': 'quiet-1' }
      }))
    }
  }
  rows.push(at(startMs + 22_000, warning('BackOff', namespace, 'ledger-5c9f7b6d4-aaaaa', 'Back-off restarting failed container main')))
  return rows.sort((a, b) => a.atMs - b.atMs)
}

export function isBeside (namespaceOfSubject: string | undefined): boolean { return namespaceOfSubject === namespace }

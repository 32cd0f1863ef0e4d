/** A store as the demo incident would leave it, small: one event a layer, hostile ones, a span, and the incidents of core/incidents/testing. */
import { incidents } from '../../../incidents/testing/incidents.js'
import { BatchBuilder, type EventInput } from '../../../data/builder.js'
import { openStore } from '../../../store/open.js'
import type { Store } from '../../../store/store.js'

export const startMs = Date.UTC(2026, 0, 31, 3, 0, 0)
export const traceId = '0af7651916cd43dd8448eb211c80319c'
export const eventId = (n: number): string => n.toString(16).padStart(32, '0')

const at = (ms: number): bigint => BigInt(startMs + ms) * 1_000_000n

export const events: readonly EventInput[] = [
  { id: eventId(1), timeUnixNano: at(0), source: 'ebpf', name: 'oom_kill', message: 'killed nginx (pid 4711), 2.0 GiB resident', severity: 21, symptom: 'kernel.oom_kill', symptomId: 'a'.repeat(32), entityKind: 'Node', entityName: 'node-7', type: 'memory' },
  { id: eventId(2), timeUnixNano: at(1200), source: 'kubernetes', name: 'OOMKilled', message: 'container nginx ended with exit code 137', severity: 17, symptom: 'k8s.oom_killed', entityKind: 'Pod', entityNamespace: 'shop', entityName: 'nginx-7d8f9', type: 'kubernetes' },
  { id: eventId(3), timeUnixNano: at(4000), source: 'systemd', name: 'Failed', message: 'kubelet.service: Failed with result \'exit-code\'.', severity: 13, entityKind: 'Unit', entityNamespace: 'node-7', entityName: 'kubelet.service', type: 'system' },
  { id: eventId(4), timeUnixNano: at(5100), source: 'otlp', name: 'SELECT cart', message: 'connect ECONNREFUSED 10.0.0.7:3306', severity: 17, symptom: 'net.refused', traceId, entityKind: 'Service', entityNamespace: 'shop', entityName: 'cart', type: 'span', signal: 'traces', durationNano: 12_000_000n, resource: { 'service.name': 'cart', 'k8s.pod.name': 'cart-0', 'k8s.namespace.name': 'shop' } },
  { id: eventId(5), timeUnixNano: at(6000), source: 'otlp', name: '', message: 'forged\u001b[2J\nline with a name as long as a terminal is wide, and then some more of it to be cut', severity: 9, type: 'log', signal: 'logs', resource: { 'service.name': 'web', 'k8s.pod.name': 'web-0', 'k8s.namespace.name': 'shop' }, attributes: { 'http.route': '/cart', tries: 3 } }
]

/** Open for writing; close it. */
export async function filledStore (directory: string): Promise<Store> {
  const store = await openStore(directory, { sync: 'commit' })
  await append(store, events)
  for (const incident of incidents) await store.putIncident(incident)
  return store
}

export async function append (store: Store, inputs: readonly EventInput[]): Promise<void> {
  const builder = new BatchBuilder()
  for (const input of inputs) builder.append(input)
  const result = await store.append(builder.finish())
  if (result.status !== 'stored') throw new Error(`not stored: ${result.status}`)
}

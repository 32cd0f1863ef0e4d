/** Seeded events of few traces, names, severities and times, so that questions find some. */
import type { EventInput } from '../../data/builder.js'
import type { Random } from '../../data/testing/random.js'

const t0 = 1_767_225_600_000_000_000n

export const traces = Array.from({ length: 30 }, (_, i) => `${i % 2 === 0 ? '0'.repeat(16) : 'ab'.repeat(8)}${(i + 1).toString(16).padStart(16, '0')}`)
export const symptoms = Array.from({ length: 5 }, (_, i) => `${(i + 1).toString(16)}`.repeat(32))
export const signs = ['k8s.failed', 'kernel.oom_kill', 'net.reset']
export const sources = ['ebpf', 'kubernetes', 'otlp']
export const names = ['cart-0', 'pay-0', 'worker-1', 'cart', 'pay']

export function storedEvent (random: Random, id: string): EventInput {
  const namespace = random.pick(['shop', 'bank'])
  return {
    id, name: `event ${id.slice(-1)}`, message: `message ${id.slice(-6)} Über`, source: random.pick(sources), signal: random.pick(['events', 'logs', 'traces']), severity: random.pick([0, 5, 9, 12, 13, 16, 17, 20, 21, 24]),
    timeUnixNano: random.chance(0.05) ? 0n : t0 + BigInt(random.below(500)) * 1_000_000n + BigInt(random.below(3)),
    ...(random.chance(0.5) && { observedTimeUnixNano: t0 + BigInt(random.below(500)) * 1_000_000n }),
    ...(random.chance(0.7) && { traceId: random.pick(traces) }),
    ...(random.chance(0.3) && { symptom: random.pick(signs), symptomId: random.pick(symptoms) }),
    ...(random.chance(0.4) && { entityKind: random.pick(['Pod', 'Node', 'unit']), entityName: random.pick(names), entityNamespace: namespace, entityUid: 'u1' }),
    resource: random.chance(0.5) ? { 'k8s.pod.name': random.pick(names), 'k8s.namespace.name': namespace, 'k8s.node.name': 'worker-1' } : { 'service.name': random.pick(names) },
    attributes: random.chance(0.2) ? { 'k8s.deployment.name': random.pick(names) } : {}
  }
}

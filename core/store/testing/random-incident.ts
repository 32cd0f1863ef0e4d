/** Seeded incidents and links of few names, so that questions find some. Ids and versions repeat. */
import type { EntityRef } from '../../correlation/entity.js'
import { linkKinds, type Link } from '../../correlation/link.js'
import type { Random } from '../../data/testing/random.js'
import type { ChainStep, Incident } from '../../incidents/incident.js'

const t0 = Date.UTC(2026, 0, 1)

export function randomEntity (random: Random): EntityRef {
  const kind = random.pick(['Pod', 'Node', 'Service', 'Deployment'])
  const name = random.pick(['cart', 'pay', 'db-0', 'worker-1', 'x'.repeat(400)])
  return kind === 'Node' ? { kind, name } : { kind, namespace: random.pick(['shop', 'bank']), name }
}

export function randomIncident (random: Random): Incident {
  const startMs = t0 + random.below(1000) * 1000
  const isOpen = random.chance(0.5)
  const chain = Array.from({ length: 1 + random.below(5) }, (_, i) => step(random, startMs + i))
  return {
    schema: 1, id: random.below(0x200).toString(16).padStart(3, '0'), version: 1 + random.below(3), status: isOpen ? 'open' : 'resolved', title: 'something failed',
    severity: random.pick(['low', 'medium', 'high', 'critical']), startMs, detectedMs: startMs + 1000, updatedMs: startMs + 5000, ...(!isOpen && { resolvedMs: startMs + random.below(100_000) }), timeToDetectionMs: 1000,
    impact: { level: 'high', score: 0.5, cascadeRisk: 0.1, affected: [{ entity: randomEntity(random), state: 'failed', why: '' }], counts: { nodes: 0, workloads: 0, services: 1, pods: 0 }, slo: [], summary: 'HIGH' },
    hypotheses: [{ pattern: 'p', cause: 'c', layer: 'k8s', subject: randomEntity(random), score: 0.5, title: 't', explanation: 'e', for: [], against: [], explains: chain.map(s => s.id) }],
    chain, omitted: 0, actions: [], traceIds: Array.from({ length: random.below(3) }, () => random.below(20).toString(16).padStart(32, '0')), events: 5, related: [], notes: []
  }
}

function step (random: Random, timeMs: number): ChainStep {
  const id = random.below(1000).toString(16).padStart(32, '0')
  return { id, layer: 'k8s', sign: 'k8s.failed', entity: randomEntity(random), text: 'failed', detail: '', timeMs, lastMs: timeMs, count: 1, severity: 17, confidence: 1, causes: [], evidence: [] }
}

export function randomLink (random: Random, symptoms: readonly string[]): Link {
  const [cause, effect] = [random.pick(symptoms), random.pick(symptoms)]
  const kind = random.pick(linkKinds)
  return { id: `${kind}-${cause.slice(-6)}-${effect.slice(-6)}`, cause, effect, kind, by: 'test', confidence: 0.5, lagMs: 0, path: [], why: 'because', events: [] }
}

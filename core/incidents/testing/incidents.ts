/** Incidents written by hand, for tests of whatever shows, keeps or sends them: the original's example, and two small ones. */
import type { Affected, ChainStep, Incident } from '../incident.js'

const startMs = Date.UTC(2026, 0, 31, 3, 0, 0)
const id = (n: number): string => n.toString(16).padStart(32, '0')

type Draft = Pick<ChainStep, 'layer' | 'sign' | 'entity' | 'text' | 'detail'> & Partial<ChainStep> & { readonly atMs: number }

function step (n: number, { atMs, ...draft }: Draft): ChainStep {
  const timeMs = startMs + atMs
  return { id: id(n), timeMs, lastMs: timeMs, count: 1, severity: 17, confidence: 0.9, causes: [], evidence: [], ...draft }
}

const node7 = { kind: 'Node', name: 'node-7' }
const nginx = { kind: 'Pod', namespace: 'shop', name: 'nginx-7d8f9', uid: '5f0c1e1a-2b9a-4a0e-8f5e-1f6a2b3c4d5e' }
const mysql = { kind: 'Pod', namespace: 'shop', name: 'mysql-5432' }
const service = (name: string): { kind: string, namespace: string, name: string } => ({ kind: 'Service', namespace: 'shop', name })
const traceId = '0af7651916cd43dd8448eb211c80319c'

const memoryChain: readonly ChainStep[] = [
  step(1, {
    atMs: 0, layer: 'kernel', sign: 'kernel.oom_kill', entity: node7, text: 'OOM killer invoked on node-7', detail: 'Memory pressure exceeded threshold', severity: 21, count: 3, lastMs: startMs + 9000,
    evidence: [{ eventId: id(101), timeMs: startMs, source: 'ebpf', name: 'oom_kill', message: 'killed nginx (pid 4711), 2.0 GiB resident', count: 3 }]
  }),
  step(2, {
    atMs: 1200, layer: 'k8s', sign: 'k8s.oom_killed', entity: nginx, text: 'Pod nginx-7d8f9 OOMKilled', detail: 'Container exceeded 2Gi memory limit',
    causes: [{ step: 0, confidence: 0.95, kind: 'placement', why: 'Pod shop/nginx-7d8f9 runs on Node node-7' }],
    evidence: [{ eventId: id(102), timeMs: startMs + 1200, source: 'kubernetes', name: 'OOMKilled', message: 'container nginx ended with exit code 137', count: 1 }]
  }),
  step(3, {
    atMs: 4000, layer: 'k8s', sign: 'k8s.evicted', entity: mysql, text: 'Pod mysql-5432 Evicted', detail: 'Node resource pressure',
    causes: [{ step: 0, confidence: 0.9, kind: 'placement', why: 'Pod shop/mysql-5432 runs on Node node-7' }],
    evidence: [{ eventId: id(103), timeMs: startMs + 4000, source: 'kubernetes', name: 'Evicted', message: 'The node was low on resource: memory.', count: 1 }]
  }),
  step(4, {
    atMs: 5100, layer: 'net', sign: 'net.refused', entity: { kind: 'Address', name: 'mysql:3306' }, text: 'Connection refused on mysql:3306', detail: 'Service endpoint unavailable', count: 120, lastMs: startMs + 245_000,
    causes: [{ step: 2, confidence: 0.97, kind: 'endpoint', why: 'Service shop/mysql has Pod shop/mysql-5432 as its only endpoint' }],
    evidence: [{ eventId: '', timeMs: startMs + 5100, source: 'otlp', name: 'SELECT cart', message: 'connect ECONNREFUSED 10.0.0.7:3306', traceId, spanId: 'b7ad6b7169203331', count: 120 }]
  }),
  step(5, {
    atMs: 12_000, layer: 'k8s', sign: 'k8s.failed_scheduling', entity: { kind: 'Deployment', namespace: 'shop', name: 'nginx' }, text: 'Deployment nginx unable to schedule', detail: 'Insufficient node resources', severity: 13, count: 4, lastMs: startMs + 80_000,
    causes: [{ step: 1, confidence: 0.82, kind: 'ownership', why: 'Deployment shop/nginx owns Pod shop/nginx-7d8f9' }, { step: 0, confidence: 0.64, kind: 'burst', why: 'it began with the memory pressure on node-7' }],
    evidence: [{ eventId: id(105), timeMs: startMs + 12_000, source: 'kubernetes', name: 'FailedScheduling', message: '0/3 nodes are available: 3 Insufficient memory.', count: 4 }]
  })
]

const memoryAffected: readonly Affected[] = [
  { entity: node7, state: 'failed', why: 'its memory is exhausted' },
  { entity: { kind: 'Deployment', namespace: 'shop', name: 'nginx' }, state: 'failed', why: 'no pod is ready' },
  { entity: service('mysql'), state: 'failed', why: 'it has no ready endpoint' },
  { entity: nginx, state: 'failed', why: 'it runs on Node node-7' },
  { entity: mysql, state: 'failed', why: 'it runs on Node node-7' },
  { entity: service('cart'), state: 'degraded', why: 'it calls Service shop/mysql' },
  { entity: service('web'), state: 'degraded', why: 'it calls Service shop/mysql' },
  { entity: { kind: 'Node', name: 'node-8' }, state: 'at_risk', why: 'pods of Node node-7 move to it' }
]

/** The original's example: an exhausted node, five events, three services. */
export const memoryIncident: Incident = {
  schema: 1,
  id: '5b1f0c8e2a9d4477',
  version: 4,
  status: 'open',
  title: 'Memory exhaustion on node-7 affecting multiple pods',
  severity: 'critical',
  startMs,
  detectedMs: startMs + 12_000,
  updatedMs: startMs + 245_000,
  timeToDetectionMs: 12_000,
  impact: {
    level: 'high', score: 0.82, cascadeRisk: 0.45, affected: memoryAffected, counts: { nodes: 2, workloads: 1, services: 3, pods: 2 },
    slo: [{ service: 'shop/cart', objective: 'availability', target: 0.999, observed: 0.9722, burnRate: 27.8, windowMs: 3_600_000 }],
    summary: 'HIGH - 3 services degraded, 2 nodes affected'
  },
  hypotheses: [
    {
      pattern: 'node.memory-exhaustion', cause: 'node_memory_exhaustion', layer: 'node', subject: node7, score: 0.93, title: 'Memory exhaustion on node-7 affecting multiple pods',
      explanation: 'The pods on node-7 ask for less memory than they use, and together they use more than the node has. The kernel killed the largest process, and the kubelet evicted pods to get memory back.',
      for: [{ text: 'the kernel killed processes of 2 pods on node-7', weight: 0.4, symptoms: [id(1)] }, { text: 'a pod of another workload was evicted for memory within 4 seconds', weight: 0.2, symptoms: [id(3)] }],
      against: [{ text: 'nginx was also above its own limit of 2Gi', weight: -0.07, symptoms: [id(2)] }],
      explains: [1, 2, 3, 4, 5].map(id)
    },
    {
      pattern: 'container.memory-limit', cause: 'memory_limit_too_low', layer: 'k8s', subject: { kind: 'Deployment', namespace: 'shop', name: 'nginx' }, score: 0.55, title: 'Container nginx needs more memory than its limit of 2Gi',
      explanation: 'The container was ended by the OOM killer with exit code 137.', for: [{ text: 'its last run ended as OOMKilled', weight: 0.4 }], against: [{ text: 'it does not explain the eviction of mysql-5432', weight: -0.3 }], explains: [2, 5].map(id)
    }
  ],
  chain: memoryChain,
  omitted: 0,
  actions: [
    { urgency: 'immediate', text: 'Cordon node-7 to prevent new pods', command: 'kubectl cordon node-7', risk: 'low', expect: 'node/node-7 cordoned; `kubectl get node node-7` shows SchedulingDisabled' },
    { urgency: 'short_term', text: 'Add new node to cluster', risk: 'low' },
    { urgency: 'investigate', text: 'Memory usage pattern on affected pods', command: "kubectl top pod --all-namespaces --sort-by=memory | grep -E 'nginx-7d8f9|mysql-5432'", risk: 'none', expect: 'the pod that grows' }
  ],
  traceIds: [traceId],
  events: 129,
  related: [],
  notes: ['no events of the layer app were seen: what requests suffered is not known']
}

/** One workload, one event, over by itself. */
export const imageIncident: Incident = {
  schema: 1,
  id: '0c44e9d1f7a35b28',
  version: 2,
  status: 'resolved',
  title: 'Image registry.example/pay:1.9.9 of Deployment shop/pay does not exist',
  severity: 'medium',
  startMs: startMs + 3_600_000,
  detectedMs: startMs + 3_600_400,
  updatedMs: startMs + 3_660_000,
  resolvedMs: startMs + 3_960_000,
  timeToDetectionMs: 400,
  impact: {
    level: 'low', score: 0.3, cascadeRisk: 0.05, affected: [{ entity: { kind: 'Deployment', namespace: 'shop', name: 'pay' }, state: 'failed', why: 'its new pods do not start' }],
    counts: { nodes: 0, workloads: 1, services: 0, pods: 1 }, slo: [], summary: 'LOW - 1 workload failed'
  },
  hypotheses: [{
    pattern: 'image.not-found', cause: 'image_not_found', layer: 'k8s', subject: { kind: 'Deployment', namespace: 'shop', name: 'pay' }, score: 0.97, title: 'Image registry.example/pay:1.9.9 of Deployment shop/pay does not exist',
    explanation: 'The registry answers that it has no such tag.', for: [{ text: 'the registry said "not found"', weight: 0.5, symptoms: [id(11)] }], against: [], explains: [id(11)]
  }],
  chain: [step(11, {
    atMs: 3_600_000, layer: 'k8s', sign: 'k8s.image_pull', entity: { kind: 'Pod', namespace: 'shop', name: 'pay-6b7c9-x2x7q' }, text: 'Pod pay-6b7c9-x2x7q cannot pull its image', detail: 'registry.example/pay:1.9.9: not found', severity: 13, count: 5,
    evidence: [{ eventId: id(111), timeMs: startMs + 3_600_000, source: 'kubernetes', name: 'Failed', message: 'Failed to pull image "registry.example/pay:1.9.9": not found', count: 5 }]
  })],
  omitted: 0,
  actions: [{ urgency: 'immediate', text: 'Go back to the image that ran before', command: 'kubectl -n shop rollout undo deployment/pay', risk: 'medium', expect: 'deployment.apps/pay rolled back' }],
  traceIds: [],
  events: 5,
  related: [],
  notes: []
}

/** No pattern knows it: the little that can be said. */
export const unknownIncident: Incident = {
  schema: 1,
  id: 'f00dfeed00000001',
  version: 1,
  status: 'open',
  title: 'Unit chronyd.service failed on node-3',
  severity: 'low',
  startMs: startMs + 7_200_000,
  detectedMs: startMs + 7_265_000,
  updatedMs: startMs + 7_265_000,
  timeToDetectionMs: 65_000,
  impact: { level: 'low', score: 0.1, cascadeRisk: 0, affected: [], counts: { nodes: 0, workloads: 0, services: 0, pods: 0 }, slo: [], summary: 'LOW - nothing else is affected' },
  hypotheses: [],
  chain: [step(21, { atMs: 7_200_000, layer: 'node', sign: 'node.unit_failed', entity: { kind: 'Unit', namespace: 'node-3', name: 'chronyd.service' }, text: 'Unit chronyd.service failed on node-3', detail: 'Unit chronyd.service failed on node-3' })],
  omitted: 0,
  actions: [],
  traceIds: [],
  events: 1,
  related: ['5b1f0c8e2a9d4477'],
  notes: []
}

export const incidents: readonly Incident[] = [memoryIncident, imageIncident, unknownIncident]

/** More steps than anybody reads: each caused by the one before. */
export function longIncident (steps: number, omitted = 0): Incident {
  const chain = Array.from({ length: steps }, (_, i) => step(1000 + i, {
    atMs: i * 250, layer: 'app', sign: 'app.error_rate', entity: service(`s-${i}`), text: `Service s-${i} answers with errors`, detail: `${i} of 100 requests`,
    causes: i === 0 ? [] : [{ step: i - 1, confidence: 0.8, kind: 'dependency', why: `Service shop/s-${i} calls Service shop/s-${i - 1}` }]
  }))
  const affected = chain.map(({ entity }, i) => ({ entity, state: 'degraded', why: i % 2 === 0 ? 'it calls Service shop/s-0' : `it answers ${i} % of requests with errors` }) as const)
  return { ...memoryIncident, id: 'aaaaaaaaaaaaaaaa', chain, omitted, events: steps, impact: { ...memoryIncident.impact, affected } }
}

/** A node that goes away and takes its pods with it: many steps that say the same. */
export function nodeIncident (pods: number): Incident {
  const [first] = memoryChain as [ChainStep]
  const gone = Array.from({ length: pods }, (_, i) => step(2000 + i, {
    atMs: 40_000 + 100 * i, layer: 'k8s', sign: 'k8s.pod_not_ready', entity: { kind: 'Pod', namespace: i % 2 === 0 ? 'shop' : 'pay', name: `p-${i}` }, text: `Pod p-${i} is not ready`, detail: 'phase Unknown', count: 1 + i % 3,
    causes: [{ step: 0, confidence: 0.9, kind: 'placement', why: `Pod p-${i} ran on Node node-7, which went away` }]
  }))
  const affected: readonly Affected[] = gone.map(({ entity }, i) => ({ entity, state: 'failed', why: `not ready, ${1 + i % 5} times` }))
  const chain = [{ ...first, sign: 'node.not_ready', layer: 'node', text: 'Node node-7 is not ready', detail: 'its kubelet stopped posting status' } as const, ...gone]
  return { ...memoryIncident, id: 'cccccccccccccccc', chain, events: 3 + 2 * pods, related: Array.from({ length: 9 }, (_, i) => `dddddddddddddd${i}0`), impact: { ...memoryIncident.impact, affected } }
}

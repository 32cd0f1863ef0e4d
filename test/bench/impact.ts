/** What impact costs in a cluster of 10 000 pods: blast radius, whole impact, a tick of scoring, counting spans for promises. */
import { Engine } from '../../core/correlation/engine.js'
import type { EntityRef } from '../../core/correlation/entity.js'
import type { Symptom } from '../../core/correlation/symptom.js'
import { BatchBuilder } from '../../core/data/builder.js'
import { blastRadius } from '../../core/impact/blast-radius.js'
import { impactOf } from '../../core/impact/impact.js'
import { Scorer } from '../../core/impact/score.js'
import { SloBook } from '../../core/impact/slo/book.js'
import type { KubeObject } from '../../core/kubernetes/objects.js'
import { printMachine, printTable, secondsPerCall, type Report } from './report.js'

const podCount = 10_000
const nodeCount = 200
const serviceCount = 1000
const t0 = Date.UTC(2026, 0, 1)
const nowMs = t0 + 60_000

export function run (report: Report): void {
  report('# impact')
  printMachine(report)
  const engine = cluster()
  const see = (sign: string, entity: EntityRef): Symptom => engine.symptoms.see({
    sign, layer: 'k8s', role: 'trouble', entity, detail: {}, severity: 17, timeMs: t0 + 10_000, confidence: 1, evidence: { eventId: '', source: 'bench', name: sign, message: '' }
  }) as Symptom
  const pod = (i: number): EntityRef => ({ kind: 'Pod', namespace: namespaceOf(i), name: podName(i) })
  const incidents: [string, Symptom[]][] = [
    ['a pod OOM-killed', [see('k8s.container_oom_killed', pod(1234))]],
    ['a Service without endpoints', [see('k8s.no_endpoints', { kind: 'Service', namespace: namespaceOf(7), name: 'workload-7' })]],
    ['a node not ready (50 pods)', [see('node.not_ready', { kind: 'Node', name: 'node-7' })]],
    ['20 nodes not ready (1000 pods)', Array.from({ length: 20 }, (_, i) => see('node.not_ready', { kind: 'Node', name: `node-${100 + i}` }))],
    ['500 pods crash', Array.from({ length: 500 }, (_, i) => see('k8s.crash_loop', pod(i * 3)))]
  ]
  const rows = [['incident', 'affected', 'blastRadius (ms)', 'impactOf (ms)']]
  for (const [name, symptoms] of incidents) {
    const { affected, omitted } = blastRadius(engine, symptoms, nowMs)
    const radius = secondsPerCall(() => { blastRadius(engine, symptoms, nowMs) })
    const impact = secondsPerCall(() => { impactOf(engine, symptoms, nowMs) })
    rows.push([name, String(affected.length + omitted), (radius * 1000).toFixed(2), (impact * 1000).toFixed(2)])
  }
  printTable(report, rows)
  scoring(report, engine, see, pod)
  counting(report)
}

function scoring (report: Report, engine: Engine, see: (sign: string, entity: EntityRef) => Symptom, pod: (i: number) => EntityRef): void {
  const scorer = new Scorer(engine)
  const ticks: number[] = []
  for (let i = 0; i < 2000; i++) see('app.log_error', pod(i * 5))
  for (let tick = 0; tick === 0 || scorer.waiting > 0; tick++) {
    const started = process.cpuUsage()
    scorer.tick(nowMs + tick * 1000)
    const { user, system } = process.cpuUsage(started)
    ticks.push((user + system) / 1000)
  }
  report(`2500 symptoms of 2500 pods at once: scored in ${ticks.length} ticks, the longest ${Math.max(...ticks).toFixed(1)} ms; ${(1000 * ticks.reduce((a, b) => a + b) / 2500).toFixed(0)} us a new place`)
}

/** Rows in batches of 4000 from 20 services of which `n` have a promise. */
function counting (report: Report): void {
  const builder = new BatchBuilder()
  const count = 4000
  for (let i = 0; i < count; i++) builder.append({ signal: 'traces', type: 'span', timeUnixNano: BigInt(nowMs + i) * 1_000_000n, durationNano: 5_000_000n, spanKind: 2, statusCode: i % 50 === 0 ? 2 : 0, resource: { 'service.name': `s${i % 20}`, 'k8s.namespace.name': 'shop' } })
  const batch = builder.finish()
  const rows = [['services with a promise, of 20', 'spans/s']]
  for (const n of [0, 1, 20]) {
    const book = new SloBook(Array.from({ length: n }, (_, i) => ({ service: `shop/s${i}`, availability: 0.999, latency: { thresholdMs: 500, target: 0.99 }, windowMs: 3_600_000 })))
    rows.push([String(n), Math.round(count / secondsPerCall(() => { book.count(batch, 0, count) })).toLocaleString('en')])
  }
  printTable(report, rows)
  const many = new SloBook(Array.from({ length: 100 }, (_, i) => ({ service: `shop/s${i % 20}`, availability: 0.999, latency: { thresholdMs: 500, target: 0.99 }, windowMs: 3_600_000 })))
  many.count(batch, 0, count)
  report(`judging 200 objectives: ${(secondsPerCall(() => { many.judge(nowMs) }) * 1000).toFixed(2)} ms every 10 s`)
}

const namespaceOf = (i: number): string => `team-${i % serviceCount % 40}`
const podName = (i: number): string => `workload-${i % serviceCount}-7d9f8b6c5-${i}`

function cluster (): Engine {
  const engine = new Engine()
  const put = (kind: string, namespace: string, name: string, rest: object, metadata: object = {}): void => {
    const object = { metadata: { name, uid: `${kind}/${namespace}/${name}`, creationTimestamp: new Date(t0 - 3_600_000).toISOString(), ...(namespace === '' ? {} : { namespace }), ...metadata }, ...rest } as KubeObject
    engine.model.put(kind, object, t0)
  }
  for (let i = 0; i < nodeCount; i++) put('Node', '', `node-${i}`, { status: { allocatable: { cpu: '16', memory: '64Gi' }, conditions: [{ type: 'Ready', status: 'True' }] } })
  for (let i = 0; i < serviceCount; i++) {
    put('Deployment', namespaceOf(i), `workload-${i}`, { spec: { replicas: podCount / serviceCount } })
    put('ReplicaSet', namespaceOf(i), `workload-${i}-7d9f8b6c5`, { spec: { replicas: podCount / serviceCount } }, { ownerReferences: [{ kind: 'Deployment', name: `workload-${i}`, controller: true }] })
    put('Service', namespaceOf(i), `workload-${i}`, { spec: { selector: { app: `workload-${i}` } } })
  }
  for (let i = 0; i < podCount; i++) {
    const env = [1, 7].map(step => ({ name: `HOST_${step}_URL`, value: `http://workload-${(i + step * 40) % serviceCount}:80` }))
    put('Pod', namespaceOf(i), podName(i), { spec: { nodeName: `node-${i % nodeCount}`, containers: [{ name: 'main', env, resources: { requests: { cpu: '200m', memory: '512Mi' } } }] }, status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } },
      { labels: { app: `workload-${i % serviceCount}`, 'pod-template-hash': '7d9f8b6c5' }, ownerReferences: [{ kind: 'ReplicaSet', name: `workload-${i % serviceCount}-7d9f8b6c5`, controller: true }] })
  }
  for (let i = 0; i < serviceCount; i++) engine.dependencies.note({ kind: 'Service', namespace: namespaceOf(i), name: `workload-${i}` }, { kind: 'Service', namespace: namespaceOf(i + 1), name: `workload-${(i + 1) % serviceCount}` }, t0, 100, 5)
  return engine
}

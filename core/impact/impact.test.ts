import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded } from '../data/testing/random.js'
import { signs } from '../correlation/signs.js'
import type { Role, Symptom } from '../correlation/symptom.js'
import { requestsOf, shortage } from './capacity.js'
import { cascadeRisk, type CascadeSigns } from './cascade-risk.js'
import { growthOf } from './growth.js'
import { HardestFirst } from './hardest-first.js'
import { impactOf, incidentScore } from './impact.js'
import { levelOf, summaryOf } from './level.js'
import { nodesOf } from './nodes.js'
import { podName, t0, TestCluster } from './testing/cluster.js'

const now = t0 + 60_000
const calm: CascadeSigns = { replicasLost: 0, shortage: 0, dependants: 0, growth: 0, budgets: 0, controlPlane: 0 }
const none = { nodes: 0, workloads: 0, services: 0, pods: 0 }

test('summaries', () => {
  const table: [Parameters<typeof summaryOf>, string][] = [
    [['high', { counts: { nodes: 2, workloads: 4, services: 3, pods: 9 }, failed: none }, []], 'HIGH - 3 services degraded, 2 nodes affected'],
    [['critical', { counts: { ...none, services: 3, nodes: 1 }, failed: { ...none, services: 1 } }, []], 'CRITICAL - 1 service failed, 2 degraded, 1 node affected'],
    [['medium', { counts: { ...none, workloads: 1, pods: 2 }, failed: { ...none, workloads: 1 } }, []], 'MEDIUM - 1 workload failed'],
    [['low', { counts: { ...none, pods: 2 }, failed: none }, []], 'LOW - 2 pods degraded'],
    [['low', { counts: none, failed: none }, []], 'LOW - nothing else affected']
  ]
  for (const [args, text] of table) assert.is(summaryOf(...args), text)
})

test('levels at their borders', () => {
  assert.equal([0, 0.2999, 0.3, 0.5999, 0.6, 0.7999, 0.8, 1].map(levelOf), ['low', 'low', 'medium', 'medium', 'high', 'high', 'critical', 'critical'])
})

test('signs of spreading join as chances', () => {
  assert.is(cascadeRisk(calm), 0)
  assert.is(cascadeRisk({ ...calm, shortage: 1 }), 0.5)
  assert.is(cascadeRisk({ ...calm, shortage: 1, replicasLost: 1 }), 0.7)
  assert.is(cascadeRisk({ replicasLost: 1, shortage: 1, dependants: 1, growth: 1, budgets: 1, controlPlane: 1 }), 0.964)
  assert.is(cascadeRisk({ ...calm, shortage: NaN, growth: 7 }), 0.4)
})

test('what a pod asks for', () => {
  const pod = (spec: object): object => ({ spec })
  const table: [object, number, number][] = [
    [pod({ containers: [{ resources: { requests: { cpu: '250m', memory: '1Gi' } } }, { resources: { requests: { cpu: 1, memory: '500M' } } }] }), 1.25, 2 ** 30 + 5e8],
    [pod({ containers: [{ resources: { requests: { cpu: '100m' } } }], initContainers: [{ resources: { requests: { cpu: '2', memory: '1Ki' } } }] }), 2, 1024],
    [pod({ containers: [{}, { resources: { requests: { cpu: 'much', memory: -5 } } }] }), 0, 0], [{}, 0, 0], [pod({ containers: 'none' }), 0, 0]
  ]
  for (const [object, cpu, memory] of table) assert.equal(requestsOf(object), { cpu, memory })
})

test('shortage: 0 with twice the room, 1 with just enough', () => {
  for (const [cpu, expected] of [['1', 0], ['1500m', 0.5], ['2', 1], ['9', 1]] as const) {
    // n2 has 4 cores, of which 2 are asked for.
    const c = new TestCluster().node('n1').node('n2').workload('a', { replicas: 1, requests: { cpu } }).workload('b', { replicas: 1, nodes: ['n2'], requests: { cpu: '2' } })
    assert.is(shortage([{ kind: 'Pod', namespace: 'shop', name: podName('a', 0) }], new Set(['Node//n1']), nodesOf(c.engine.model), c.engine.model), expected, cpu)
  }
  const unknown = new TestCluster().put('Node', '', 'n1').workload('a', { replicas: 1, requests: { cpu: '1' } })
  assert.is(shortage([{ kind: 'Pod', namespace: 'shop', name: podName('a', 0) }], new Set(), nodesOf(unknown.engine.model), unknown.engine.model), 0, 'nobody says what nodes have')
})

test('growth is the rate of what comes again with every try', () => {
  const c = new TestCluster()
  const rate = (sign: string, count: number, seconds: number, role: Role = 'trouble'): number => growthOf([{ ...c.see(sign, 'Pod/shop/p', { count }), role, firstMs: t0, lastMs: t0 + seconds * 1000, count }])
  assert.is(rate('net.connection_refused', 100, 10), 1)
  assert.is(rate('net.connection_refused', 10, 10), 0.5)
  assert.is(rate('net.connection_refused', 10, 100), 0)
  assert.is(rate('net.connection_refused', 2, 0), 0, 'two are no rate')
  assert.is(rate('k8s.failed_scheduling', 1000, 10), 0)
  assert.is(rate('net.connection_refused', 100, 10, 'change'), 0)
})

test('a node without a spare one: the risk of spreading is higher than with one, and with a budget that is used up higher still', () => {
  const risk = (spare: boolean, budget: boolean): number => {
    const c = new TestCluster().node('n1').node('n2', { cpu: spare ? '64' : '2' }).workload('a', { replicas: 2, nodes: ['n1', 'n2'], requests: { cpu: '1' } })
    if (budget) c.put('PodDisruptionBudget', 'shop', 'a', { spec: { selector: { matchLabels: { app: 'a' } } }, status: { disruptionsAllowed: 0 } })
    return impactOf(c.engine, [c.see('node.not_ready', 'Node//n1')], now).cascadeRisk
  }
  assert.ok(risk(true, false) < risk(false, false) && risk(false, false) < risk(false, true))
})

test('an incident is at least as bad as its worst symptom, and worse the more it hits', () => {
  const counts = [none, { ...none, pods: 1 }, { ...none, workloads: 1, pods: 2 }, { ...none, services: 2, workloads: 1, pods: 2 }, { nodes: 1, services: 5, workloads: 5, pods: 40 }]
  const scores = counts.map(c => incidentScore(0.5, { counts: c, failed: none, cascadeRisk: 0.2 }, false))
  assert.equal(scores, [...scores].sort((a, b) => a - b))
  assert.ok((scores[0] as number) >= 0.5)
  assert.is(levelOf(incidentScore(0, { counts: none, failed: none, cascadeRisk: 0 }, true)), 'high')
  assert.is(levelOf(incidentScore(0.8, { counts: none, failed: none, cascadeRisk: 0 }, false)), 'critical')
})

test('the story of a node: levels by where it happens', () => {
  const level = (make: (c: TestCluster) => Symptom[]): string => {
    const c = new TestCluster().node('cp', { controlPlane: true }).node('n1').node('n2').workload('db', { replicas: 1, kind: 'StatefulSet' }).workload('cart', { replicas: 2, nodes: ['n1', 'n2'], uses: ['db'] }).workload('web', { replicas: 2, nodes: ['n2'], uses: ['cart'] }).workload('job', { replicas: 1, nodes: ['n2'], namespace: 'team-dev' })
    return impactOf(c.engine, make(c), now).summary
  }
  assert.match(level(c => [c.see('node.not_ready', 'Node//n1')]), /^CRITICAL - 1 service failed, 1 degraded, 1 node affected$/)
  assert.match(level(c => [c.see('app.log_error', `Pod/team-dev/${podName('job', 0)}`)]), /^MEDIUM - 1 service degraded$/)
  assert.match(level(c => [c.see('k8s.rollout_started', 'Deployment/shop/web', { role: 'change' })]), /^LOW - nothing else affected$/)
})

test('hardest first, of the same strength the smaller key: as a sort has it', () => {
  const random = seeded(5)
  for (let round = 0; round < 200; round++) {
    const heap = new HardestFirst()
    const all = Array.from({ length: random.below(60) }, () => ({ key: `k${random.below(40)}`, strength: random.below(5) / 4 }))
    for (const { key, strength } of all) heap.offer(key, strength)
    const taken: string[] = []
    while (heap.size > 0) taken.push(heap.take() as string)
    assert.equal(taken, all.sort((a, b) => b.strength - a.strength || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(x => x.key))
    assert.is(heap.take(), undefined)
  }
})

test('fuzz: any topology, any symptoms: shares stay shares, counts fit, no order shows, nothing throws', () => {
  const random = seeded(42)
  const names = Object.keys(signs)
  const kinds = ['Pod', 'Node', 'Service', 'Deployment', 'ReplicaSet', 'ConfigMap', 'PersistentVolumeClaim', 'Unit', 'Container', 'Address', 'NetworkPolicy', 'Cluster', '', 'Ingress', 'EndpointSlice', 'HorizontalPodAutoscaler']
  const odd = [null, 7, 'x', [], {}, { a: null }, [[null]], undefined]
  for (let round = 0; round < 60; round++) {
    const c = new TestCluster()
    for (let i = 0; i < 4; i++) c.node(`n${i}`, { controlPlane: random.chance(0.2), ready: random.chance(0.8) })
    const services = Array.from({ length: 6 }, (_, i) => `s${i}`)
    for (const name of services) {
      c.workload(name, { replicas: random.below(4), nodes: ['n0', 'n1', 'n2', 'n3'], kind: random.pick(['Deployment', 'StatefulSet', 'DaemonSet']), uses: services.filter(() => random.chance(0.3)), unready: [random.below(4)], requests: { cpu: random.pick(['1', '100m', 'x']) } })
      if (random.chance(0.3)) c.put('Pod', 'shop', `${name}-odd`, { spec: random.pick(odd), status: random.pick(odd) }, { uid: '', labels: { app: name }, ownerReferences: random.pick(odd) })
      if (random.chance(0.5)) c.calls(`Service/shop/${name}`, `Service/shop/${random.pick(services)}`, random.below(100), random.below(200))
    }
    const symptoms = Array.from({ length: 1 + random.below(20) }, () => {
      const key = `${random.pick(kinds)}/${random.pick(['shop', '', 'n1'])}/${random.pick([...services, podName('s1', 0), podName('s2', 1), 's1-7d9', 'n0', 'n3', '', 'kubelet.service', '10.0.0.1:80'])}`
      return c.see(random.pick([...names, 'x.y', 'nonsense']), key, { role: random.pick<Role>(['trouble', 'finding', 'change', 'recovery']), severity: random.below(25), count: 1 + random.below(1000), atMs: t0 + random.below(100_000) })
    }).filter(symptom => symptom !== undefined)
    const impact = impactOf(c.engine, symptoms, now)
    for (const share of [impact.score, impact.cascadeRisk]) assert.ok(share >= 0 && share <= 1, String(share))
    const told = impact.affected.filter(a => a.entity.kind === 'Pod' && a.state !== 'at_risk').length
    assert.is(impact.counts.pods, told)
    assert.equal(impact.affected.map(a => ['failed', 'degraded', 'at_risk'].indexOf(a.state)), impact.affected.map(a => ['failed', 'degraded', 'at_risk'].indexOf(a.state)).sort())
    assert.is(JSON.stringify(impactOf(c.engine, [...symptoms].reverse(), now)), JSON.stringify(impact))
  }
})

test.run()

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { entityKey } from '../correlation/entity.js'
import type { Symptom } from '../correlation/symptom.js'
import { blastRadius, maxAffected } from './blast-radius.js'
import { podName, t0, TestCluster } from './testing/cluster.js'

const now = t0 + 60_000

function radius (cluster: TestCluster, symptoms: readonly Symptom[], timeMs = now): { states: string[], text: string, all: ReturnType<typeof blastRadius> } {
  const all = blastRadius(cluster.engine, symptoms, timeMs)
  const states = all.affected.map(a => `${a.state} ${entityKey(a.entity)}`)
  return { states, text: all.affected.map(a => `${a.state} ${entityKey(a.entity)}: ${a.why}`).join('\n'), all }
}

interface Case { readonly name: string, readonly make: () => [TestCluster, readonly Symptom[]], readonly affected: readonly string[], readonly counts: readonly [nodes: number, workloads: number, services: number, pods: number] }

const cases: readonly Case[] = [
  {
    name: 'a node goes down with the only replica: its Service failed, who names it is degraded, who calls those is at risk',
    make: () => {
      const c = new TestCluster().node('n1').node('n2').workload('db', { replicas: 1, kind: 'StatefulSet' }).workload('cart', { replicas: 1, nodes: ['n2'], uses: ['db'] }).workload('web', { replicas: 1, nodes: ['n2'], uses: ['cart'] })
      return [c, [c.see('node.not_ready', 'Node//n1')]]
    },
    affected: [
      'failed Node//n1', 'failed StatefulSet/shop/db', 'failed Service/shop/db', 'degraded Deployment/shop/cart', 'degraded Service/shop/cart', 'degraded Pod/shop/db-0',
      'at_risk Deployment/shop/web', 'at_risk Service/shop/web'
    ],
    counts: [1, 2, 2, 1]
  },
  {
    name: 'a node goes down with one replica of three: degraded, and callers are at risk',
    make: () => {
      const c = new TestCluster().node('n1').node('n2').workload('cart', { replicas: 3, nodes: ['n1', 'n2', 'n2'] }).workload('web', { replicas: 1, nodes: ['n2'], uses: ['cart'] })
      return [c, [c.see('node.not_ready', 'Node//n1')]]
    },
    affected: ['failed Node//n1', 'degraded Deployment/shop/cart', 'degraded Service/shop/cart', `degraded Pod/shop/${podName('cart', 0)}`, 'at_risk Deployment/shop/web', 'at_risk Service/shop/web'],
    counts: [1, 1, 1, 1]
  },
  {
    name: 'a node under pressure: what is on it is at risk, and nothing else is told',
    make: () => {
      const c = new TestCluster().node('n1').node('n2').workload('cart', { replicas: 2, nodes: ['n1', 'n2'] })
      return [c, [c.see('node.pressure_memory', 'Node//n1')]]
    },
    affected: ['failed Node//n1', 'at_risk Deployment/shop/cart', 'at_risk Service/shop/cart', `at_risk Pod/shop/${podName('cart', 0)}`],
    counts: [1, 0, 0, 0]
  },
  {
    name: 'a pod in trouble that still serves',
    make: () => {
      const c = new TestCluster().node('n1').workload('cart', { replicas: 2 })
      return [c, [c.see('app.span_error', `Pod/shop/${podName('cart', 1)}`)]]
    },
    affected: [`failed Pod/shop/${podName('cart', 1)}`, 'degraded Deployment/shop/cart', 'degraded Service/shop/cart'],
    counts: [0, 1, 1, 1]
  },
  {
    name: 'a missing ConfigMap: the pod that is not ready lacks it, the one that runs is at risk',
    make: () => {
      const c = new TestCluster().node('n1').workload('cart', { replicas: 2, config: 'settings', unready: [1] })
      return [c, [c.see('k8s.config_missing', 'ConfigMap/shop/settings', { role: 'finding' })]]
    },
    affected: ['failed ConfigMap/shop/settings', 'degraded Deployment/shop/cart', 'degraded Service/shop/cart', `degraded Pod/shop/${podName('cart', 1)}`, `at_risk Pod/shop/${podName('cart', 0)}`],
    counts: [0, 1, 1, 1]
  },
  {
    name: 'a claim in trouble, over its volume',
    make: () => {
      const c = new TestCluster().node('n1').workload('db', { replicas: 1, kind: 'StatefulSet', claim: 'data' })
        .put('PersistentVolumeClaim', 'shop', 'data', { spec: { volumeName: 'pv1' } }).put('PersistentVolume', '', 'pv1')
      return [c, [c.see('k8s.volume_failed', 'PersistentVolume//pv1')]]
    },
    affected: ['failed PersistentVolume//pv1', 'degraded StatefulSet/shop/db', 'degraded Service/shop/db', 'degraded Pod/shop/db-0'],
    counts: [0, 1, 1, 1]
  },
  {
    name: 'trouble of a ReplicaSet is its Deployment\'s',
    make: () => {
      const c = new TestCluster().node('n1').workload('cart', { replicas: 2, unready: [0, 1] })
      return [c, [c.see('k8s.failed_create', 'ReplicaSet/shop/cart-7d9')]]
    },
    affected: ['failed Deployment/shop/cart', 'failed Service/shop/cart'],
    counts: [0, 1, 1, 0]
  },
  {
    name: 'a Service that fails for its callers, learned from traces, and the ingress before it',
    make: () => {
      const c = new TestCluster().node('n1').workload('pay', { replicas: 1 }).workload('cart', { replicas: 1 }).calls('Service/shop/cart', 'Service/shop/pay', 100, 50)
        .put('Ingress', 'shop', 'front', { spec: { rules: [{ http: { paths: [{ backend: { service: { name: 'pay' } } }] } }] } })
      return [c, [c.see('k8s.no_endpoints', 'Service/shop/pay')]]
    },
    affected: ['failed Service/shop/pay', 'degraded Deployment/shop/cart', 'degraded Service/shop/cart', 'degraded Ingress/shop/front'],
    counts: [0, 1, 2, 0]
  },
  {
    name: 'calls in a circle end',
    make: () => {
      const c = new TestCluster().node('n1').workload('a', { replicas: 1, uses: ['b'] }).workload('b', { replicas: 1, uses: ['c'] }).workload('c', { replicas: 1, uses: ['a'] })
      return [c, [c.see('k8s.no_endpoints', 'Service/shop/a')]]
    },
    affected: ['failed Service/shop/a', 'degraded Deployment/shop/c', 'degraded Service/shop/c', 'at_risk Deployment/shop/a', 'at_risk Deployment/shop/b', 'at_risk Service/shop/b'],
    counts: [0, 1, 2, 0]
  },
  {
    name: 'owners in a circle end',
    make: () => {
      const c = new TestCluster().put('ReplicaSet', 'shop', 'x', {}, { ownerReferences: [{ kind: 'ReplicaSet', name: 'y', controller: true }] }).put('ReplicaSet', 'shop', 'y', {}, { ownerReferences: [{ kind: 'ReplicaSet', name: 'x', controller: true }] })
        .put('Pod', 'shop', 'p', {}, { ownerReferences: [{ kind: 'ReplicaSet', name: 'x', controller: true }] })
      return [c, [c.see('k8s.container_oom_killed', 'Pod/shop/p')]]
    },
    affected: ['failed ReplicaSet/shop/y', 'failed Pod/shop/p'],
    counts: [0, 1, 0, 1]
  },
  { name: 'changes and recoveries hit nothing', make: () => { const c = new TestCluster().node('n1').workload('cart', { replicas: 1 }); return [c, [c.see('k8s.rollout', 'Deployment/shop/cart', { role: 'change' }), c.see('node.ready', 'Node//n1', { role: 'recovery' })]] }, affected: [], counts: [0, 0, 0, 0] },
  { name: 'what nobody knows is hit itself', make: () => { const c = new TestCluster(); return [c, [c.see('net.connection_refused', 'Address//10.0.0.7:3306')]] }, affected: ['failed Address//10.0.0.7:3306'], counts: [0, 0, 0, 0] }
]

for (const { name, make, affected, counts: [nodes, workloads, services, pods] } of cases) {
  test(name, () => {
    const { states, text, all } = radius(...make())
    assert.equal(states, affected, text)
    assert.equal(all.counts, { nodes, workloads, services, pods }, text)
  })
}

test('an evicted pod is found where it was; a workload that has all replicas again was degraded', () => {
  const c = new TestCluster().node('n1').node('n2').workload('cart', { replicas: 1 })
  const evicted = c.see('k8s.evicted', `Pod/shop/${podName('cart', 0)}`)
  c.remove('Pod', 'shop', podName('cart', 0), t0 + 20_000)
  assert.equal(radius(c, [evicted], t0 + 30_000).states, ['failed Deployment/shop/cart', 'failed Service/shop/cart', `failed Pod/shop/${podName('cart', 0)}`])
  c.put('Pod', 'shop', podName('cart', 9), { spec: { nodeName: 'n2' }, status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } }, { labels: { app: 'cart' }, ownerReferences: [{ kind: 'ReplicaSet', name: 'cart-7d9', controller: true }] }, t0 + 40_000)
  const { states, text } = radius(c, [evicted], now)
  assert.equal(states, [`failed Pod/shop/${podName('cart', 0)}`, 'degraded Deployment/shop/cart', 'degraded Service/shop/cart'], text)
  assert.match(text, /lost 1 replicas, and has all 1 again/)
})

test('the order of symptoms and of objects does not show', () => {
  const build = (flip: boolean): string => {
    const c = new TestCluster()
    const steps = [() => c.node('n1'), () => c.node('n2'), () => c.workload('db', { replicas: 1 }), () => c.workload('cart', { replicas: 3, nodes: ['n1', 'n2'], uses: ['db'] }), () => c.workload('web', { replicas: 2, uses: ['cart', 'db'] })]
    for (const step of flip ? steps.reverse() : steps) step()
    const symptoms = [c.see('node.not_ready', 'Node//n1'), c.see('net.connection_refused', `Pod/shop/${podName('web', 0)}`), c.see('k8s.no_endpoints', 'Service/shop/db')]
    return JSON.stringify(blastRadius(c.engine, flip ? symptoms.reverse() : symptoms, now))
  }
  assert.is(build(false), build(true))
})

test('a flood is bounded and counted', () => {
  const c = new TestCluster()
  for (let n = 0; n < 20; n++) c.node(`n${n}`)
  for (let w = 0; w < 40; w++) c.workload(`w${w}`, { replicas: 20, nodes: Array.from({ length: 20 }, (_, n) => `n${n}`), uses: [`w${(w + 1) % 40}`] })
  const { all } = radius(c, Array.from({ length: 20 }, (_, n) => c.see('node.not_ready', `Node//n${n}`)))
  assert.is(all.affected.length, maxAffected)
  assert.equal(all.counts, { nodes: 20, workloads: 40, services: 40, pods: 800 })
  assert.is(all.omitted, 900 - maxAffected)
})

test.run()

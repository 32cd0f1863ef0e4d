/**
 * Scenario: a cluster's objects, and symptoms of some of them, in tables. Guarantees: those that the topology joins and a rule
 * knows are linked in the right direction, and nothing else is: two faults at once stay apart.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded } from '../data/testing/random.js'
import { Engine } from './engine.js'
import { app, deployment, node, object, pod, replicaSet, service, t0, type Made } from './testing/objects.js'
import { linkOf, linkTexts, play, put, see, tell, type Told } from './testing/story.js'
import { TopologyLinker, type TopologyLinkerOptions } from './topology-linker.js'

const options: TopologyLinkerOptions = { windowMs: 300_000, skewMs: 5000, maxCandidates: 128, maxPlaces: 1024 }

function engineWith (objects: readonly Made[], more: Partial<TopologyLinkerOptions> = {}): { engine: Engine, linker: TopologyLinker } {
  const engine = new Engine()
  put(engine, objects)
  const linker = new TopologyLinker(engine, { ...options, ...more }, () => undefined)
  engine.use('k8s_correlation', linker)
  return { engine, linker }
}

function linksOf (objects: readonly Made[], told: readonly Told[]): string[] {
  const { engine } = engineWith(objects)
  play(engine, told)
  return linkTexts(engine)
}

interface Case { readonly name: string, readonly objects: readonly Made[], readonly told: readonly Told[], readonly links: readonly string[] }

const shop = [node('n1'), node('n2'), ...app('cart', 2, { nodes: ['n1', 'n2'] }), ...app('front', 1, { nodes: ['n2'], env: { CART: 'cart:8080' } })]

const cases: readonly Case[] = [
  {
    name: 'same pod: the kernel kills, the container ends, it loops',
    objects: shop,
    told: [tell('kernel.oom_kill', 'Pod/cart-0', 0), tell('k8s.container_oom_killed', 'Pod/cart-0', 1), tell('k8s.crash_loop', 'Pod/cart-0', 60)],
    links: ['k8s.container_oom_killed Pod/cart-0 > k8s.crash_loop Pod/cart-0', 'kernel.oom_kill Pod/cart-0 > k8s.container_oom_killed Pod/cart-0', 'kernel.oom_kill Pod/cart-0 > k8s.crash_loop Pod/cart-0']
  },
  {
    name: 'node: pressure evicts its pods and no others',
    objects: shop,
    told: [tell('node.pressure_memory', 'Node/n1', 0), tell('k8s.evicted', 'Pod/cart-0', 5), tell('k8s.evicted', 'Pod/cart-1', 6)],
    links: ['node.pressure_memory Node//n1 > k8s.evicted Pod/cart-0']
  },
  {
    name: 'host: a unit of the node, the node, its pods',
    objects: shop,
    told: [tell('node.unit_failed', 'Unit/n1/kubelet.service', 0), tell('node.not_ready', 'Node/n1', 40), tell('k8s.pod_not_ready', 'Pod/cart-0', 41), tell('k8s.pod_not_ready', 'Pod/cart-1', 41)],
    links: ['node.not_ready Node//n1 > k8s.pod_not_ready Pod/cart-0', 'node.unit_failed Unit/n1/kubelet.service > k8s.pod_not_ready Pod/cart-0', 'node.unit_failed Unit/n1/kubelet.service > node.not_ready Node//n1']
  },
  {
    name: 'host: a unit that nobody needs makes no node unready',
    objects: shop,
    told: [tell('node.unit_failed', 'Unit/n1/motd-news.service', 0), tell('node.not_ready', 'Node/n1', 40)],
    links: []
  },
  {
    name: 'ownership: pods and their workload',
    objects: shop,
    told: [tell('k8s.crash_loop', 'Pod/cart-0', 0), tell('k8s.workload_unavailable', 'Deployment/cart', 3), tell('k8s.workload_unavailable', 'Deployment/front', 3)],
    links: ['k8s.crash_loop Pod/cart-0 > k8s.workload_unavailable Deployment/cart']
  },
  {
    name: 'owner: a rollout and what it does to the pods',
    objects: shop,
    told: [tell('k8s.rollout_started', 'Deployment/cart', 0), tell('k8s.image_pull_failed', 'Pod/cart-1', 20), tell('k8s.image_pull_failed', 'Pod/front-0', 20)],
    links: ['k8s.rollout_started Deployment/cart > k8s.image_pull_failed Pod/cart-1']
  },
  {
    name: 'selector: pods of a Service',
    objects: shop,
    told: [tell('k8s.pod_not_ready', 'Pod/cart-0', 0), tell('k8s.endpoints_lost', 'Service/cart', 1), tell('k8s.no_endpoints', 'Service/front', 1)],
    links: ['k8s.pod_not_ready Pod/cart-0 > k8s.endpoints_lost Service/cart']
  },
  {
    name: 'endpoint: pods of a Service without a selector',
    objects: [object('Service', 'ext'), object('EndpointSlice', 'ext-1', { endpoints: [{ targetRef: { kind: 'Pod', name: 'lone' } }] }, { labels: { 'kubernetes.io/service-name': 'ext' } }), pod('lone')],
    told: [tell('k8s.crash_loop', 'Pod/lone', 0), tell('k8s.no_endpoints', 'Service/ext', 1)],
    links: ['k8s.crash_loop Pod/lone > k8s.no_endpoints Service/ext']
  },
  {
    name: 'dependency: hosts in the environment; a peer that is named is the only one',
    objects: [...shop, ...app('cache', 1)],
    told: [
      tell('k8s.no_endpoints', 'Service/cart', 0), tell('k8s.no_endpoints', 'Service/cache', 0),
      tell('net.connection_refused', 'Pod/front-0', 2, { detail: { peer: 'cart:8080' } }), tell('app.span_error', 'Pod/front-0', 3)
    ],
    links: ['k8s.no_endpoints Service/cart > app.span_error Pod/front-0', 'k8s.no_endpoints Service/cart > net.connection_refused Pod/front-0', 'net.connection_refused Pod/front-0 > app.span_error Pod/front-0']
  },
  {
    name: 'dependency: the peer by cluster address and by pod address',
    objects: [service('db', 'db', '10.96.0.9'), pod('db-0', { app: 'db', ip: '10.0.0.7' }), pod('web')],
    told: [
      tell('k8s.no_endpoints', 'Service/db', 0), tell('k8s.container_exited', 'Pod/db-0', 0),
      tell('net.connection_refused', 'Pod/web', 1, { detail: { peer: '10.96.0.9:5432' } }), tell('net.connection_reset', 'Pod/web', 2, { detail: { peer: '10.0.0.7:5432' } })
    ],
    links: [
      'k8s.container_exited Pod/db-0 > k8s.no_endpoints Service/db', 'k8s.container_exited Pod/db-0 > net.connection_refused Pod/web', 'k8s.container_exited Pod/db-0 > net.connection_reset Pod/web',
      'k8s.no_endpoints Service/db > net.connection_refused Pod/web'
    ]
  },
  {
    name: 'dependency: errors go from the one that is called to its caller, not back',
    objects: shop,
    told: [tell('app.span_error', 'Pod/cart-0', 0), tell('app.span_error', 'Pod/front-0', 0)],
    links: ['app.span_error Pod/cart-0 > app.span_error Pod/front-0']
  },
  {
    name: 'config: what takes it, and nothing else',
    objects: [object('ConfigMap', 'settings'), pod('a', { config: 'settings' }), pod('b')],
    told: [tell('k8s.config_changed', 'ConfigMap/settings', 0), tell('k8s.container_exited', 'Pod/a', 90), tell('k8s.container_exited', 'Pod/b', 90)],
    links: ['k8s.config_changed ConfigMap/settings > k8s.container_exited Pod/a']
  },
  {
    name: 'volume: claim, its volume, the pod that waits',
    objects: [object('PersistentVolumeClaim', 'data', { spec: { volumeName: 'v1' } }), object('PersistentVolume', 'v1'), pod('db', { claim: 'data' }), pod('other')],
    told: [tell('k8s.volume_failed', 'PersistentVolume//v1', 0), tell('k8s.claim_lost', 'PersistentVolumeClaim/data', 1), tell('k8s.failed_mount', 'Pod/db', 5), tell('k8s.failed_mount', 'Pod/other', 5)],
    links: [
      'k8s.claim_lost PersistentVolumeClaim/data > k8s.failed_mount Pod/db', 'k8s.volume_failed PersistentVolume//v1 > k8s.claim_lost PersistentVolumeClaim/data',
      'k8s.volume_failed PersistentVolume//v1 > k8s.failed_mount Pod/db'
    ]
  },
  {
    name: 'quota: of the namespace, for what is not admitted',
    objects: [object('ResourceQuota', 'compute'), deployment('web'), replicaSet('web-rs', 'web'), object('ResourceQuota', 'far/compute')],
    told: [
      tell('k8s.quota_exhausted', 'ResourceQuota/compute', 0), tell('k8s.quota_exhausted', 'ResourceQuota/far/compute', 0),
      tell('k8s.failed_create', 'ReplicaSet/web-rs', 2, { detail: { cause: 'quota' } }), tell('k8s.workload_unavailable', 'Deployment/web', 4)
    ],
    links: ['k8s.failed_create ReplicaSet/web-rs > k8s.workload_unavailable Deployment/web', 'k8s.quota_exhausted ResourceQuota/compute > k8s.failed_create ReplicaSet/web-rs']
  },
  {
    name: 'quota: is not to blame for a webhook',
    objects: [object('ResourceQuota', 'compute'), replicaSet('web-rs', 'web')],
    told: [tell('k8s.quota_exhausted', 'ResourceQuota/compute', 0), tell('k8s.failed_create', 'ReplicaSet/web-rs', 2, { detail: { cause: 'webhook' } })],
    links: []
  },
  {
    name: 'policy: on the one that calls, and on the one that is called',
    objects: [...shop, object('NetworkPolicy', 'deny', { spec: { podSelector: { matchLabels: { app: 'cart' } } } })],
    told: [tell('k8s.policy_changed', 'NetworkPolicy/deny', 0), tell('net.connection_timeout', 'Pod/front-0', 30, { detail: { peer: 'cart:8080' } }), tell('net.connection_timeout', 'Pod/cart-0', 30, { detail: { peer: 'db:1' } })],
    links: ['k8s.policy_changed NetworkPolicy/deny > net.connection_timeout Pod/cart-0', 'k8s.policy_changed NetworkPolicy/deny > net.connection_timeout Pod/front-0']
  },
  {
    name: 'service account',
    objects: [object('ServiceAccount', 'robot'), pod('a', { account: 'robot' }), pod('b', { account: 'default' })],
    told: [tell('k8s.policy_changed', 'ServiceAccount/robot', 0), tell('app.permission_denied', 'Pod/a', 9), tell('app.permission_denied', 'Pod/b', 9)],
    links: ['k8s.policy_changed ServiceAccount/robot > app.permission_denied Pod/a']
  },
  {
    name: 'ingress: routes to a Service without pods',
    objects: [...shop, object('Ingress', 'edge', { spec: { defaultBackend: { service: { name: 'front' } } } })],
    told: [tell('k8s.no_endpoints', 'Service/front', 0), tell('app.http_5xx', 'Ingress/edge', 2), tell('k8s.no_endpoints', 'Service/cart', 0)],
    links: ['k8s.no_endpoints Service/front > app.http_5xx Ingress/edge']
  },
  {
    name: 'nodes: cordoned or away, when the scheduler says so',
    objects: [node('n1'), node('n2'), pod('new')],
    told: [
      tell('k8s.node_cordoned', 'Node/n1', 0), tell('node.not_ready', 'Node/n2', 0),
      tell('k8s.failed_scheduling', 'Pod/new', 5, { message: '0/2 nodes are available: 2 node(s) were unschedulable' }), tell('k8s.failed_scheduling', 'Pod/newer', 5, { message: '0/2 nodes: 2 Insufficient memory' })
    ],
    links: ['k8s.node_cordoned Node//n1 > k8s.failed_scheduling Pod/new', 'k8s.node_cordoned Node//n1 > k8s.failed_scheduling Pod/newer']
  },
  {
    name: 'dns: trouble of the cluster\'s own, for names that are not found',
    objects: [pod('kube-system/coredns-0', { app: 'dns' }), pod('web')],
    told: [tell('k8s.crash_loop', 'Pod/kube-system/coredns-0', 0), tell('net.dns_failure', 'Pod/web', 4), tell('net.connection_refused', 'Pod/web', 4, { detail: { peer: 'db:1' } })],
    links: ['k8s.crash_loop Pod/kube-system/coredns-0 > net.dns_failure Pod/web']
  },
  {
    name: 'node agent: the CNI of this node, not of another',
    objects: [node('n1'), node('n2'), pod('kube-system/cni-a', { node: 'n1' }), pod('kube-system/cni-b', { node: 'n2' }), pod('web', { node: 'n1' })],
    told: [tell('k8s.crash_loop', 'Pod/kube-system/cni-a', 0), tell('k8s.crash_loop', 'Pod/kube-system/cni-b', 0), tell('net.sandbox_failed', 'Pod/web', 5)],
    links: ['k8s.crash_loop Pod/kube-system/cni-a > net.sandbox_failed Pod/web']
  },
  {
    name: 'autoscaler',
    objects: [...shop, object('HorizontalPodAutoscaler', 'cart', { spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart' } } })],
    told: [tell('k8s.autoscaler_limited', 'HorizontalPodAutoscaler/cart', 0), tell('app.slow', 'Deployment/cart', 10), tell('app.slow', 'Deployment/front', 400)],
    links: ['k8s.autoscaler_limited HorizontalPodAutoscaler/cart > app.slow Deployment/cart']
  },
  {
    name: 'signs that no rule knows: what a pod needs may be why',
    objects: shop,
    told: [tell('node.error', 'Node/n1', 0), tell('app.somewhat_new', 'Pod/cart-0', 1), tell('app.somewhat_new', 'Pod/cart-1', 1)],
    links: ['node.error Node//n1 > app.somewhat_new Pod/cart-0']
  },
  {
    name: 'two faults at once in one namespace and on one node stay apart',
    objects: [node('n1'), ...app('cart', 1), ...app('mail', 1), object('ConfigMap', 'c')],
    told: [
      tell('kernel.oom_kill', 'Pod/cart-0', 0), tell('k8s.container_oom_killed', 'Pod/cart-0', 1), tell('k8s.image_pull_failed', 'Pod/mail-0', 1), tell('app.log_error', 'Pod/mail-0', 2),
      tell('k8s.no_endpoints', 'Service/mail', 2)
    ],
    links: [
      'k8s.image_pull_failed Pod/mail-0 > k8s.no_endpoints Service/mail',
      'kernel.oom_kill Pod/cart-0 > k8s.container_oom_killed Pod/cart-0', 'k8s.image_pull_failed Pod/mail-0 > app.log_error Pod/mail-0'
    ]
  },
  {
    name: 'recoveries cause nothing and come from nothing',
    objects: shop,
    told: [tell('k8s.pod_ready', 'Pod/cart-0', 0), tell('k8s.endpoints_lost', 'Service/cart', 1), tell('k8s.endpoints_gained', 'Service/cart', 2)],
    links: []
  }
]

for (const { name, objects, told, links } of cases) {
  test(name, () => { assert.equal(linksOf(objects, told), [...links].sort()) })
  test(`${name}: in any order within a tick`, () => {
    const { engine } = engineWith(objects)
    for (const t of told.toReversed()) see(engine, t)
    engine.flush(true, t0 + 500_000)
    assert.equal(linkTexts(engine), [...links].sort())
  })
}

test('a link says the way, how long after, and why, and its confidence is the product of what it rests on', () => {
  const { engine } = engineWith(shop)
  play(engine, [tell('node.pressure_memory', 'Node/n1', 0), tell('k8s.evicted', 'Pod/cart-0', 60, { confidence: 0.8 })])
  const link = linkOf(engine, 'node.pressure_memory Node//n1 > k8s.evicted Pod/cart-0')
  assert.equal(link?.path, [{ kind: 'Node', name: 'n1' }, { kind: 'Pod', namespace: 'shop', name: 'cart-0' }])
  assert.is(link?.lagMs, 60_000)
  assert.is(link?.kind, 'placement')
  assert.is(link?.why, 'Pod shop/cart-0 ran on Node n1, which was running out')
  assert.is(link?.confidence, Math.round(0.95 * Math.exp(-60 / 600) * (1 + 0.8) / 2 * 1e4) / 1e4)
  assert.equal(link?.events, ['node.pressure_memory Node//n1 1767268800000', 'k8s.evicted Pod/shop/cart-0 1767268860000'])
})

const moved = (fromMs: number): Engine => {
  const { engine } = engineWith([node('n1'), node('n2'), pod('db', { node: 'n1' })])
  engine.model.put('Pod', pod('db', { node: 'n2' }).object, fromMs)
  return engine
}

test('a relation counts at the time of cause and effect', () => {
  const pressure = (on: string, at: number): Told => tell('node.pressure_memory', `Node/${on}`, at)
  const table: [name: string, movedAt: number, told: Told[], links: number][] = [
    ['it ran there then', 100, [pressure('n1', 0), tell('k8s.evicted', 'Pod/db', 30)], 1],
    ['it had gone before the cause', 0, [pressure('n1', 60), tell('k8s.evicted', 'Pod/db', 90)], 0],
    ['it came only after the effect', 100, [pressure('n2', 0), tell('k8s.evicted', 'Pod/db', 30)], 0],
    ['it went between cause and effect', 20, [pressure('n1', 0), tell('k8s.evicted', 'Pod/db', 30)], 1],
    ['it came between cause and effect', 20, [pressure('n2', 0), tell('k8s.evicted', 'Pod/db', 30)], 1]
  ]
  for (const [name, movedAt, told, links] of table) {
    const engine = moved(t0 + movedAt * 1000)
    play(engine, told)
    assert.is(engine.links.size, links, name)
  }
})

test('an effect may precede its cause by the skew, and may not come too late', () => {
  for (const [lag, links] of [[-4, 1], [-6, 0], [0, 1], [100, 1], [601, 0]] as const) {
    const { engine } = engineWith(shop)
    play(engine, [tell('node.pressure_memory', 'Node/n1', 10), tell('k8s.evicted', 'Pod/cart-0', 10 + lag)].sort((a, b) => a.atMs - b.atMs))
    assert.is(engine.links.size, links, `${lag} s`)
  }
})

test('what still goes on is near, and an old trouble that says something new has a new beginning', () => {
  const { engine } = engineWith(shop)
  play(engine, [
    tell('app.log_error', 'Pod/cart-0', 0, { message: 'cannot parse coupon' }),
    ...Array.from({ length: 6 }, (_, i) => tell('node.pressure_memory', 'Node/n1', 1000 + 200 * i)),
    tell('app.log_error', 'Pod/cart-0', 500, { message: 'cannot parse coupon' }), tell('app.log_error', 'Pod/cart-0', 1500, { message: 'allocation failed' }), tell('k8s.evicted', 'Pod/cart-0', 2050)
  ].sort((a, b) => a.atMs - b.atMs))
  assert.equal(linkTexts(engine).filter(t => t.startsWith('node')), ['node.pressure_memory Node//n1 > app.log_error Pod/cart-0', 'node.pressure_memory Node//n1 > k8s.evicted Pod/cart-0'])
  assert.is(linkOf(engine, 'node.pressure_memory Node//n1 > app.log_error Pod/cart-0')?.lagMs, 500_000)
})

test('an object that is told after its symptoms is found later', () => {
  const { engine } = engineWith([])
  const told = [tell('node.pressure_memory', 'Node/n1', 0), tell('k8s.evicted', 'Pod/cart-0', 2)]
  for (const t of told) { engine.advance(t.atMs); see(engine, t) }
  engine.flush(false, t0 + 3000)
  assert.is(engine.links.size, 0)
  put(engine, shop, t0 + 5000)
  engine.flush(false, t0 + 20_000)
  assert.is(engine.links.size, 1)
})

test('a call that was seen in traces is as good as a host in the environment', () => {
  const { engine } = engineWith([...app('a', 1), ...app('b', 1)])
  engine.dependencies.note({ kind: 'Deployment', namespace: 'shop', name: 'a' }, { kind: 'Service', namespace: 'shop', name: 'b' }, t0, 1, 0)
  play(engine, [tell('k8s.no_endpoints', 'Service/b', 0), tell('app.call_failed', 'Pod/a-0', 2), tell('app.call_failed', 'Pod/b-0', 2)])
  assert.equal(linkTexts(engine), ['app.call_failed Pod/b-0 > app.call_failed Pod/a-0', 'k8s.no_endpoints Service/b > app.call_failed Pod/a-0'])
})

test('owners in a circle, calls in a circle, a Service without an end: nothing hangs, nothing is its own cause', () => {
  const circle = [
    object('ReplicaSet', 'a', {}, { ownerReferences: [{ kind: 'ReplicaSet', name: 'b' }] }), object('ReplicaSet', 'b', {}, { ownerReferences: [{ kind: 'ReplicaSet', name: 'a' }] }),
    pod('p', { owner: ['ReplicaSet', 'a'], env: { X: 's' }, app: 'p' }), service('s', 'p')
  ]
  const { engine } = engineWith(circle)
  engine.dependencies.note({ kind: 'Service', namespace: 'shop', name: 's' }, { kind: 'Pod', namespace: 'shop', name: 'p' }, t0, 1, 0)
  play(engine, [tell('k8s.crash_loop', 'Pod/p', 0), tell('k8s.failed_create', 'ReplicaSet/a', 1), tell('k8s.failed_create', 'ReplicaSet/b', 1), tell('app.call_failed', 'Pod/p', 2, { detail: { peer: 's:80' } })])
  for (const link of engine.links.all()) assert.is.not(link.cause, link.effect)
})

test('a flood is cut at its bounds, is counted, and leaves others alone', () => {
  const pods = Array.from({ length: 600 }, (_, i) => pod(`p${i}`, { node: 'n1', app: 'flood' }))
  const { engine, linker } = engineWith([node('n1'), service('flood', 'flood'), ...pods, ...shop], { maxCandidates: 50 })
  play(engine, [
    ...pods.map((_, i) => tell('k8s.pod_not_ready', `Pod/p${i}`, i / 1000)), ...pods.map((_, i) => tell('k8s.container_exited', `Pod/p${i}`, i / 1000)),
    tell('k8s.no_endpoints', 'Service/flood', 2), tell('k8s.crash_loop', 'Pod/cart-0', 2), tell('k8s.endpoints_lost', 'Service/cart', 3)
  ].sort((a, b) => a.atMs - b.atMs))
  const into = [...engine.links.all()].filter(l => engine.symptoms.get(l.effect)?.entity.name === 'flood')
  assert.is(into.length, 50)
  assert.ok(linker.counts.cut.candidates >= 1150 - 100)
  assert.ok(linkOf(engine, 'k8s.crash_loop Pod/cart-0 > k8s.endpoints_lost Service/cart') !== undefined)
})

test('rows that are late by less than a tick\'s patience give the same links', () => {
  const random = seeded(9)
  const everything = cases.filter(c => c.objects === shop).flatMap((c, i) => c.told.map(t => ({ ...t, atMs: t.atMs + i * 3_600_000 })))
  const run = (latestMs: number): string[] => {
    const { engine } = engineWith(shop)
    const rows = everything.map(t => ({ t, comesMs: t.atMs + random.below(latestMs + 1) })).sort((a, b) => a.comesMs - b.comesMs)
    for (const { t } of rows) { engine.advance(t.atMs); see(engine, t) }
    engine.flush(true)
    return [...engine.links.all()].map(l => JSON.stringify(l)).sort()
  }
  const expected = run(0)
  assert.ok(expected.length > 10)
  for (let i = 0; i < 8; i++) assert.equal(run(4000), expected)
})

test('absurd symptoms do no harm', () => {
  const { engine } = engineWith(shop)
  const odd: readonly Told[] = [
    { ...tell('k8s.evicted', 'Pod/cart-0', 0), atMs: 0 }, { ...tell('k8s.evicted', 'Pod/cart-1', 0), atMs: 8.64e15 }, { sign: '', entity: { kind: '', name: '' }, atMs: t0 },
    { sign: 'constructor', entity: { kind: '__proto__', namespace: '/', name: '/' }, atMs: t0 }, tell('net.connection_refused', 'Pod/cart-0', 0, { detail: { peer: '[::' } }),
    tell('net.connection_refused', 'Pod/cart-0', 0, { detail: { peer: ':'.repeat(5000) } }), tell('net.connection_refused', 'Pod/cart-0', 0, { detail: { peer: 17 } }), tell('app.slow', 'Pod/cart-0', 0, { confidence: NaN })
  ]
  for (const t of odd) see(engine, t)
  engine.flush(true, t0)
  for (const link of engine.links.all()) assert.ok(link.confidence >= 0 && link.confidence <= 1, JSON.stringify(link))
})

test.run()

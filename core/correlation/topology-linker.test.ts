/**
 * Scenario: a cluster's objects, and symptoms of some of them, in tables. Guarantees: those that the topology joins and a rule
 * knows are linked in the right direction, and nothing else is: two faults at once stay apart.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
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
  assert.is(link?.confidence, Math.round(0.95 * Math.exp(-60 / 600) * 0.8 * 1e4) / 1e4)
  assert.equal(link?.events, ['node.pressure_memory Node//n1 1767268800000', 'k8s.evicted Pod/shop/cart-0 1767268860000'])
})

test.run()

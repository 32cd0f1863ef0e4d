import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { signs } from '../correlation/signs.js'
import { entityOfKey } from '../correlation/entity.js'
import type { Role, Symptom } from '../correlation/symptom.js'
import { baseScore, floorOf, saysFatal } from './base-score.js'
import { effectOf, weightOf } from './effects.js'
import { levelOf } from './level.js'
import { Factoring } from './factors.js'
import { Neighbourhood } from './neighbourhood.js'
import { isProduction, isSystem } from './production.js'
import { Scorer, scorerOf, scoreWith } from './score.js'
import { podName, t0, TestCluster } from './testing/cluster.js'
import { defaultWeights, normalised, weighed } from './weights.js'

const about = (sign: string, { role = 'trouble' as Role, severity = 17, message = '', entity = 'Pod/shop/p' } = {}): Symptom => ({
  id: '', sign, layer: 'k8s', role, detail: {}, entity: entityOfKey(entity), severity, firstMs: t0, lastMs: t0, count: 1, confidence: 1, traceIds: [], impact: 0,
  evidence: [{ eventId: '', timeMs: t0, source: '', name: '', message, count: 1 }]
})

test('every sign of trouble has been weighed', () => {
  // A sign that is not in the table gets a default, made anew each time.
  const isWeighed = (sign: string): boolean => weightOf({ sign, role: 'trouble' }) === weightOf({ sign, role: 'trouble' })
  assert.equal(Object.entries(signs).filter(([sign, { role }]) => role === 'trouble' && !isWeighed(sign)).map(([sign]) => sign), [])
  assert.not.ok(isWeighed('app.never_heard_of'))
})

test('words that say the end: whole ones, not what says that it is none', () => {
  const table: [string, boolean][] = [
    ['kernel panic - not syncing', true], ['Out of memory: Killed process 7', true], ['oom-killer invoked', true], ['OOMKilled', true], ['FATAL: role "x" does not exist', true], ['segfault at 0', true],
    ['panic: runtime error: index out of range', true], ['goroutine panicked', true], ['oom', true],
    ['no room left in zoom', false], ['chat room', false], ['non-fatal error', false], ['{"fatal": false}', false], ['fatalities', false], ['--oom-score-adj=7', false], ['0 fatal', false], ['', false], ['mushroom loom', false]
  ]
  for (const [message, fatal] of table) assert.is(saysFatal(message), fatal, message)
})

test('base and floor', () => {
  assert.is(baseScore(about('k8s.crash_loop')), 0.8)
  assert.ok(Math.abs(baseScore(about('k8s.crash_loop', { severity: 9 })) - 0.48) < 1e-9, 'information is less')
  assert.is(baseScore(about('app.log_error', { severity: 21 })), 0.9)
  assert.is(baseScore(about('k8s.rollout_started', { role: 'change' })), 0.25)
  assert.is(baseScore(about('k8s.pod_ready', { role: 'recovery' })), 0.1)
  assert.is(floorOf(about('app.log_error', { message: 'no room' }), true), 0)
  assert.is(floorOf(about('kernel.panic', { entity: 'Node//n1' }), true), 0.8)
  assert.is(floorOf(about('app.log_error', { severity: 21 }), false), 0.6)
  assert.is(floorOf(about('k8s.pod_ready', { role: 'recovery', message: 'panic' }), true), 0)
})

test('critical is never downgraded: not by a system namespace, not by a place of no weight', () => {
  for (const entity of ['Pod/kube-system/coredns-0', 'Pod/shop/p']) {
    const symptom = about('app.panic', { entity, severity: 21 })
    for (const place of [0, 0.5, 1]) assert.is(levelOf(scoreWith(symptom, place, true)), 'critical')
  }
})

test('an effect is a node\'s only when it stops the node', () => {
  assert.is(effectOf(about('kernel.oom_kill')), 'down')
  assert.is(effectOf(about('kernel.oom_kill', { entity: 'Node//n1' })), 'impaired')
  assert.is(effectOf(about('node.not_ready', { entity: 'Node//n1' })), 'down')
  assert.is(effectOf(about('node.pressure_disk', { entity: 'Node//n1' })), 'pressure')
  assert.is(effectOf(about('net.connection_refused')), 'impaired')
  assert.is(effectOf(about('pattern.unknown', { role: 'finding' })), 'down')
})

test('production: what the namespace says, else whole words of its name', () => {
  const c = new TestCluster().put('Namespace', '', 'red', {}, { labels: { env: 'staging' } }).put('Namespace', '', 'dev', {}, { labels: { environment: 'production' } }).put('Namespace', '', 'blue', {}, { labels: { tier: 'backend' } })
  const table: [string, boolean][] = [['shop', true], ['latest', true], ['contest-app', true], ['device', true], ['shop-dev', false], ['test', false], ['team-a-staging', false], ['qa2', false], ['red', false], ['dev', true], ['blue', true], ['', true], ['prod-test', true]]
  for (const [namespace, yes] of table) assert.is(isProduction({ kind: 'Pod', namespace, name: 'p' }, c.engine.model), yes, namespace)
})

test('of the cluster itself', () => {
  const c = new TestCluster().put('Deployment', 'ingress', 'nginx', {}, { labels: { tier: 'infrastructure' } })
  const table: [string, boolean][] = [['Pod/kube-system/x', true], ['Pod/shop/etcd-0', true], ['Pod/shop/etcdish', false], ['Service/shop/coredns', true], ['Deployment/ingress/nginx', true], ['Pod/shop/cart', false], ['Namespace//kube-system', true]]
  for (const [key, yes] of table) assert.is(isSystem(entityOfKey(key), c.engine.model), yes, key)
})

test('weights: proportion counts, nonsense gives the defaults', () => {
  assert.equal(normalised({ node_criticality: 6, service_dependencies: 4, resource_type: 4, cascade_risk: 3, system_namespace: 3 }), defaultWeights)
  assert.equal(normalised({ node_criticality: 0, service_dependencies: 0, resource_type: 0, cascade_risk: 0, system_namespace: 0 }), defaultWeights)
  const one = { node_criticality: 1, service_dependencies: 1, resource_type: 1, cascade_risk: 1, system_namespace: 1 }
  assert.ok(Math.abs(weighed(one, normalised({ node_criticality: 1, service_dependencies: 0, resource_type: 7, cascade_risk: 2, system_namespace: 0 })) - 1) < 1e-12)
})

test('factors of a topology', () => {
  const c = new TestCluster().node('cp', { controlPlane: true }).node('n1').node('n2').workload('db', { replicas: 1, kind: 'StatefulSet', nodes: ['n1'] }).workload('cart', { replicas: 4, nodes: ['n1', 'n2'], uses: ['db'] }).workload('web', { replicas: 3, nodes: ['n2'], uses: ['cart'] })
  const factoring = new Factoring(new Neighbourhood(c.engine.model, t0 + 1000), c.engine.dependencies, 8)
  const of = (key: string) => factoring.factorsOf(entityOfKey(key))
  assert.is(of('Node//cp').node_criticality, 1)
  assert.is(of('Node//cp').system_namespace, 1)
  assert.is(of('Node//n1').system_namespace, 0)
  // 3 of 8 pods, one of them the only one of its workload: 1 - (1 - .75)(1 - .7 · 1/4).
  assert.ok(Math.abs(of('Node//n1').node_criticality - (1 - 0.25 * (1 - 0.175))) < 1e-9)
  assert.ok(of('Pod/shop/db-0').node_criticality === of('Node//n1').node_criticality)
  // cart and its Service at .6, web and its Service at .36: 1.92 / 4.92.
  assert.ok(Math.abs(of('Service/shop/db').service_dependencies - 1.92 / 4.92) < 1e-9, String(of('Service/shop/db').service_dependencies))
  assert.is(of('Service/shop/web').service_dependencies, 0)
  assert.is(of('Pod/shop/db-0').cascade_risk, 1, 'nobody carries its load')
  assert.ok(of(`Pod/shop/${podName('cart', 0)}`).cascade_risk < 0.5)
  for (const key of ['Pod/shop/none', 'Address//1.2.3.4:5', 'Node//none', 'Unit/n1/kubelet.service', 'Cluster//', 'ConfigMap/shop/x', 'Nonsense//']) {
    for (const [name, value] of Object.entries(of(key))) assert.ok(value >= 0 && value <= 1, `${key} ${name} ${value}`)
  }
})

test('the same fault matters more where more hangs on it', () => {
  const c = new TestCluster().node('cp', { controlPlane: true }).node('n1').node('n2').node('n3').workload('db', { replicas: 1, kind: 'StatefulSet' }).workload('cart', { replicas: 2, uses: ['db'], nodes: ['n2', 'n3'] }).workload('web', { replicas: 2, uses: ['cart', 'db'], nodes: ['n2', 'n3'] })
    .workload('db', { replicas: 1, kind: 'StatefulSet', namespace: 'shop-test' })
  const score = (sign: string, key: string): number => scorerOf(c.engine).score(c.see(sign, key), t0 + 60_000)
  const order = [
    score('node.not_ready', 'Node//cp'), score('node.not_ready', 'Node//n1'), score('k8s.crash_loop', 'Pod/shop/db-0'), score('k8s.crash_loop', `Pod/shop/${podName('web', 0)}`), score('k8s.crash_loop', 'Pod/shop-test/db-0'),
    score('k8s.warning', 'Pod/shop-test/db-0')
  ]
  assert.equal(order, [...order].sort((a, b) => b - a), order.join())
  assert.equal([order[0], order[4]].map(s => levelOf(s as number)), ['critical', 'medium'], order.join())
})

test('a flood over many entities is scored in steps, and all in the end', () => {
  const c = new TestCluster().node('n1')
  for (let i = 0; i < 2000; i++) c.see('k8s.crash_loop', `Pod/shop/p${i}`)
  const scorer = new Scorer(c.engine)
  assert.is(scorer.tick(t0 + 20_000), 2000)
  assert.is(scorer.waiting, 1900)
  assert.ok([...c.engine.symptoms.all()].every(s => s.impact > 0))
  let ticks = 1
  while (scorer.waiting > 0 && ticks < 100) scorer.tick(t0 + 20_000 + 1000 * ticks++)
  assert.is(ticks, 20)
  assert.is(scorer.tick(t0 + 90_000), 0)
})

test.run()

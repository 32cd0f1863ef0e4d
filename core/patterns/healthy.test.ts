/** Guarantees: in a cluster that is well, no shipped pattern finds anything, whatever healthy clusters do all day. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultLimits, evaluate, Report } from './evaluate.js'
import { defaultPatternDir, PatternLibrary } from './library.js'
import { subjectsOf } from './subjects.js'
import { nowMs, sceneWith, type Seen } from './testing.js'
import { healthyCluster } from './testing-healthy.js'

const { library } = PatternLibrary.load([defaultPatternDir])

/** What is found, and how the asking went. */
function findingsIn (objects: readonly object[], seen: readonly Seen[]): { readonly found: string[], readonly report: Report } {
  const scene = sceneWith(objects, seen)
  const kinds = new Set(library.patterns.flatMap(p => [...p.kinds]))
  const report = new Report()
  const limits = { ...defaultLimits, maxSteps: Infinity }
  const found = evaluate(library, scene, [...subjectsOf(scene, kinds)], report, limits).map(f => `${f.pattern}: ${f.subject.kind} ${f.subject.namespace ?? ''}/${f.subject.name}`)
  return { found, report }
}

/** Changes and recoveries, and the odd error, that need nobody's attention. */
const everyday: readonly Seen[] = [
  ['k8s.image_changed', 'Deployment/shop/web', 'web:1 -> web:2', 600_000], ['k8s.rollout_started', 'Deployment/shop/web', '', 600_000], ['k8s.rollout_complete', 'Deployment/shop/web', '', 560_000],
  ['k8s.config_changed', 'ConfigMap/shop/web', 'data: level', 500_000], ['k8s.config_changed', 'Secret/shop/db', '', 900_000], ['k8s.policy_changed', 'NetworkPolicy/shop/web', '', 700_000],
  ['k8s.scaled', 'Deployment/shop/web', '2 -> 3', 400_000, 1, { from: '2', to: '3' }], ['k8s.job_complete', 'Job/shop/report', '', 3_000_000], ['k8s.pod_ready', 'Pod/shop/web-1-a', '', 560_000],
  ['k8s.node_cordoned', 'Node/n3', '', 1_500_000], ['k8s.node_uncordoned', 'Node/n3', '', 1_200_000], ['node.unit_started', 'Unit/n1/kubelet.service', '', 3_000_000], ['node.unit_stopped', 'Unit/n1/fstrim.service', '', 3_000_000],
  ['node.clock_changed', 'Node/n2', 'Time has been changed', 2_000_000], ['net.link_changed', 'Interface/n1/veth12ab', '', 600_000, 1, { interface: 'veth12ab' }], ['net.link_down', 'Interface/n1/veth12ab', '', 600_000, 1, { interface: 'veth12ab' }],
  ['app.log_error', 'Pod/shop/web-1-b', 'client went away', 100_000, 2], ['app.http_5xx', 'Service/shop/web', '', 300_000, 1], ['app.timeout', 'Pod/shop/web-1-a', 'request timed out', 200_000, 1],
  ['net.connection_reset', 'Pod/shop/web-1-a', '', 250_000, 1, { peer: 'db:5432' }], ['net.retransmits', 'Pod/shop/web-1-a', '', 250_000, 4, { peer: 'db:5432' }], ['net.dns_failure', 'Pod/shop/web-1-b', 'EAI_AGAIN api.example.com', 800_000, 1, { kind: 'timeout', host: 'api.example.com' }],
  ['k8s.probe_failed', 'Pod/shop/web-1-a', 'Readiness probe failed: connection refused', 570_000, 1, { probe: 'readiness', container: 'main' }], ['k8s.warning', 'Pod/shop/web-1-a', '', 560_000, 1, { reason: 'FailedToRetrieveImagePullSecret' }]
]

test('a healthy cluster has no finding', () => {
  const { found, report } = findingsIn(healthyCluster(nowMs), [])
  assert.equal(found, [])
  assert.equal(report.left, [])
})

test('what happens all day is no finding', () => {
  assert.equal(findingsIn(healthyCluster(nowMs), everyday).found, [])
})

test('the same cluster with a fault has one: the test can fail', () => {
  const { found } = findingsIn(healthyCluster(nowMs), [...everyday, ['k8s.container_oom_killed', 'Pod/shop/web-1-a']])
  assert.equal(found, ['container.oom-killed: Deployment shop/web'])
})

test('no expression of a shipped pattern errs on it', () => {
  const { report } = findingsIn(healthyCluster(nowMs), everyday)
  assert.equal([...report.errors].map(([id, { message }]) => `${id}: ${message}`), [])
})

test.run()

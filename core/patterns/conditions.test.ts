/** Guarantees: each kind of condition holds exactly when README says, seen through a pattern with one condition. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { evaluate } from './evaluate.js'
import { libraryOf, patternText, sceneWith, type Seen } from './testing.js'

const pod = { kind: 'Pod', metadata: { namespace: 'shop', name: 'a', labels: { app: 'cart' }, ownerReferences: [{ kind: 'ReplicaSet', name: 'cart-1', controller: true }] }, spec: { nodeName: 'n1', containers: [{ name: 'main' }], volumes: [{ name: 'v', configMap: { name: 'settings' } }] } }
const objects = [
  pod, { kind: 'Node', metadata: { name: 'n1' } }, { kind: 'Node', metadata: { name: 'n2' } }, { kind: 'Service', metadata: { namespace: 'shop', name: 'cart' }, spec: { selector: { app: 'cart' } } },
  { kind: 'Deployment', metadata: { namespace: 'shop', name: 'cart' }, spec: {} }, { kind: 'ReplicaSet', metadata: { namespace: 'shop', name: 'cart-1', ownerReferences: [{ kind: 'Deployment', name: 'cart', controller: true }] } },
  { kind: 'Pod', metadata: { namespace: 'other', name: 'b' }, spec: { nodeName: 'n2' } }
]
const minute = 60_000
const seen: Seen[] = [
  ['k8s.container_exited', 'Pod/shop/a', 'exit code 137', 5 * minute, 4, { container: 'main', exitCode: 137 }],
  ['k8s.probe_failed', 'Pod/shop/a', 'connection refused', 3 * minute, 40, { probe: 'liveness' }],
  ['node.pressure_memory', 'Node/n1', 'short', 6 * minute], ['node.unit_failed', 'Unit/n1/x.service'], ['node.not_ready', 'Node/n2'],
  ['k8s.no_endpoints', 'Service/shop/cart'], ['k8s.workload_degraded', 'Deployment/shop/cart'], ['k8s.failed_create', 'ReplicaSet/shop/cart-1', 'exceeded quota'],
  ['app.http_5xx', 'Deployment/shop/web', 'boom', minute, 120], ['k8s.warning', 'ConfigMap/shop/settings'], ['k8s.evicted', 'Pod/other/b']
]

function scene (): ReturnType<typeof sceneWith> {
  const made = sceneWith(objects, seen)
  made.dependencies.note({ kind: 'Deployment', namespace: 'shop', name: 'web' }, { kind: 'Service', namespace: 'shop', name: 'cart' }, made.nowMs, 1, 1)
  return made
}

const holds = (when: string, subject = 'Pod', name = 'a', more = ''): boolean =>
  evaluate(libraryOf(patternText(when, { subject, more })), scene(), [{ kind: subject === 'workload' ? 'Deployment' : subject, namespace: subject === 'Node' ? '' : 'shop', name }]).length === 1

for (const [when, expected] of [
  ['{expr: "true"}', true], ['{expr: "false"}', false], ['{expr: "1"}', false], ['{expr: "subject.nope.x == 1"}', false], ['subject.kind == "Pod"', true], ['true', true],
  ['{symptom: {sign: k8s.container_exited}}', true], ['{symptom: {sign: k8s.crash_loop}}', false], ['{symptom: {sign: [k8s.crash_loop, k8s.container_exited]}}', true], ['{symptom: {sign: "k8s.*"}}', true], ['{symptom: {sign: "k8s.container_*"}}', true],
  ['{symptom: {sign: node.pressure_memory}}', false], ['{symptom: {sign: node.pressure_memory, of: node}}', true], ['{symptom: {sign: node.unit_failed, of: node}}', true], ['{symptom: {sign: node.not_ready, of: node}}', false], ['{symptom: {sign: node.not_ready, of: nodes}}', true],
  ['{symptom: {sign: k8s.no_endpoints, of: services}}', true], ['{symptom: {sign: k8s.workload_degraded, of: owner}}', true], ['{symptom: {sign: k8s.failed_create, of: owner}}', true], ['{symptom: {sign: k8s.workload_degraded, of: workload}}', true],
  ['{symptom: {sign: app.http_5xx, of: callers}}', true], ['{symptom: {sign: app.http_5xx, of: callees}}', false], ['{symptom: {sign: k8s.warning, of: "related:config_volume"}}', true], ['{symptom: {sign: k8s.no_endpoints, of: [self, services]}}', true],
  ['{symptom: {sign: k8s.evicted, of: namespace}}', false], ['{symptom: {sign: app.http_5xx, of: namespace}}', true], ['{symptom: {sign: k8s.evicted, of: any}}', true],
  ['{symptom: {sign: k8s.container_exited, detail: {exitCode: 137}}}', true], ['{symptom: {sign: k8s.container_exited, detail: {exitCode: "137"}}}', true], ['{symptom: {sign: k8s.container_exited, detail: {exitCode: {in: [1, 2]}}}}', false], ['{symptom: {sign: k8s.container_exited, detail: {nope: 1}}}', false],
  ['{symptom: {sign: k8s.container_exited, detail: {exitCode: {min: 128, max: 160}}}}', true], ['{symptom: {sign: k8s.container_exited, detail: {exitCode: {equals: 137, not: true}}}}', false],
  ['{symptom: {sign: k8s.container_exited, message: {regex: "code \\\\d+$"}}}', true], ['{symptom: {sign: k8s.container_exited, message: {contains: "138"}}}', false], ['{symptom: {sign: k8s.container_exited, message: exit code 137}}', true],
  ['{symptom: {sign: k8s.container_exited, within: 4m}}', false], ['{symptom: {sign: k8s.container_exited, within: 6m}}', true], ['{symptom: {sign: k8s.container_exited, before: 4m}}', true], ['{symptom: {sign: k8s.container_exited, before: 6m}}', false],
  ['{symptom: {sign: k8s.container_exited, count: {min: 4}}}', true], ['{symptom: {sign: k8s.container_exited, count: {min: 5}}}', false], ['{symptom: {sign: k8s.container_exited, count: {max: 3}}}', false], ['{symptom: {sign: "k8s.*", symptoms: {min: 2}}}', true], ['{symptom: {sign: "k8s.*", entities: {min: 2}}}', false],
  ['{symptom: {sign: "k8s.*", of: any, entities: {min: 4}}}', true], ['{symptom: {sign: k8s.crash_loop, count: {max: 0}}}', true], ['{symptom: {sign: k8s.container_exited, kind: Node}}', false], ['{symptom: {sign: k8s.container_exited, role: change}}', false], ['{symptom: {sign: k8s.container_exited, severity: {min: 13}}}', true],
  ['{symptom: {sign: k8s.container_exited, where: "it.detail.exitCode > 128 && it.count > 3"}}', true], ['{symptom: {sign: k8s.container_exited, where: "it.nope == 1"}}', false],
  ['{absent: {sign: k8s.crash_loop}}', true], ['{absent: {sign: k8s.container_exited}}', false], ['{absent: {sign: k8s.container_exited, within: 1m}}', true],
  ['{rate: {sign: k8s.probe_failed, per: 1m, min: 40}}', true], ['{rate: {sign: k8s.probe_failed, per: 1m, min: 41}}', false], ['{rate: {sign: k8s.crash_loop, min: 0}}', false],
  ['{sequence: {steps: [{sign: k8s.container_exited}, {sign: k8s.probe_failed}]}}', true], ['{sequence: {steps: [{sign: k8s.probe_failed}, {sign: k8s.container_exited}]}}', false], ['{sequence: {steps: [{sign: k8s.container_exited}, {sign: k8s.probe_failed}], within: 1m}}', false], ['{sequence: {steps: [{sign: node.pressure_memory, of: node}, {sign: k8s.container_exited}, {sign: k8s.probe_failed}]}}', true],
  ['{compare: {left: size(pods), op: "==", right: "1"}}', true], ['{compare: {left: "[1, 2]", op: subset_of, right: "[2, 1, 3]"}}', true], ['{compare: {left: "{\'a\': 1}", op: subset_of, right: "{\'a\': 1, \'b\': 2}"}}', true], ['{compare: {left: "{\'a\': 1}", op: not_subset_of, right: "{\'a\': 2}"}}', true],
  ['{compare: {left: "\'b\'", op: in, right: "[\'a\', \'b\']"}}', true], ['{compare: {left: "\'b\'", op: not_in, right: "[\'a\']"}}', true], ['{compare: {left: "2", op: "<", right: "10.0"}}', true], ['{compare: {left: "\'2\'", op: "<", right: "10"}}', false], ['{compare: {left: "\'cart-1\'", op: matches, right: "\'^cart\'"}}', true], ['{compare: {left: subject.nope, op: "!=", right: "1"}}', false],
  ['{all: [{expr: "true"}, {expr: "true"}]}', true], ['{all: [{expr: "true"}, {expr: "false"}]}', false], ['{any: [{expr: "false"}, {expr: "true"}]}', true], ['{any: []}', false], ['{any: [{symptom: {sign: k8s.crash_loop}}, {symptom: {sign: k8s.probe_failed}}]}', true], ['{not: {expr: "false"}}', true], ['{not: {expr: "subject.nope == 1"}}', true], ['{not: {symptom: {sign: k8s.probe_failed}}}', false],
  ['{symptom: {sign: k8s.container_exited}, as: exit}, {expr: exit.detail.exitCode == 137}', true], ['{expr: "pods.filter(p, true)", as: found}, {expr: size(found) == 1}', true], ['{expr: "[]", as: found}', false], ['{expr: "null", as: found}', false], ['{any: [{expr: "false", as: x}, {expr: "true"}]}, {expr: x == null}', true], ['{not: {expr: "false", as: x}}, {expr: x == null}', true],
  ['{rate: {sign: k8s.probe_failed, min: 1}, as: r}, {expr: r == 40}', true], ['{sequence: {steps: [{sign: k8s.container_exited}, {sign: k8s.probe_failed}]}, as: s}, {expr: "s[1].sign == \'k8s.probe_failed\'"}', true]
] as const) {
  test(when, () => { assert.is(holds(when), expected) })
}

for (const [subject, name, when, expected] of [
  ['workload', 'cart', '{symptom: {sign: k8s.container_exited}}', true], ['workload', 'cart', '{symptom: {sign: k8s.failed_create}}', true], ['workload', 'cart', '{symptom: {sign: k8s.container_exited, of: self}}', false], ['workload', 'cart', '{symptom: {sign: k8s.container_exited, of: pods}}', true], ['workload', 'cart', '{symptom: {sign: node.pressure_memory, of: node}}', true],
  ['Node', 'n1', '{symptom: {sign: node.unit_failed}}', true], ['Node', 'n1', '{symptom: {sign: k8s.container_exited}}', false], ['Node', 'n1', '{symptom: {sign: k8s.container_exited, of: pods}}', true], ['Service', 'cart', '{symptom: {sign: app.http_5xx, of: callers}}', true], ['Service', 'cart', '{symptom: {sign: k8s.container_exited, of: pods}}', true]
] as const) {
  test(`${subject}: ${when}`, () => { assert.is(holds(when, subject, name), expected) })
}

test('`let` may depend on `for`, which takes the first combination that holds', () => {
  const more = 'for: {c: "[1, 2, 3, 4]", d: "[c, c + 10]"}\nlet: {twice: "c * 2", sum: "twice + d"}\nevidence: [{when: {expr: "true"}, weight: 0.1, says: "{{c}} {{d}} {{twice}} {{sum}}"}]'
  const [finding] = evaluate(libraryOf(patternText('{expr: sum > 7}', { more })), scene(), [{ kind: 'Pod', namespace: 'shop', name: 'a' }])
  assert.equal(finding?.for.map(r => r.text), ['1 11 2 13'])
})

test('a `let` that fails is null, one that nobody asks for is not computed', () => {
  assert.ok(holds('{expr: bad == null}', 'Pod', 'a', 'let: {bad: subject.nope.x, unused: "1 / 0"}'))
})

test.run()

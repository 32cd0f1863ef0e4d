/** Guarantees: findings are complete, the same for the same input, bounded, and never a thrown error. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { defaultLimits, evaluate, Report } from './evaluate.js'
import { subjectsOf } from './subjects.js'
import { libraryOf, nowMs, patternText, sceneWith, see } from './testing.js'

const podNamed = (name: string, node = 'n1'): object => ({ kind: 'Pod', metadata: { namespace: 'shop', name, uid: `uid-${name}` }, spec: { nodeName: node } })
const ref = (name: string): { kind: string, namespace: string, name: string } => ({ kind: 'Pod', namespace: 'shop', name })

test('a finding has all that the pattern says', () => {
  const more = 'cause: broken\nrank: symptom\nexplains: [k8s.evicted]\nevidence:\n  - {when: {expr: "true"}, weight: 0.2, says: more}\n  - {when: {expr: "true"}, weight: -0.1, says: less}\n  - {when: {expr: "false"}, weight: 0.9, says: never}\nactions:\n  - {urgency: immediate, text: "do {{subject.metadata.name}}", command: "kubectl delete pod {{subject.metadata.name}}", risk: medium, expect: gone}\n  - {urgency: investigate, text: hidden, when: {expr: "false"}}'
  const scene = sceneWith([podNamed('a')], [['k8s.probe_failed', 'Pod/shop/a', 'refused', 90_000]])
  const [finding, ...others] = evaluate(libraryOf(patternText('{symptom: {sign: k8s.probe_failed}}, {expr: "true", says: said}', { more })), scene, [ref('a')])
  const id = [...scene.symptoms.all()][0]?.id ?? ''
  assert.equal(others, [])
  assert.equal(finding, {
    pattern: 'test.one', cause: 'broken', layer: 'k8s', rank: 'symptom', subject: { kind: 'Pod', namespace: 'shop', name: 'a', uid: 'uid-a' }, score: 0.6, title: 'it is a', explanation: 'because',
    for: [{ text: 'Pod shop/a: refused', weight: 0.25, symptoms: [id] }, { text: 'said', weight: 0.25 }, { text: 'more', weight: 0.2 }], against: [{ text: 'less', weight: -0.1 }],
    explainsSigns: ['k8s.evicted'], symptoms: [id], actions: [{ urgency: 'immediate', text: 'do a', command: 'kubectl delete pod a', risk: 'medium', expect: 'gone' }], sinceMs: nowMs - 90_000
  })
})

test('the score stays within 0 and 0.99', () => {
  for (const [weight, expected] of [[1, 0.99], [-1, 0]] as const) {
    assert.is(evaluate(libraryOf(patternText('true', { more: `evidence: [{when: {expr: "true"}, weight: ${weight}}]` })), sceneWith([podNamed('a')]), [ref('a')])[0]?.score, expected)
  }
})

for (const [since, expected] of [['1000', 1000], ['"\'2026-01-01T11:00:00Z\'"', nowMs - 3_600_000], ['subject.nope', NaN], ['"\'x\'"', NaN]] as const) {
  test(`since ${since}`, () => { assert.equal(evaluate(libraryOf(patternText('true', { more: `since: ${since}` })), sceneWith([podNamed('a')]), [ref('a')])[0]?.sinceMs, expected) })
}

test('several subjects that blame one object are one finding, with the symptoms of all', () => {
  const scene = sceneWith([podNamed('a'), podNamed('b'), podNamed('c', 'n2'), { kind: 'Node', metadata: { name: 'n1' } }], [['k8s.evicted', 'Pod/shop/a'], ['k8s.evicted', 'Pod/shop/b'], ['k8s.evicted', 'Pod/shop/c']])
  const found = evaluate(libraryOf(patternText('{symptom: {sign: k8s.evicted}}', { more: 'subject_is: node' })), scene, [ref('a'), ref('b'), ref('c')])
  assert.equal(found.map(f => [f.subject, f.symptoms.length, f.asked?.map(a => a.name)]), [[{ kind: 'Node', name: 'n1' }, 2, ['a', 'b']], [{ kind: 'Pod', namespace: 'shop', name: 'c', uid: 'uid-c' }, 1, undefined]])
})

test('`workload` is what nobody made on behalf of another', () => {
  const owned = (kind: string, name: string, owner?: string): object => ({ kind, metadata: { namespace: 'x', name, ...(owner === undefined ? {} : { ownerReferences: [{ kind: owner, name: 'o', controller: true }] }) } })
  const scene = sceneWith([owned('Deployment', 'd'), owned('ReplicaSet', 'r', 'Deployment'), owned('ReplicaSet', 'bare'), owned('Pod', 'p', 'ReplicaSet'), owned('Pod', 'alone'), owned('Job', 'j', 'CronJob'), owned('Job', 'once'), owned('StatefulSet', 's', 'Database'), owned('CronJob', 'c'), owned('DaemonSet', 'ds')])
  const found = evaluate(libraryOf(patternText('true', { subject: 'workload' })), scene, [...subjectsOf(scene, ['workload'])])
  assert.equal(found.map(f => f.subject.name).sort(), ['alone', 'bare', 'c', 'd', 'ds', 'once', 's'])
})

test('pods are found without their ReplicaSet being stored', () => {
  const pod = { kind: 'Pod', metadata: { namespace: 'x', name: 'web-5d-a', labels: { 'pod-template-hash': '5d' }, ownerReferences: [{ kind: 'ReplicaSet', name: 'web-5d', controller: true }] } }
  const scene = sceneWith([{ kind: 'Deployment', metadata: { namespace: 'x', name: 'web' } }, pod])
  assert.is(evaluate(libraryOf(patternText('size(pods) == 1', { subject: 'Deployment' })), scene, [{ kind: 'Deployment', namespace: 'x', name: 'web' }]).length, 1)
})

test('an entity that is not stored can be a subject', () => {
  const scene = sceneWith([], [['kernel.oom_kill', 'Node/box']])
  const [finding] = evaluate(libraryOf(patternText('{symptom: {sign: kernel.oom_kill}}, {expr: "!stored"}', { subject: 'Node' })), scene, [...subjectsOf(scene, ['Node'])])
  assert.equal(finding?.subject, { kind: 'Node', name: 'box' })
})

test('the same scene gives the same bytes, whatever the order of subjects', () => {
  const names = ['c', 'a', 'b', 'd']
  const run = (order: readonly string[]): string => {
    const scene = sceneWith(names.map(n => podNamed(n)), names.map(n => ['k8s.evicted', `Pod/shop/${n}`] as const))
    const library = libraryOf(patternText('{symptom: {sign: k8s.evicted, of: any}}'), patternText('true', { id: 'test.two' }), patternText('{symptom: {sign: k8s.evicted}}', { id: 'test.three', more: 'subject_is: refTo("Node", "", "n1")' }))
    return JSON.stringify(evaluate(library, scene, order.map(ref)))
  }
  assert.is(run(names), run(names))
  assert.is(run(names), run(['a', 'b', 'c', 'd']))
})

test('patterns whose signs are nowhere cost nothing', () => {
  const report = new Report()
  evaluate(libraryOf(patternText('{symptom: {sign: k8s.evicted}}, {expr: subject.nope}')), sceneWith([podNamed('a')]), [ref('a')], report)
  assert.equal([report.asked, report.skipped, report.errors.size], [0, 1, 0])
})

test('failures of expressions are counted, with the first message', () => {
  const report = new Report()
  evaluate(libraryOf(patternText('{expr: subject.nope.x == 1}')), sceneWith([podNamed('a'), podNamed('b')]), [ref('a'), ref('b')], report)
  assert.equal([...report.errors], [['test.one', { count: 2, message: 'No such key: nope' }]])
})

test('a pattern that matches everything is cut and said, others are unaffected', () => {
  const names = Array.from({ length: 20 }, (_, i) => `p${String(i).padStart(2, '0')}`)
  const report = new Report()
  const library = libraryOf(patternText('true'), patternText('subject.metadata.name == "p19"', { id: 'test.rare' }))
  const found = evaluate(library, sceneWith(names.map(n => podNamed(n))), names.map(ref), report, { ...defaultLimits, maxOfPattern: 5 })
  assert.is(found.filter(f => f.pattern === 'test.one').length, 5)
  assert.equal(found.filter(f => f.pattern === 'test.rare').map(f => f.subject.name), ['p19'])
  assert.equal([...report.flooding], ['test.one'])
})

test('what the budget does not reach is left, and the rest can be asked the next time', () => {
  const names = Array.from({ length: 50 }, (_, i) => `p${i}`)
  const scene = sceneWith(names.map(n => podNamed(n)))
  const library = libraryOf(patternText('{expr: "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10].all(a, a > 0)"}'))
  const report = new Report()
  const found = evaluate(library, scene, names.map(ref), report, { ...defaultLimits, maxSteps: 500 })
  assert.ok(report.left.length > 10 && found.length > 5)
  assert.is(found.length + report.left.length, 50)
  assert.is(evaluate(library, scene, report.left).length, report.left.length)
})

test('hostile shapes and cyclic owners end', () => {
  const odd: object[] = [
    { kind: 'Pod', metadata: { namespace: 'x', name: 'a', ownerReferences: [{ kind: 'Pod', name: 'b', controller: true }] }, spec: 'x', status: [] }, { kind: 'Pod', metadata: { namespace: 'x', name: 'b', ownerReferences: [{ kind: 'Pod', name: 'a', controller: true }] } },
    { kind: 'ReplicaSet', metadata: { namespace: 'x', name: 'r', ownerReferences: [{ kind: 'ReplicaSet', name: 'r', controller: true }] } }, { kind: 'Service', metadata: { namespace: 'x', name: 's' }, spec: { selector: [], ports: {} } }
  ]
  const scene = sceneWith(odd, [['k8s.evicted', 'Pod/x/a']])
  const library = libraryOf(patternText('{symptom: {sign: k8s.evicted, of: [owner, workload, services, callers, callees, "related:owner"]}}, size(pods) >= 0', { subject: '[Pod, ReplicaSet, Service, workload]' }))
  evaluate(library, scene, [...subjectsOf(scene, ['Pod', 'ReplicaSet', 'Service'])])
})

test('symptoms that come later are seen by the next call', () => {
  const scene = sceneWith([podNamed('a')])
  const library = libraryOf(patternText('{symptom: {sign: k8s.evicted}}'))
  assert.is(evaluate(library, scene, [ref('a')]).length, 0)
  see(scene.symptoms, ['k8s.evicted', 'Pod/shop/a'])
  assert.is(evaluate(library, scene, [ref('a')]).length, 1)
})

test('100 patterns asked about 200 objects take less than 100 ms of CPU', () => {
  const whens = ['{symptom: {sign: k8s.evicted}}, {expr: size(pods) > 3}', '{expr: has(subject.spec.nope) && size(subject.spec.nope) > 0}', '{expr: "containers(template).exists(c, !has(c.name))"}', '{symptom: {sign: k8s.probe_failed, message: {regex: "(?i)timed? ?out"}}}, {expr: "nodes.all(n, !nodeSelectorMatches(template, n))"}', '{absent: {sign: k8s.evicted}}, {expr: restarts(subject) > 5}']
  const library = libraryOf(...Array.from({ length: 100 }, (_, i) => patternText(whens[i % whens.length] as string, { id: `test.p${i}` })))
  const names = Array.from({ length: 200 }, (_, i) => `p${i}`)
  const nodes = Array.from({ length: 20 }, (_, i) => ({ kind: 'Node', metadata: { name: `n${i}` } }))
  const scene = sceneWith([...nodes, ...names.map((n, i) => podNamed(n, `n${i % 20}`))], names.filter((_, i) => i % 10 === 0).flatMap(n => [['k8s.evicted', `Pod/shop/${n}`], ['k8s.probe_failed', `Pod/shop/${n}`, 'Timeout']] as const))
  let best = Infinity
  for (let i = 0; i < 8; i++) {
    const before = process.cpuUsage()
    evaluate(library, scene, names.map(ref))
    best = Math.min(best, process.cpuUsage(before).user / 1000)
  }
  console.log(`REPORT 100 patterns x 200 objects: ${best.toFixed(1)} ms of CPU`)
  assert.ok(best < 100, `${best} ms`)
})

test.run()

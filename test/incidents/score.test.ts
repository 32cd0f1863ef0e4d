import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { EntityRef } from '../../core/correlation/entity.js'
import type { Layer } from '../../core/correlation/symptom.js'
import type { ChainStep, Incident } from '../../core/incidents/incident.js'
import { generate, type Story } from './generate.js'
import { scenarios } from './scenarios/index.js'
import { scoreStory } from './score.js'
import type { Truth } from './scenario.js'

const scenario = scenarios.find(s => s.name === 'container memory limit') as typeof scenarios[0]
const story = generate([scenario], 21, { name: 'plain', noise: 1, skewMs: 0 })
const [truth] = story.truths as [Truth]

function stepOf (sign: string, entity: EntityRef, causes: readonly number[]): ChainStep {
  return { id: `${sign}${entity.name}`, layer: sign.split('.')[0] as Layer, sign, entity, text: '', detail: '', timeMs: story.faultMs, lastMs: story.faultMs, count: 1, severity: 17, confidence: 1, causes: causes.map(step => ({ step, confidence: 1, kind: 'same_entity', why: '' })), evidence: [] }
}

function incident (chain: readonly ChainStep[], cause: string, subject: EntityRef, affected: readonly EntityRef[], id = 'a'): Incident {
  const hypothesis = { pattern: `x.${cause}`, cause, layer: 'k8s' as const, subject, score: 1, title: '', explanation: '', for: [], against: [], explains: [] }
  return {
    schema: 1, id, version: 1, status: 'open', title: '', severity: 'high', startMs: story.faultMs, detectedMs: story.faultMs + 4000, updatedMs: 0, timeToDetectionMs: 0,
    impact: { level: 'high', score: 1, cascadeRisk: 0, affected: affected.map(entity => ({ entity, state: 'failed', why: '' })), counts: { nodes: 0, workloads: 0, services: 0, pods: 0 }, slo: [], summary: '' },
    hypotheses: [hypothesis], chain, omitted: 0, actions: [], traceIds: [], events: 1, related: [], notes: []
  }
}

const first = (name: string): EntityRef => truth.stages[name]?.of[0] as EntityRef
const pod = (name: string): EntityRef => truth.stages[name]?.of.find(e => e.kind === 'Pod') as EntityRef
const whole = [stepOf('kernel.oom_kill', pod('oom'), []), stepOf('k8s.container_oom_killed', pod('killed'), [0]), stepOf('k8s.no_endpoints', first('down'), [1]), stepOf('net.connection_refused', pod('calls'), [2]), stepOf('app.http_5xx', pod('errors'), [3])]
const deployment = truth.subjects.find(e => e.kind === 'Deployment') as EntityRef

function only (s: Story, incidents: readonly Incident[]): ReturnType<typeof scoreStory>[0] { return scoreStory(s, incidents)[0] as ReturnType<typeof scoreStory>[0] }

test('all right', () => {
  const score = only(story, [incident(whole, 'oom_killed', deployment, truth.affected)])
  assert.is(score.rank, 0)
  assert.equal(score.edges, { right: 4, told: 4, wanted: truth.edges.length, found: truth.edges.length })
  assert.is(score.affected.right, score.affected.wanted)
  assert.is(score.affected.told, score.affected.wanted)
  assert.equal([score.parts, score.falseAlarms, score.detectionMs], [1, 0, 4000])
})

test('a pod of the workload is the same subject, another workload is not; another cause is only half right', () => {
  assert.is(only(story, [incident(whole, 'oom_killed', pod('oom'), [])]).rank, 0)
  const other = only(story, [incident(whole, 'oom_killed', { kind: 'Deployment', namespace: deployment.namespace as string, name: 'another' }, [])])
  assert.equal([other.rank, other.subjectRank], [undefined, undefined])
  const cause = only(story, [incident(whole, 'node_cordoned', deployment, [])])
  assert.equal([cause.rank, cause.subjectRank], [undefined, 0])
})

test('edges the wrong way round or to what has no part in it are wrong, missing ones are missed', () => {
  const upside = [stepOf('app.http_5xx', pod('errors'), []), stepOf('kernel.oom_kill', pod('oom'), [0]), stepOf('k8s.container_oom_killed', { kind: 'Pod', namespace: 'elsewhere', name: 'x' }, [1])]
  const { edges } = only(story, [incident(upside, 'oom_killed', deployment, [])])
  assert.equal([edges.right, edges.told, edges.found], [0, 2, 0])
  const gap = [whole[0] as ChainStep, stepOf('k8s.container_oom_killed', pod('killed'), [0])]
  assert.is(only(story, [incident(gap, 'oom_killed', deployment, [])]).edges.found, 1)
})

test('a way over steps in between counts as found', () => {
  const detour = [whole[0] as ChainStep, stepOf('k8s.crash_loop', pod('killed'), [0]), stepOf('k8s.pod_not_ready', pod('killed'), [1]), stepOf('k8s.no_endpoints', first('down'), [2])]
  assert.is(only(story, [incident(detour, 'oom_killed', deployment, [])]).edges.found, 2)
})

test('what has nothing to do with the fault is a false alarm; a fault in two incidents has two parts', () => {
  const elsewhere = incident([stepOf('node.not_ready', { kind: 'Node', name: 'no-such-node' }, [])], 'kubelet', { kind: 'Node', name: 'no-such-node' }, [], 'b')
  const part = incident([whole[4] as ChainStep], 'http_5xx', pod('errors'), [], 'c')
  const score = only(story, [incident(whole, 'oom_killed', deployment, []), elsewhere, part])
  assert.equal([score.parts, score.falseAlarms, score.incidents, score.incident?.id], [2, 1, 3, 'a'])
})

test('nothing told is nothing right', () => {
  const score = only(story, [])
  assert.equal([score.rank, score.parts, score.edges.found, score.affected.found, score.detectionMs], [undefined, 0, 0, 0, undefined])
})

test('what a missing layer hides is bridged, not asked for', () => {
  const blind: Story = { ...story, variation: { ...story.variation, without: 'kernel' } }
  const seen = whole.slice(1).map((s, i) => ({ ...s, causes: i === 0 ? [] : [{ step: i - 1, confidence: 1, kind: 'x', why: '' }] }))
  const { edges } = only(blind, [incident(seen, 'oom_killed', deployment, [])])
  assert.is(edges.found, edges.wanted)
  assert.is(edges.wanted, truth.edges.length - 1)
})

test('two faults in one incident are merged', () => {
  const [a, b] = [scenario, scenarios.find(s => s.name === 'selector of a Service is wrong') as typeof scenario]
  const two = generate([a, b], 33, { name: 'two faults', noise: 1, skewMs: 0, isDouble: true })
  const steps = two.truths.map((t, i) => { const stage = t.stages[i === 0 ? 'oom' : 'endpoints'] as { of: readonly EntityRef[] }; return stepOf(i === 0 ? 'kernel.oom_kill' : 'k8s.no_endpoints', stage.of.find(e => e.kind === (i === 0 ? 'Pod' : 'Service')) as EntityRef, []) }) as [ChainStep, ChainStep]
  const subject = two.truths[0]?.subjects[0] as EntityRef
  assert.equal(scoreStory(two, [incident(steps, 'oom_killed', subject, [])]).map(s => s.isMerged), [true, true])
  assert.equal(scoreStory(two, [incident([steps[0]], 'oom_killed', subject, []), incident([steps[1]], 'x', subject, [], 'b')]).map(s => s.isMerged), [false, false])
})

test.run()

/**
 * Scenario: incidents and links in a real store asked for and followed; events analysed by the processors of this build. Guarantees:
 * what is told is what is stored, each change once and under its right name; wrong and ambiguous ids are named; an analysis leaves
 * nothing behind and can be given up.
 */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { registryUrl } from '../../cli/registry.js'
import type { Incident } from '../../incidents/incident.js'
import { imageIncident, memoryIncident, unknownIncident } from '../../incidents/testing/incidents.js'
import type { Link } from '../../correlation/link.js'
import { pageOf } from '../../story/layout.js'
import { storyOf, wholeStory } from '../../story/story.js'
import { storyText } from '../../story/text.js'
import { CorrelationService } from '../gen/tapio/v1/correlation_service_pb.js'
import type { SubscribeToIncidentsResponse } from '../gen/tapio/v1/incident_pb.js'
import { incidentOf } from '../messages/incident.js'
import { Bench, failureOf, next, type BenchOptions } from './testing/bench.js'

const test = suite('api: CorrelationService')
const { getIncidents, getIncident, subscribeToIncidents, getStory, getRecommendedActions, getCorrelations, analyzeEvents } = CorrelationService.method

async function withBench (work: (bench: Bench) => Promise<void>, options: BenchOptions = {}): Promise<void> {
  const bench = await Bench.open(options)
  for (const incident of [memoryIncident, imageIncident, unknownIncident]) await bench.kept.putIncident(incident)
  try { await work(bench) } finally { await bench.close() }
}

test('incidents are found by every part of a question, page by page, and come back whole', () => withBench(async bench => {
  const ids = async (request: object): Promise<string[]> => (await bench.call(getIncidents, request)).incidents.map(i => i.id)
  assert.equal(await ids({}), [unknownIncident.id, imageIncident.id, memoryIncident.id])
  assert.equal(await ids({ page: { order: 'oldest' } }), [memoryIncident.id, imageIncident.id, unknownIncident.id])
  assert.equal(await ids({ status: 'open' }), [unknownIncident.id, memoryIncident.id])
  assert.equal(await ids({ minSeverity: 'medium' }), [imageIncident.id, memoryIncident.id])
  assert.equal(await ids({ entity: { kind: 'pod', namespace: 'shop', name: 'mysql-5432' } }), [memoryIncident.id])
  assert.equal(await ids({ traceId: memoryIncident.traceIds[0] }), [memoryIncident.id])
  assert.equal(await ids({ id: '0c' }), [imageIncident.id])
  assert.equal(await ids({ since: { seconds: BigInt(Math.floor(unknownIncident.startMs / 1000)) }, status: 'resolved' }), [])
  assert.equal(await ids({ until: { seconds: BigInt(memoryIncident.startMs / 1000 + 1) } }), [memoryIncident.id])
  const first = await bench.call(getIncidents, { page: { size: 2 }, fields: { paths: ['id', 'impact.level'] } })
  assert.equal(first.incidents.map(i => [i.id, i.title, i.impact?.level]), [[unknownIncident.id, '', 'low'], [imageIncident.id, '', 'low']])
  assert.equal(await ids({ page: { size: 2, token: first.nextPageToken } }), [memoryIncident.id])
  const { incident } = await bench.call(getIncident, { id: memoryIncident.id })
  assert.equal(incidentOf(incident as NonNullable<typeof incident>), memoryIncident)
}))

test('first digits are enough when only one has them', () => withBench(async bench => {
  await bench.kept.putIncident({ ...imageIncident, id: '5b1fffffffffffff' })
  assert.is((await bench.call(getIncident, { id: '5b1f0', fields: { paths: ['title'] } })).incident?.title, memoryIncident.title)
  assert.match(await failureOf(bench.call(getIncident, { id: '5b1f' })), /^INVALID_ARGUMENT id begins the ids of several incidents: 5b1f\w+, 5b1f\w+; give more digits/)
  assert.match(await failureOf(bench.call(getIncident, { id: '99' })), /^NOT_FOUND the store has no incident whose id begins with 99/)
  assert.match(await failureOf(bench.call(getStory, { id: 'XY' })), /^INVALID_ARGUMENT id is "XY"/)
  assert.match(await failureOf(bench.call(getIncidents, { entity: { kind: 'Pod' } })), /^INVALID_ARGUMENT entity\.name is missing/)
  const { nextPageToken } = await bench.call(getIncidents, { page: { size: 1 } })
  assert.match(await failureOf(bench.call(getIncidents, { status: 'open', page: { token: nextPageToken } })), /^INVALID_ARGUMENT page\.token is not one of this question/)
}))

test('the story is that of the command line; what to do comes with it', () => withBench(async bench => {
  const story = async (request: object): Promise<string> => (await bench.call(getStory, { id: memoryIncident.id, ...request })).story
  assert.is(await story({}), storyText(storyOf(memoryIncident), pageOf(100, false)))
  assert.is(await story({ width: 60, full: true }), storyText(storyOf(memoryIncident, wholeStory), pageOf(60, false)))
  assert.ok((await story({ width: 200 })).split('\n').some(line => line.length > 120))
  assert.match(await story({ format: 'markdown' }), /^## Memory exhaustion/)
  const { actions } = await bench.call(getRecommendedActions, { id: memoryIncident.id })
  assert.equal(actions.map(a => [a.urgency, a.command, a.risk]), memoryIncident.actions.map(a => [a.urgency, a.command ?? '', a.risk]))
}))

const symptom = (n: number): string => n.toString(16).padStart(32, '0')
const link = (cause: number, effect: number): Link => ({
  id: `l-${cause}-${effect}`, cause: symptom(cause), effect: symptom(effect), kind: 'placement', by: 'k8s_correlation', confidence: 0.9, lagMs: -1.5, path: [{ kind: 'Node', name: 'node-7' }, { kind: 'Pod', namespace: 'shop', name: 'p' }], why: 'it runs there', events: []
})

test('links are listed by incident or by symptom, page by page', () => withBench(async bench => {
  for (const [cause, effect] of [[1, 2], [1, 3], [3, 4], [1, 99]] as const) await bench.kept.putLink(link(cause, effect))
  const { correlations } = await bench.call(getCorrelations, { incidentId: memoryIncident.id })
  assert.equal(correlations.map(c => c.id).sort(), ['l-1-2', 'l-1-3', 'l-3-4'])
  assert.equal(correlations[0]?.lag, { $typeName: 'google.protobuf.Duration', seconds: 0n, nanos: -1_500_000 })
  assert.equal(correlations[0]?.path.map(e => e.name), ['node-7', 'p'])
  const first = await bench.call(getCorrelations, { symptomId: symptom(1), page: { size: 2, order: 'oldest' } })
  const second = await bench.call(getCorrelations, { symptomId: symptom(1), page: { size: 2, order: 'oldest', token: first.nextPageToken } })
  assert.equal([...first.correlations, ...second.correlations].map(c => c.id), ['l-1-2', 'l-1-3', 'l-1-99'])
  assert.match(await failureOf(bench.call(getCorrelations, {})), /^INVALID_ARGUMENT incident_id or symptom_id is expected/)
  assert.match(await failureOf(bench.call(getCorrelations, { incidentId: memoryIncident.id, symptomId: symptom(1) })), /^INVALID_ARGUMENT incident_id/)
  assert.match(await failureOf(bench.call(getCorrelations, { incidentId: '9'.repeat(16) })), /^NOT_FOUND/)
}))

const news = (message: SubscribeToIncidentsResponse): [string, string][] => message.changes.map(c => [c.kind, c.incident?.id ?? ''])

/** Messages until one has changes. */
async function changes (stream: AsyncIterator<SubscribeToIncidentsResponse>): Promise<SubscribeToIncidentsResponse> {
  for (;;) {
    const message = await next(stream)
    if (message.changes.length > 0) return message
  }
}

test('open incidents come first, then each change under its name', () => withBench(async bench => {
  const call = new AbortController()
  const stream = bench.stream(subscribeToIncidents, {}, call.signal)
  const existing = await next(stream)
  assert.equal(news(existing), [['existing', unknownIncident.id], ['existing', memoryIncident.id]])
  const opened: Incident = { ...memoryIncident, id: 'abababababababab', version: 3 }
  await bench.kept.putIncident(opened)
  assert.equal(news(await changes(stream)), [['opened', opened.id]])
  await bench.kept.putIncident({ ...opened, version: 4, title: 'more' })
  const changed = await changes(stream)
  assert.equal(news(changed), [['changed', opened.id]])
  await bench.kept.putIncident({ ...unknownIncident, version: 2, status: 'resolved', resolvedMs: Date.now() })
  assert.equal(news(await changes(stream)), [['resolved', unknownIncident.id]])
  await bench.kept.putIncident({ ...opened, version: 5, status: 'resolved', mergedInto: memoryIncident.id })
  assert.equal(news(await changes(stream)), [['merged', opened.id]])
  call.abort()
  assert.match(await failureOf(stream.next()), /^CANCELLED/)
  const again = new AbortController()
  const resumed = bench.stream(subscribeToIncidents, { resumeToken: changed.resumeToken, fields: { paths: ['id'] } }, again.signal)
  const missed: [string, string][] = []
  while (missed.length < 2) missed.push(...news(await changes(resumed)))
  again.abort()
  assert.equal(missed, [['resolved', unknownIncident.id], ['merged', opened.id]])
}))

test('only what fits is told; a token of nothing is refused', () => withBench(async bench => {
  const call = new AbortController()
  const stream = bench.stream(subscribeToIncidents, { minSeverity: 'high', entity: { name: 'node-7' } }, call.signal)
  assert.equal(news(await next(stream)), [['existing', memoryIncident.id]])
  await bench.kept.putIncident({ ...unknownIncident, version: 9 })
  await bench.kept.putIncident({ ...memoryIncident, version: 9 })
  assert.equal(news(await changes(stream)), [['changed', memoryIncident.id]])
  call.abort()
  const signal = new AbortController().signal
  assert.match(await failureOf(next(bench.stream(subscribeToIncidents, { resumeToken: 'x' }, signal))), /^INVALID_ARGUMENT resume_token/)
  assert.match(await failureOf(next(bench.stream(subscribeToIncidents, { entity: { kind: 'Pod' } }, signal))), /^INVALID_ARGUMENT entity\.name/)
}))

test('the last one that was open, and nothing at all', async () => {
  const bench = await Bench.open()
  const call = new AbortController()
  const first = await next(bench.stream(subscribeToIncidents, {}, call.signal))
  assert.equal(first.changes, [])
  assert.is.not(first.resumeToken, '')
  call.abort()
  await bench.close()
})

const startS = BigInt(Date.UTC(2026, 0, 31, 3) / 1000)

/** A container that is ended by the kernel again and again, as the collectors of the node and of the cluster see it. */
function outOfMemory (): object[] {
  const pod = { kind: 'Pod', namespace: 'shop', name: 'cart-7d8f9' }
  const resource = { 'k8s.pod.name': pod.name, 'k8s.namespace.name': 'shop', 'k8s.node.name': 'node-7', 'k8s.container.name': 'main' }
  return [0, 40, 90].flatMap(at => [
    { time: { seconds: startS + BigInt(at) }, source: 'ebpf', type: 'memory', name: 'oom_kill', severityNumber: 21, message: 'killed cart', entity: pod, resource, kernel: { pid: 4711, comm: 'cart' } },
    { time: { seconds: startS + BigInt(at + 1) }, source: 'kubernetes', type: 'kubernetes', name: 'OOMKilled', severityNumber: 17, message: 'container main ended with exit code 137', entity: pod, resource },
    { time: { seconds: startS + BigInt(at + 5) }, source: 'kubernetes', type: 'kubernetes', name: 'BackOff', severityNumber: 13, message: 'Back-off restarting failed container main in pod cart-7d8f9', entity: pod, resource }
  ])
}

test('events are explained by the processors of this build, in any order, with nothing left behind', async () => {
  const bench = await Bench.withoutStore({ modules: [registryUrl] })
  const { incidents } = await bench.call(analyzeEvents, { events: outOfMemory().reverse() })
  assert.ok(incidents.length > 0, 'something is explained')
  const [worst] = incidents
  assert.ok(incidentOf(worst as NonNullable<typeof worst>) !== undefined)
  assert.ok(worst?.chain.some(s => s.entity?.name === 'cart-7d8f9'), JSON.stringify(worst?.chain.map(s => [s.sign, s.entity?.name])))
  const again = await bench.call(analyzeEvents, { events: outOfMemory() })
  assert.equal(again.incidents.map(i => [i.title, i.chain.length]), incidents.map(i => [i.title, i.chain.length]))
  assert.equal((await bench.call(analyzeEvents, { events: [{ name: 'all is well', severityNumber: 9 }] })).incidents, [])
  assert.match(await failureOf(bench.call(analyzeEvents, { events: [{ type: 'quake' }] })), /^INVALID_ARGUMENT events\[0\]\.type/)
  await bench.close()
})

test('an analysis can be given up while it runs and while it waits; the next one works', async () => {
  const bench = await Bench.withoutStore({ modules: [registryUrl] })
  const many = Array.from({ length: 2000 }, (_, i) => ({ time: { seconds: startS + BigInt(i) }, name: `e${i}`, severityNumber: 9 }))
  const [running, waiting] = [new AbortController(), new AbortController()]
  const first = failureOf(bench.call(analyzeEvents, { events: many }, running.signal))
  const second = failureOf(bench.call(analyzeEvents, { events: many }, waiting.signal))
  const third = bench.call(analyzeEvents, { events: outOfMemory() })
  waiting.abort()
  running.abort()
  assert.match(await first, /^CANCELLED/)
  assert.match(await second, /^CANCELLED/)
  assert.ok((await third).incidents.length > 0)
  await bench.close()
})

test('a build without the processors says so', async () => {
  const bench = await Bench.withoutStore({ modules: [] })
  assert.match(await failureOf(bench.call(analyzeEvents, { events: outOfMemory() })), /^FAILED_PRECONDITION .*lacks the processors context and incident/)
  await bench.close()
})

test.run()

/**
 * Scenario: a planned graph with real metrics, looked at once, again and again, tapped, asked for health and topology; and no graph at
 * all. Guarantees: rates, latencies and drops are those of the window; edges without flow are there; who may not see components does
 * not; what cannot be answered says what to do.
 */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { accepted, rejected, retry } from '../../component/outcome.js'
import type { TopologyQuestion } from '../../component/questions.js'
import { BatchBuilder } from '../../data/builder.js'
import { TapRefused } from '../../graph/tap.js'
import { ringUsed } from '../../graph/runtime-metrics.js'
import { createDrops } from '../../telemetry/drops.js'
import { EdgeMetrics } from '../../telemetry/edges.js'
import { ProcessMetrics } from '../../telemetry/process-metrics.js'
import { FakeClock } from '../../testing/fake-clock.js'
import { TapioService } from '../gen/tapio/v1/tapio_service_pb.js'
import { Bench, FakeHost, failureOf, next, testPlan } from './testing/bench.js'

const test = suite('api: TapioService')
const { getServiceInfo, healthCheck, getMetrics, getPipelines, watchPipelines, tap, getTopology } = TapioService.method

function running (): FakeHost {
  const host = new FakeHost()
  host.plan = testPlan(['in: test_source test_source/2 | test_misbehaving | test_sink test_forward', 'out: test_forward | | test_sink/2'])
  return host
}

const sourceEdge = { from: 'receiver/test_source', to: 'pipeline/in', pipeline: 'in' }

async function withBench (host: FakeHost, work: (bench: Bench) => Promise<void>): Promise<void> {
  const bench = await Bench.withoutStore({ host })
  try { await work(bench) } finally { await bench.close() }
}

test('the graph is told as it is planned, in the order of flow', () => withBench(running(), async bench => {
  const { state } = await bench.call(getPipelines, {})
  assert.equal(state?.pipelines, ['in', 'out'])
  assert.is(state?.mode, 'standard')
  assert.equal(state?.components.map(c => `${c.name} ${c.kind} ${c.type} [${c.pipelines.join()}] [${c.threads.join()}]`), [
    'receiver/test_source receiver test_source [in] [main]', 'receiver/test_source/2 receiver test_source [in] [main]', 'pipeline/in pipeline  [in] [main]',
    'processor/test_misbehaving processor test_misbehaving [in] [worker]', 'connector/test_forward connector test_forward [in,out] [worker]', 'exporter/test_sink exporter test_sink [in] [worker]',
    'pipeline/out pipeline  [out] [worker]', 'exporter/test_sink/2 exporter test_sink [out] [worker]'
  ])
  assert.equal(state?.edges.map(e => `${e.pipeline}: ${e.from} -> ${e.to}`), [
    'in: receiver/test_source -> pipeline/in', 'in: receiver/test_source/2 -> pipeline/in', 'in: pipeline/in -> processor/test_misbehaving', 'in: processor/test_misbehaving -> connector/test_forward',
    'in: processor/test_misbehaving -> exporter/test_sink', 'out: connector/test_forward -> pipeline/out', 'out: pipeline/out -> exporter/test_sink/2'
  ])
  assert.ok(state?.edges.every(e => e.sent === 0n && e.eventsPerSecond === 0 && e.latencyP99Ms === 0))
  assert.equal(state?.rings.map(r => [r.id, r.from, r.to, r.capacityBytes > 0n]), [['in:in:worker', ['main'], 'worker', true]])
  assert.equal(state?.threads.map(t => t.name), ['main', 'worker'])
  assert.ok(Number(state?.window?.seconds) >= 59, 'since the start')
}))

test('what flowed is counted: outcomes, drops by reason, rates and latencies of the window', () => withBench(running(), async bench => {
  const { host } = bench
  const edge = new EdgeMetrics(host.meters.meterFor({}), sourceEdge)
  const batch = (rows: number, end: (rows: number) => void): void => { edge.begin(rows); end(rows) }
  for (let i = 0; i < 90; i++) batch(100, rows => { edge.end(accepted, rows, 0.002) })
  for (let i = 0; i < 10; i++) batch(100, rows => { edge.end(rejected('bad', 40), rows, 0.2) })
  batch(7, rows => { edge.end(retry('full'), rows, 0.002) })
  batch(5, rows => { edge.failed(rows, 0.002) })
  edge.dropped('queue_full', 3)
  edge.begin(1)
  createDrops(host.meters.meterFor({ component: 'processor/test_misbehaving', pipeline: 'in' })).add('filtered', 12)
  createDrops(host.meters.meterFor({ component: 'ring/in:in', pipeline: 'in' })).add('ring_full', 9)
  host.meters.meterFor({}).gauge(ringUsed, { ring: 'in:in:worker' }).set(4096)
  new ProcessMetrics(host.meters.meterFor({})).sample()
  host.healthNow = { ...host.healthNow, components: [{ component: 'processor/test_misbehaving@worker', state: 'recoverable_error', reason: 'it hurts', since: '2026-01-01T00:00:00.000Z' }] }
  const { state } = await bench.call(getPipelines, {})
  const [first] = state?.edges ?? []
  assert.equal([first?.sent, first?.accepted, first?.rejected, first?.retried, first?.inFlightBatches], [10_013n, 9600n, 400n, 7n, 1])
  assert.equal(first?.drops.map(d => [d.reason, d.events]), [['component_error', 5n], ['queue_full', 3n]])
  assert.ok((first?.latencyP50Ms ?? 0) > 1 && (first?.latencyP50Ms ?? 0) <= 2.5, `${first?.latencyP50Ms}`)
  assert.ok((first?.latencyP99Ms ?? 0) > 100 && (first?.latencyP99Ms ?? 0) <= 250, `${first?.latencyP99Ms}`)
  const held = state?.components.find(c => c.name === 'processor/test_misbehaving')
  assert.equal([held?.state, held?.reason, held?.drops.map(d => [d.reason, d.events])], ['recoverable_error', 'it hurts', [['filtered', 12n]]])
  assert.equal([state?.rings[0]?.usedBytes, state?.rings[0]?.lostEvents], [4096n, 9n])
  assert.ok((state?.process?.rssBytes ?? 0n) > 1_000_000n && (state?.process?.cpuSeconds ?? 0) > 0)
}))

test('watching tells the rates of each interval', async () => {
  const host = running()
  // The clock of the API stands until it is moved; the metrics' own goes on.
  const clock = new FakeClock()
  const bench = await Bench.withoutStore({ host, clock })
  const edge = new EdgeMetrics(host.meters.meterFor({}), sourceEdge)
  const send = (rows: number): void => { edge.begin(rows); edge.end(accepted, rows, 0.001) }
  send(1000)
  const call = new AbortController()
  const stream = bench.stream(watchPipelines, { interval: { seconds: 1n } }, call.signal)
  const first = next(stream)
  while (clock.pending === 0) await new Promise(resolve => setImmediate(resolve))
  send(50)
  const startedMs = performance.now()
  while (performance.now() - startedMs < 20) await new Promise(resolve => setImmediate(resolve))
  await clock.advance(1000)
  const { state } = await first
  const seconds = Number(state?.window?.seconds) + (state?.window?.nanos ?? 0) / 1e9
  assert.ok(Math.abs((state?.edges[0]?.eventsPerSecond ?? 0) * seconds - 50) < 1e-3, 'only what came in between')
  assert.is(state?.edges[0]?.sent, 1050n)
  const second = next(stream)
  while (clock.pending === 0) await new Promise(resolve => setImmediate(resolve))
  await new Promise(resolve => setTimeout(resolve, 2))
  await clock.advance(1000)
  assert.is((await second).state?.edges[0]?.eventsPerSecond, 0)
  const third = failureOf(next(stream))
  while (clock.pending === 0) await new Promise(resolve => setImmediate(resolve))
  call.abort()
  assert.match(await third, /^CANCELLED/)
  assert.is(clock.pending, 0, 'no timer is left')
  for (const interval of [{ nanos: 1_000_000 }, { seconds: 61n }, { seconds: -1n }]) assert.match(await failureOf(next(bench.stream(watchPipelines, { interval }, new AbortController().signal))), /^INVALID_ARGUMENT interval/)
  await bench.close()
})

test('a later look counts from the one before, when that was neither just now nor long ago', () => withBench(running(), async bench => {
  const edge = new EdgeMetrics(bench.host.meters.meterFor({}), sourceEdge)
  const look = async () => (await bench.call(getPipelines, {})).state
  assert.ok(Number((await look())?.window?.seconds) >= 59)
  edge.begin(500)
  edge.end(accepted, 500, 0.001)
  assert.ok(Number((await look())?.window?.seconds) >= 59, 'the first was just now')
  await new Promise(resolve => setTimeout(resolve, 950))
  const later = await look()
  const seconds = Number(later?.window?.seconds) + (later?.window?.nanos ?? 0) / 1e9
  assert.ok(seconds >= 0.9 && seconds < 10, `${seconds}`)
  assert.ok(Math.abs((later?.edges[0]?.eventsPerSecond ?? 0) * seconds - 500) < 1e-3)
}))

test('metrics are told by prefix, histograms by bucket', () => withBench(running(), async bench => {
  const edge = new EdgeMetrics(bench.host.meters.meterFor({}), sourceEdge)
  edge.begin(10)
  edge.end(accepted, 10, 0.002)
  const { families } = await bench.call(getMetrics, { prefix: 'tapio_edge_' })
  assert.ok(families.every(f => f.name.startsWith('tapio_edge_')))
  assert.is(families.find(f => f.name === 'tapio_edge_sent_events_total')?.series[0]?.value, 10)
  const histogram = families.find(f => f.kind === 'histogram')?.series[0]?.histogram
  assert.is(histogram?.counts.length, (histogram?.bounds.length ?? 0) + 1)
  assert.is(histogram?.counts.reduce((sum, n) => sum + n, 0n), 1n)
  assert.equal((await bench.call(getMetrics, { prefix: 'other_' })).families, [])
}))

test('health is for everybody, components for those who may read', () => withBench(running(), async bench => {
  bench.host.healthNow = { live: true, failures: [], ready: false, graph: 'running', failing: [], components: [{ component: 'exporter/test_sink', state: 'recoverable_error', reason: 'no route', since: '2026-01-01T00:00:00.000Z' }] }
  bench.scope = 'public'
  const outside = await bench.call(healthCheck, {})
  assert.equal([outside.status, outside.live, outside.ready, outside.components], ['not_serving', true, false, []])
  bench.scope = 'read'
  const { components: [one] } = await bench.call(healthCheck, {})
  assert.equal([one?.component, one?.state, one?.reason, one?.since?.seconds], ['exporter/test_sink', 'recoverable_error', 'no route', 1_767_225_600n])
}))

test('what can be asked is told by what is there', async () => {
  const host = running()
  host.answers = { 'events.submit': { 'receiver/api': () => ({ status: 'accepted', rejected: 0, reason: '', retryAfterMs: 0 }) } }
  const bench = await Bench.open({ host })
  const info = await bench.call(getServiceInfo, {})
  assert.equal(info.features, ['events', 'incidents', 'pipelines', 'tap', 'submit'])
  assert.equal([info.version, info.apiVersions, info.mode, info.limits?.maxPageSize, info.store?.events], ['1.2.3', ['tapio.v1'], 'standard', 1000, 0n])
  await bench.close()
  await withBench(new FakeHost(), async alone => {
    const served = await alone.call(getServiceInfo, {})
    assert.equal([served.mode, served.features, served.store], ['serve', [], undefined])
    for (const work of [alone.call(getPipelines, {}), next(alone.stream(watchPipelines, {}, new AbortController().signal)), next(alone.stream(tap, {}, new AbortController().signal))]) assert.match(await failureOf(work), /^FAILED_PRECONDITION no pipelines run here/)
    assert.match(await failureOf(alone.call(getTopology, {})), /^FAILED_PRECONDITION no pipeline that runs here knows the topology: it needs the processor `context`/)
  })
})

test('a tap shows what passes, and only asks for what there is', () => withBench(running(), async bench => {
  const { host } = bench
  const builder = new BatchBuilder()
  builder.append({ name: 'a' })
  builder.append({ name: 'b' })
  host.tapped = [{ rows: [{ ...sourceEdge, batch: builder.finish() }], passed: 20, notShown: 3 }, { rows: [], passed: 0, notShown: 0 }]
  const call = new AbortController()
  const stream = bench.stream(tap, { edge: 'receiver/* -> *', filter: { minSeverity: 'error', entity: { name: 'cart', kind: 'Pod' }, sources: ['ebpf'], text: 'x' } }, call.signal)
  const seen = await next(stream)
  assert.equal(seen.events.map(e => [e.from, e.to, e.pipeline, e.event?.name]), [['receiver/test_source', 'pipeline/in', 'in', 'a'], ['receiver/test_source', 'pipeline/in', 'in', 'b']])
  assert.equal([seen.passed, seen.notShown], [20n, 3n])
  assert.equal(host.tapSelections, [{ edge: 'receiver/* -> *', filter: { minSeverity: 17, sources: ['ebpf'], text: 'x', entity: { kind: 'Pod', name: 'cart' } }, maxEventsPerSecond: 10 }])
  assert.equal((await next(stream)).events, [])
  const last = next(stream)
  call.abort()
  assert.match(await failureOf(last), /^CANCELLED/)
  const refused = async (request: object): Promise<string> => await failureOf(next(bench.stream(tap, request, new AbortController().signal)))
  assert.match(await refused({ edge: 'exporter/otlp' }), /^INVALID_ARGUMENT edge is "exporter\/otlp", which fits none of receiver\/test_source -> pipeline\/in, /)
  assert.match(await refused({ filter: { since: { seconds: 1n } } }), /^INVALID_ARGUMENT filter\.since is not for taps/)
  assert.match(await refused({ filter: { symptomId: '1'.repeat(32) } }), /^INVALID_ARGUMENT filter\.symptom_id is not for taps/)
  host.tap = () => { throw new TapRefused('too_many', '32 taps are open already') }
  assert.match(await refused({}), /^RESOURCE_EXHAUSTED 32 taps/)
}))

test('what several components know of the topology is one picture', () => withBench(running(), async bench => {
  const asked: TopologyQuestion[] = []
  const node = (kind: string, name: string, exists = true) => ({ entity: { kind, name, ...(kind === 'Pod' && { namespace: 'shop' }) }, exists })
  bench.host.answers = { 'topology.view': {
    'processor/context': question => { asked.push(question); return { nodes: [node('Pod', 'a'), node('Node', 'n1', false)], edges: [{ from: 0, to: 1, kind: 'runs_on' }], omitted: 2, notes: ['old'] } },
    'processor/context/2': () => ({ nodes: [node('Node', 'n1'), node('Pod', 'b'), node('Pod', 'a')], edges: [{ from: 1, to: 0, kind: 'runs_on' }, { from: 2, to: 0, kind: 'runs_on' }, { from: 9, to: 0, kind: 'odd' }], omitted: 0, notes: ['old', 'new'] })
  } }
  const all = await bench.call(getTopology, { entity: { name: 'a', namespace: 'shop' }, kinds: ['Pod'], time: { seconds: 5n } })
  assert.equal(asked, [{ entity: { kind: '', namespace: 'shop', name: 'a' }, depth: 1, kinds: ['Pod'], atMs: 5000, limit: 500 }])
  assert.equal(all.nodes.map(n => [n.entity?.kind, n.entity?.name, n.exists]), [['Node', 'n1', true], ['Pod', 'a', true], ['Pod', 'b', true]])
  assert.equal(all.edges.map(e => [e.from, e.to, e.kind]), [[1, 0, 'runs_on'], [2, 0, 'runs_on']])
  assert.equal([all.omitted, all.notes], [2, ['old', 'new']])
  const few = await bench.call(getTopology, { limit: 2 })
  assert.equal([few.nodes.length, few.edges.length, few.omitted], [2, 1, 3])
  assert.match(await failureOf(bench.call(getTopology, { entity: { kind: 'Pod' } })), /^INVALID_ARGUMENT entity\.name/)
}))

test.run()

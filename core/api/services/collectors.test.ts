/**
 * Scenario: collectors register, say that they live, fall silent, bring events faster than they may, are reconfigured while they
 * stream, and are forgotten; receivers and other Tapios stand beside them. Guarantees: one list with real counts; a change of
 * configuration is told at once and a stale one refused; rates are kept; memory is bounded.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { accepted, rejected } from '../../component/outcome.js'
import type { SubmitAnswer } from '../../component/questions.js'
import { EdgeMetrics } from '../../telemetry/edges.js'
import { FakeClock } from '../../testing/fake-clock.js'
import type { CollectorConfig } from '../gen/tapio/v1/collector_pb.js'
import { CollectorService } from '../gen/tapio/v1/collector_service_pb.js'
import { Registry } from './registry.js'
import { Bench, FakeHost, Requests, failureOf, next, testPlan } from './testing/bench.js'

const test = suite('api: CollectorService')
const { listCollectors, getCollector, getConfig, getMetrics, registerCollector, heartbeat, streamEvents, updateConfig, unregisterCollector } = CollectorService.method

async function withBench (work: (bench: Bench, clock: FakeClock) => Promise<void>, host = new FakeHost()): Promise<void> {
  const clock = new FakeClock()
  const bench = await Bench.withoutStore({ host, clock })
  try { await work(bench, clock) } finally { await bench.close() }
}

const taken = (): SubmitAnswer => ({ status: 'accepted', rejected: 0, reason: '', retryAfterMs: 0 })

function receiving (answer: () => SubmitAnswer = taken): FakeHost {
  const host = new FakeHost()
  host.answers['events.submit'] = { 'receiver/api': answer }
  return host
}

test('receivers, other Tapios and registered collectors are one list', async () => {
  const host = new FakeHost()
  host.plan = testPlan(['a: test_source test_source/x | | test_sink', 'b: test_source | | test_sink'])
  host.healthNow = { ...host.healthNow, components: [{ component: 'receiver/test_source', state: 'recoverable_error', reason: 'no route', since: '2026-01-01T00:00:00.000Z' }] }
  host.answers['collectors.list'] = {
    'receiver/tapio': () => [{ id: 'node-1', connected: true, lastSeenMs: 5000, events: 10, rejected: 1 }, { id: 'node-2', connected: false, lastSeenMs: 0, events: 0, rejected: 0 }],
    'receiver/tapio/2': () => [{ id: 'node-1', connected: false, lastSeenMs: 9000, events: 5, rejected: 0 }]
  }
  for (const [pipeline, rows, bad] of [['a', 100, 10], ['b', 90, 0]] as const) {
    const edge = new EdgeMetrics(host.meters.meterFor({}), { from: 'receiver/test_source', to: `pipeline/${pipeline}`, pipeline })
    edge.begin(rows)
    edge.end(bad === 0 ? accepted : rejected('bad', bad), rows, 0.001)
  }
  await withBench(async bench => {
    await bench.call(registerCollector, { id: 'edge-7', type: 'ebpf', version: '2', host: 'n7', labels: { zone: 'a' }, capabilities: ['oom'] })
    const { collectors } = await bench.call(listCollectors, {})
    assert.equal(collectors.map(c => [c.id, c.kind, c.type, c.state, c.events, c.rejected]), [
      ['edge-7', 'registered', 'ebpf', 'ok', 0n, 0n], ['node-1', 'tapio', 'tapio', 'connected', 15n, 1n], ['node-2', 'tapio', 'tapio', 'away', 0n, 0n],
      ['receiver/test_source', 'receiver', 'test_source', 'recoverable_error', 90n, 10n], ['receiver/test_source/x', 'receiver', 'test_source', '', 0n, 0n]
    ])
    assert.equal([collectors[0]?.labels, collectors[0]?.capabilities, collectors[1]?.lastSeenTime?.seconds, collectors[2]?.lastSeenTime, collectors[3]?.reason], [{ zone: 'a' }, ['oom'], 9n, undefined, 'no route'])
    const ids = async (request: object): Promise<string[]> => (await bench.call(listCollectors, request)).collectors.map(c => c.id)
    assert.equal(await ids({ kind: 'tapio' }), ['node-1', 'node-2'])
    assert.equal(await ids({ state: 'away' }), ['node-2'])
    const paged: string[] = []
    let token = ''
    do {
      const page = await bench.call(listCollectors, { page: { size: 2, token } })
      paged.push(...page.collectors.map(c => c.id))
      token = page.nextPageToken
    } while (token !== '')
    assert.equal(paged, collectors.map(c => c.id))
    assert.equal(await ids({ page: { order: 'newest', size: 1 } }), ['receiver/test_source/x'])
    const { nextPageToken } = await bench.call(listCollectors, { page: { size: 1 } })
    for (const request of [{ kind: 'tapio', page: { token: nextPageToken } }, { page: { token: nextPageToken, order: 'newest' } }, { page: { token: 'x' } }]) assert.match(await failureOf(bench.call(listCollectors, request)), /^INVALID_ARGUMENT page\.token/)
    assert.is((await bench.call(getCollector, { id: 'receiver/test_source/x' })).collector?.type, 'test_source')
    assert.match(await failureOf(bench.call(getCollector, { id: 'nobody' })), /^NOT_FOUND no collector "nobody"/)
  }, host)
})

test('a receiver shows its options and metrics; it is configured elsewhere', async () => {
  const host = new FakeHost()
  host.plan = testPlan(['a: test_source | | test_sink'])
  host.settingsOf.set('receiver/test_source', { endpoint: '0.0.0.0:4317', token: '****', limits: { rows: 5 } })
  host.answers['collectors.list'] = { 'receiver/tapio': () => [{ id: 'node-1', connected: true, lastSeenMs: 5000, events: 10, rejected: 1 }] }
  const edge = new EdgeMetrics(host.meters.meterFor({}), { from: 'receiver/test_source', to: 'pipeline/a', pipeline: 'a' })
  edge.begin(5)
  edge.end(accepted, 5, 0.001)
  host.meters.meterFor({ component_kind: 'receiver', component_id: 'test_source' }).counter({ name: 'own', kind: 'counter', unit: '', description: 'd' }).add(3)
  host.meters.meterFor({ component_kind: 'exporter', component_id: 'test_source' }).counter({ name: 'others', kind: 'counter', unit: '', description: 'd' }).add(3)
  await withBench(async bench => {
    const { config } = await bench.call(getConfig, { id: 'receiver/test_source' })
    assert.equal(config?.settings, { endpoint: '0.0.0.0:4317', token: '****', limits: { rows: 5 } })
    const { families } = await bench.call(getMetrics, { id: 'receiver/test_source' })
    assert.ok(families.some(f => f.name === 'tapio_own_total') && families.some(f => f.name === 'tapio_edge_sent_events_total') && !families.some(f => f.name === 'tapio_others_total'))
    assert.equal((await bench.call(getMetrics, { id: 'node-1' })).families.map(f => f.series[0]?.value), [10, 1])
    assert.match(await failureOf(bench.call(updateConfig, { id: 'receiver/test_source' })), /^INVALID_ARGUMENT config is missing/)
    assert.match(await failureOf(bench.call(updateConfig, { id: 'receiver/test_source', config: { maxBatchSize: 5 } })), /^FAILED_PRECONDITION receiver\/test_source is a receiver of this Tapio: change its configuration file/)
    assert.match(await failureOf(bench.call(unregisterCollector, { id: 'receiver/test_source' })), /^FAILED_PRECONDITION/)
    for (const work of [bench.call(getConfig, { id: 'node-1' }), bench.call(updateConfig, { id: 'node-1', config: { maxBatchSize: 5 } }), bench.call(unregisterCollector, { id: 'node-1' })]) assert.match(await failureOf(work), /^FAILED_PRECONDITION node-1 is another Tapio/)
  }, host)
})

test('a configuration is changed from the one it was made from, or only checked', () => withBench(async bench => {
  const { config } = await bench.call(registerCollector, { id: 'c', type: 't' })
  assert.equal([config?.maxBatchSize, config?.maxEventsPerSecond, config?.heartbeatInterval?.seconds], [1000, 0, 10n])
  const etag = config?.etag ?? ''
  const tried = await bench.call(updateConfig, { id: 'c', config: { etag, maxBatchSize: 5 }, validateOnly: true })
  assert.is.not(tried.config?.etag, etag)
  assert.is((await bench.call(getConfig, { id: 'c' })).config?.etag, etag, 'only checked')
  const done = await bench.call(updateConfig, { id: 'c', config: { etag, maxBatchSize: 5, settings: { level: 'debug' } } })
  assert.equal((await bench.call(getConfig, { id: 'c' })).config, done.config)
  assert.equal(done.config?.settings, { level: 'debug' })
  assert.match(await failureOf(bench.call(updateConfig, { id: 'c', config: { etag, maxBatchSize: 6 } })), /^ABORTED the configuration of c was changed meanwhile: it has the etag/)
  await bench.call(updateConfig, { id: 'c', config: { maxBatchSize: 7 } })
  assert.is((await bench.call(registerCollector, { id: 'c', type: 't2' })).config?.maxBatchSize, 7, 'kept over a new start of the collector')
  const wrong: [object, RegExp][] = [
    [{ heartbeatInterval: { nanos: 5 }, maxBatchSize: 1 }, /config\.heartbeat_interval is/], [{ maxBatchSize: 10_001 }, /config\.max_batch_size is 10001/], [{ settings: { x: 'y'.repeat(20_000) } }, /config\.settings has \d+ characters/]
  ]
  for (const [bad, words] of wrong) assert.match(await failureOf(bench.call(updateConfig, { id: 'c', config: bad, validateOnly: true })), words)
  assert.match(await failureOf(bench.call(updateConfig, { id: 'nobody', config: { maxBatchSize: 5 } })), /^NOT_FOUND/)
}))

test('who is silent for three intervals is away, until it is heard of again', () => withBench(async (bench, clock) => {
  await bench.call(registerCollector, { id: 'c', type: 't' })
  const state = async (): Promise<string> => (await bench.call(getCollector, { id: 'c' })).collector?.state ?? ''
  await clock.advance(30_000)
  assert.is(await state(), 'ok')
  await clock.advance(1)
  assert.is(await state(), 'away')
  const beats = new Requests<object>()
  const call = new AbortController()
  const stream = bench.bothWays(heartbeat, beats, call.signal)
  beats.send({ id: 'c', state: 'recoverable_error', reason: 'the disk is slow' })
  await next(stream)
  const { collector } = await bench.call(getCollector, { id: 'c' })
  assert.equal([collector?.state, collector?.reason], ['recoverable_error', 'the disk is slow'])
  beats.end()
  assert.is((await stream.next()).done, true)
}))

test('heartbeats learn of a configuration they do not work with: at once, and again when they still do not', () => withBench(async bench => {
  const { config } = await bench.call(registerCollector, { id: 'c', type: 't' })
  const beats = new Requests<object>()
  const call = new AbortController()
  const stream = bench.bothWays(heartbeat, beats, call.signal)
  beats.send({ id: 'c', configEtag: config?.etag })
  assert.is((await next(stream)).config, undefined)
  const told = next(stream)
  await bench.call(updateConfig, { id: 'c', config: { maxEventsPerSecond: 9 } })
  const { config: changed } = await told
  assert.is(changed?.maxEventsPerSecond, 9, 'without a heartbeat of the collector')
  beats.send({ configEtag: config?.etag })
  assert.is((await next(stream)).config?.etag, changed?.etag, 'it still works with the old one')
  beats.send({ configEtag: changed?.etag })
  assert.is((await next(stream)).config, undefined)
  beats.send({ id: 'other' })
  assert.match(await failureOf(next(stream)), /^INVALID_ARGUMENT id is other, but this stream is of c/)
}))

test('a stream is that of a registered collector, and ends when it is forgotten', () => withBench(async bench => {
  const first = async (method: typeof heartbeat | typeof streamEvents, message: object): Promise<string> => {
    const requests = new Requests<object>()
    requests.send(message)
    return await failureOf(next(bench.bothWays(method as typeof heartbeat, requests, new AbortController().signal)))
  }
  assert.match(await first(heartbeat, {}), /^INVALID_ARGUMENT id is missing/)
  assert.match(await first(heartbeat, { id: 'c' }), /^NOT_FOUND no collector "c" is registered; register it first/)
  assert.match(await first(streamEvents, { batch: { events: [{ name: 'a' }] } }), /^INVALID_ARGUMENT collector_id is missing/)
  await bench.call(registerCollector, { id: 'c', type: 't' })
  const beats = new Requests<object>()
  const stream = bench.bothWays(heartbeat, beats, new AbortController().signal)
  beats.send({ id: 'c' })
  await next(stream)
  const end = failureOf(next(stream))
  await bench.call(unregisterCollector, { id: 'c' })
  assert.match(await end, /^NOT_FOUND/)
  assert.match(await failureOf(bench.call(unregisterCollector, { id: 'c' })), /^NOT_FOUND/)
}))

test('what a collector streams is taken, counted, and kept to its rate and batch size', () => withBench(async (bench, clock) => {
  await bench.call(registerCollector, { id: 'c', type: 't' })
  await bench.call(updateConfig, { id: 'c', config: { maxBatchSize: 100, maxEventsPerSecond: 50 } })
  const requests = new Requests<object>()
  const call = new AbortController()
  const stream = bench.bothWays(streamEvents, requests, call.signal)
  let sequence = 0n
  const send = async (count: number) => {
    requests.send({ collectorId: 'c', batch: { sequence: ++sequence, events: Array.from({ length: count }, () => ({ name: 'x' })) } })
    const { outcome } = await next(stream)
    assert.is(outcome?.sequence, sequence)
    return outcome
  }
  assert.is((await send(40))?.outcome, 'accepted')
  assert.is((await send(60))?.outcome, 'accepted', 'more than is left is paid for afterwards')
  const late = await send(1)
  assert.is(late?.outcome, 'retry')
  const waitMs = Number(late?.retryAfter?.seconds) * 1000 + (late?.retryAfter?.nanos ?? 0) / 1e6
  assert.is(waitMs, 1020)
  await clock.advance(waitMs - 1)
  assert.is((await send(1))?.outcome, 'retry')
  await clock.advance(1)
  assert.is((await send(1))?.outcome, 'accepted')
  const large = await send(101)
  assert.equal([large?.outcome, large?.rejected], ['rejected', 101])
  assert.match(large?.reason ?? '', /has 101 events, this collector is asked to send at most 100/)
  const { collector } = await bench.call(getCollector, { id: 'c' })
  assert.equal([collector?.events, collector?.rejected], [101n, 101n])
  assert.equal((await bench.call(getMetrics, { id: 'c' })).families.map(f => [f.name, f.series[0]?.value]), [['tapio_collector_accepted_events_total', 101], ['tapio_collector_rejected_events_total', 101]])
  call.abort()
}, receiving()))

test('a change reaches a stream whose batches wait', async () => {
  let finish: (answer: SubmitAnswer) => void = () => undefined
  const host = new FakeHost()
  host.answers['events.submit'] = { 'receiver/api': () => new Promise(resolve => { finish = resolve }) }
  await withBench(async bench => {
    await bench.call(registerCollector, { id: 'c', type: 't' })
    const requests = new Requests<object>()
    const stream = bench.bothWays(streamEvents, requests, new AbortController().signal)
    requests.send({ collectorId: 'c', batch: { sequence: 1n, events: [{ name: 'x' }] } })
    const told = next(stream)
    while (requests.taken === 0) await wait(1)
    await wait(5)
    await bench.call(updateConfig, { id: 'c', config: { maxBatchSize: 3 } })
    const message = await told
    assert.equal([message.config?.maxBatchSize, message.outcome], [3, undefined])
    const outcome = next(stream)
    finish(taken())
    assert.is((await outcome).outcome?.outcome, 'accepted')
    requests.end()
    assert.is((await stream.next()).done, true)
  }, host)
})

test('the registry is bounded: who has been away longest goes, who lives stays', async () => {
  const clock = new FakeClock()
  const registry = new Registry(clock, 3)
  const identity = (id: string) => ({ id, type: 't', version: '', host: '', labels: {}, capabilities: [] })
  for (const id of ['a', 'b', 'c']) { registry.register(identity(id)); await clock.advance(1) }
  assert.throws(() => registry.register(identity('d')), /3 collectors are registered and live/)
  await clock.advance(29_000)
  registry.get('a')?.seen()
  await clock.advance(2000)
  registry.register(identity('d'))
  assert.equal(registry.all().map(c => c.identity.id), ['a', 'c', 'd'])
})

test('configurations come and go by their etag', () => withBench(async bench => {
  await bench.call(registerCollector, { id: 'c', type: 't' })
  const etags = new Set<string>()
  for (let i = 1; i <= 50; i++) {
    const { config } = await bench.call(updateConfig, { id: 'c', config: { maxBatchSize: i } })
    etags.add((config as CollectorConfig).etag)
  }
  assert.is(etags.size, 50)
}))

test.run()

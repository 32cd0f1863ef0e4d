/**
 * Scenario: events in a real store asked for, followed and brought in, with good and wrong requests, slow clients, receivers that
 * refuse. Guarantees: answers are what is stored; wrong questions are named; streams miss nothing, keep to their rate and end with the
 * call; what became of a batch is told in order.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { BatchBuilder, type EventInput } from '../../data/builder.js'
import type { SubmitAnswer } from '../../component/questions.js'
import { decodeBatch } from '../../data/decode.js'
import type { EventBatch } from '../../data/batch.js'
import type { Store } from '../../store/store.js'
import { EventService } from '../gen/tapio/v1/event_service_pb.js'
import { Bench, FakeHost, Requests, failureOf, next, testPlan } from './testing/bench.js'

const test = suite('api: EventService')
const { getEvents, getEvent, getStatistics, subscribe, submitEventBatch, streamEvents } = EventService.method

const startS = 1_767_225_600n
const idOf = (n: number): string => n.toString(16).padStart(32, '0')

/** `count` events, a second apart: every third is an error of Pod shop/cart-0. */
async function fill (store: Store, count: number, from = 1): Promise<void> {
  const builder = new BatchBuilder(count)
  for (let n = from; n < from + count; n++) builder.append(event(n))
  assert.is((await store.append(builder.finish())).status, 'stored')
}

function event (n: number): EventInput {
  const isError = n % 3 === 0
  return {
    id: idOf(n), timeUnixNano: (startS + BigInt(n)) * 1_000_000_000n + 5n, name: `event ${n}`, message: `Message ${n}`, severity: isError ? 17 : 9, source: n % 2 === 0 ? 'ebpf' : 'kubernetes', type: 'kubernetes',
    ...(isError && { entityKind: 'Pod', entityNamespace: 'shop', entityName: 'cart-0', symptom: 'k8s.failed', symptomId: '5'.repeat(32), traceId: '7'.repeat(32) }),
    resource: { 'k8s.node.name': 'n1' }, attributes: { n, big: 2n ** 60n }
  }
}

async function withBench (work: (bench: Bench) => Promise<void>, host?: FakeHost): Promise<void> {
  const bench = await Bench.open(host === undefined ? {} : { host })
  try { await work(bench) } finally { await bench.close() }
}

test('pages of a question together are all that fits, in the order asked for', () => withBench(async bench => {
  await fill(bench.kept, 90)
  const ids: string[] = []
  let token = ''
  do {
    const { events, nextPageToken } = await bench.call(getEvents, { filter: { minSeverity: 'error', entity: { name: 'cart-0', kind: 'pod' } }, page: { size: 7, order: 'oldest', token } })
    ids.push(...events.map(e => e.id))
    token = nextPageToken
  } while (token !== '')
  assert.equal(ids, Array.from({ length: 30 }, (_, i) => idOf(3 + 3 * i)))
  const { events: [newest] } = await bench.call(getEvents, { page: { size: 1 } })
  assert.is(newest?.id, idOf(90))
  assert.equal(newest?.time, { $typeName: 'google.protobuf.Timestamp', seconds: startS + 90n, nanos: 5 })
  assert.equal(newest?.attributes, { n: 90, big: '1152921504606846976' })
  assert.equal(newest?.resource, { 'k8s.node.name': 'n1' })
  assert.is(newest?.entity?.namespace, 'shop')
  assert.is(newest?.severity, 'error')
}))

test('every part of a filter counts', () => withBench(async bench => {
  await fill(bench.kept, 60)
  const count = async (filter: object): Promise<number> => (await bench.call(getEvents, { filter, page: { size: 1000 } })).events.length
  assert.is(await count({}), 60)
  assert.is(await count({ since: { seconds: startS + 11n }, until: { seconds: startS + 21n } }), 10)
  assert.is(await count({ traceId: '7'.repeat(32) }), 20)
  assert.is(await count({ symptomId: '5'.repeat(32), sources: ['ebpf'] }), 10)
  assert.is(await count({ symptoms: ['k8s.failed'] }), 20)
  assert.is(await count({ sources: ['ebpf'] }), 30)
  assert.is(await count({ names: ['event 4', 'event 5', 'event 600'] }), 2)
  assert.is(await count({ signals: ['logs'] }), 0)
  assert.is(await count({ namespaces: ['shop'] }), 20)
  assert.is(await count({ text: 'MESSAGE 6' }), 2)
}))

test('only named fields are filled; an event is found by its id', () => withBench(async bench => {
  await fill(bench.kept, 3)
  const { event: found } = await bench.call(getEvent, { id: idOf(3), fields: { paths: ['name', 'entity.name'] } })
  assert.is(found?.name, 'event 3')
  assert.is(found?.entity?.name, 'cart-0')
  assert.is(found?.entity?.namespace, '')
  assert.is(found?.id, '')
  assert.is(found?.attributes, undefined)
  assert.match(await failureOf(bench.call(getEvent, { id: 'f'.repeat(32) })), /^NOT_FOUND the store has no event ffff/)
}))

test('counts are those of the events that fit', () => withBench(async bench => {
  await fill(bench.kept, 60)
  const stats = await bench.call(getStatistics, { filter: { sources: ['ebpf'] }, bucket: { seconds: 20n } })
  assert.is(stats.total, 30n)
  assert.equal(stats.bySeverity.map(c => [c.key, c.count]), [['info', 20n], ['error', 10n]])
  assert.is(stats.byEntity.find(c => c.key === 'Pod shop/cart-0')?.count, 10n)
  assert.is(stats.buckets.reduce((sum, b) => sum + b.errors, 0n), 10n)
}))

test('wrong questions are named', () => withBench(async bench => {
  await fill(bench.kept, 9)
  const { nextPageToken: token } = await bench.call(getEvents, { page: { size: 2 } })
  const table: [object, RegExp][] = [
    [{ page: { size: 2, token, order: 'oldest' } }, /^INVALID_ARGUMENT page\.token is not one of this question/],
    [{ filter: { text: 'x' }, page: { token } }, /^INVALID_ARGUMENT page\.token/],
    [{ page: { token: 'nonsense' } }, /^INVALID_ARGUMENT page\.token/],
    [{ filter: { entity: { kind: 'Pod' } } }, /^INVALID_ARGUMENT filter\.entity\.name is missing/],
    [{ filter: { since: { seconds: 1n << 61n } } }, /^INVALID_ARGUMENT filter\.since is no time/],
    [{ fields: { paths: ['colour'] } }, /^INVALID_ARGUMENT fields has the path "colour"/],
    [{ filter: { minSeverity: 'worse' } }, /^INVALID_ARGUMENT filter\.min_severity is "worse"/]
  ]
  for (const [request, words] of table) assert.match(await failureOf(bench.call(getEvents, request)), words)
  assert.match(await failureOf(bench.call(getStatistics, { bucket: { seconds: -1n } })), /^INVALID_ARGUMENT bucket/)
  assert.is(bench.logger.lines.length, 0, 'nothing of it is an error of Tapio')
}))

test('without a store it says what to do', async () => {
  const bench = await Bench.withoutStore()
  for (const work of [bench.call(getEvents, {}), bench.call(getEvent, { id: idOf(1) }), bench.call(getStatistics, {}), next(bench.stream(subscribe, {}, new AbortController().signal))]) {
    assert.match(await failureOf(work), /^FAILED_PRECONDITION this Tapio keeps nothing.*exporter `store`/)
  }
  await bench.close()
})

test('a subscription begins where it is told to, misses nothing, and goes on from its token', () => withBench(async bench => {
  await fill(bench.kept, 5)
  const call = new AbortController()
  const stream = bench.stream(subscribe, { filter: { minSeverity: 'error' } }, call.signal)
  const first = await next(stream)
  assert.equal(first.events, [])
  assert.is.not(first.resumeToken, '')
  const seen: string[] = []
  let token = ''
  const waiting = until(stream, 3, m => { seen.push(...m.events.map(e => e.id)); token = m.resumeToken; return m.events.length })
  await fill(bench.kept, 5, 6)
  await fill(bench.kept, 5, 11)
  await waiting
  call.abort()
  assert.match(await failureOf(stream.next()), /^CANCELLED/)
  await fill(bench.kept, 5, 16)
  const again = new AbortController()
  const more: string[] = []
  await until(bench.stream(subscribe, { filter: { minSeverity: 'error' }, resumeToken: token }, again.signal), 5 - seen.length, m => { more.push(...m.events.map(e => e.id)); return m.events.length })
  again.abort()
  assert.equal([...seen, ...more], [6, 9, 12, 15, 18].map(idOf))
  const past = new AbortController()
  const old: string[] = []
  await until(bench.stream(subscribe, { filter: { since: { seconds: startS + 3n } }, fields: { paths: ['id'] } }, past.signal), 18, m => { old.push(...m.events.map(e => e.id)); return m.events.length })
  past.abort()
  assert.is(old[0], idOf(3))
}))

/** Reads until `count` says that so many came. */
async function until<T> (stream: AsyncIterable<T>, wanted: number, count: (message: T) => number): Promise<void> {
  let seen = 0
  const iterator = stream[Symbol.asyncIterator]()
  while (seen < wanted) seen += count(await next(iterator))
}

test('a subscription keeps to its rate', () => withBench(async bench => {
  await fill(bench.kept, 900)
  const call = new AbortController()
  const stream = bench.stream(subscribe, { filter: { since: { seconds: 1n } }, maxEventsPerSecond: 300 }, call.signal)
  const startedMs = performance.now()
  let largest = 0
  await until(stream, 900, m => { largest = Math.max(largest, m.events.length); return m.events.length })
  const tookMs = performance.now() - startedMs
  call.abort()
  assert.ok(tookMs >= 1900, `900 events at 300/s, the first second's worth at once, took ${tookMs} ms`)
  assert.ok(largest <= 300, `${largest} at once`)
}))

test('a token of nothing is refused', () => withBench(async bench => {
  const call = new AbortController()
  for (const token of ['x', Buffer.from('{}').toString('base64url'), 'a'.repeat(4000)]) assert.match(await failureOf(next(bench.stream(subscribe, { resumeToken: token }, call.signal))), /^INVALID_ARGUMENT resume_token/)
  call.abort()
}))

/** A host whose receivers answer as told, and keep what they got. */
function receiving (...answers: readonly ((batch: EventBatch) => SubmitAnswer | Promise<SubmitAnswer>)[]): { readonly host: FakeHost, readonly got: EventBatch[][] } {
  const host = new FakeHost()
  host.plan = testPlan(['p: test_source | test_misbehaving | test_sink'])
  const got = answers.map((): EventBatch[] => [])
  host.answers['events.submit'] = Object.fromEntries(answers.map((answer, i) => [`receiver/api/${i}`, (bytes: Uint8Array) => {
    const decoded = decodeBatch(bytes)
    if (!decoded.ok) throw new Error(decoded.error)
    got[i]?.push(decoded.batch)
    return answer(decoded.batch)
  }]))
  return { host, got }
}

const taken = (): SubmitAnswer => ({ status: 'accepted', rejected: 0, reason: '', retryAfterMs: 0 })

test('what is brought in goes to every api receiver, with ids', async () => {
  const { host, got } = receiving(taken, () => ({ status: 'rejected', rejected: 1, reason: 'row 1 has no name', retryAfterMs: 0 }))
  await withBench(async bench => {
    const answer = await bench.call(submitEventBatch, { events: [{ id: idOf(7), name: 'a', type: 'network', network: { bytes: 5n, protocol: 'tcp' }, attributes: { list: [1, 'x'] } }, { message: 'b' }] })
    assert.equal([answer.accepted, answer.rejected, answer.reasons], [1, 1, ['row 1 has no name']])
    assert.is(answer.ids[0], idOf(7))
    assert.match(answer.ids[1] ?? '', /^[0-9a-f]{32}$/)
    for (const [batch] of got) {
      assert.equal(Array.from(batch as EventBatch, r => r.get('id')), answer.ids)
      const [first] = batch as EventBatch
      assert.equal([first?.get('bytes'), first?.get('protocol'), first?.type, first?.attribute('list')], [5n, 'tcp', 'network', [1, 'x']])
    }
  }, host)
})

test('a receiver that asks to wait is heard before others get the batch; one that is gone is told', async () => {
  const { host, got } = receiving(() => ({ status: 'retry', rejected: 0, reason: 'the pipeline is full', retryAfterMs: 700 }), taken)
  await withBench(async bench => {
    const error = await bench.call(submitEventBatch, { events: [{ name: 'a' }] }).catch((e: unknown) => e) as { code: string, message: string, more: { retryAfterMs?: number } }
    assert.equal([error.code, error.more.retryAfterMs], ['RESOURCE_EXHAUSTED', 700])
    assert.match(error.message, /the pipeline is full/)
    assert.is(got[1]?.length, 0)
    host.answers['events.submit'] = { 'receiver/api': () => { throw new Error('its thread ended') } }
    assert.match(await failureOf(bench.call(submitEventBatch, { events: [{ name: 'a' }] })), /^UNAVAILABLE receiver\/api does not answer: its thread ended/)
    assert.match(await failureOf(bench.call(submitEventBatch, { events: [{ name: 'a' }, { type: 'quake' }] })), /^INVALID_ARGUMENT events\[1\]\.type is "quake"/)
    host.answers = {}
    assert.match(await failureOf(bench.call(submitEventBatch, { events: [{ name: 'a' }] })), /^FAILED_PRECONDITION no pipeline .*\nreceivers:\n {2}api: \{\}/s)
    assert.match(await failureOf(bench.call(submitEventBatch, { events: [] })), /^INVALID_ARGUMENT events is missing/)
  }, host)
})

test('a stream of batches is answered in order; 16 wait, then no more are read', async () => {
  const open: (() => void)[] = []
  const { host, got } = receiving(() => new Promise(resolve => { open.push(() => { resolve(taken()) }) }))
  await withBench(async bench => {
    const requests = new Requests<object>()
    for (let n = 1; n <= 30; n++) requests.send({ sequence: BigInt(n), events: n === 3 ? [{ type: 'quake' }] : [{ name: `${n}` }] })
    const call = new AbortController()
    const stream = bench.bothWays(streamEvents, requests, call.signal)
    const first = next(stream)
    while (open.length < 15) await wait(1)
    await wait(20)
    assert.is(requests.taken, 16)
    assert.is(open.length, 15, 'the third batch was no batch')
    // The last first: answers keep their order.
    for (const finish of [...open].reverse()) finish()
    const answers = [await first]
    while (answers.length < 16) answers.push(await next(stream))
    requests.end()
    const rest = (async () => { for await (const answer of stream) answers.push(answer) })()
    while (open.length < 29) { await wait(1); for (const finish of open) finish() }
    for (const finish of open) finish()
    await rest
    assert.equal(answers.map(a => a.sequence), Array.from({ length: 30 }, (_, i) => BigInt(i + 1)))
    assert.equal(answers.map(a => a.outcome), Array.from({ length: 30 }, (_, i) => i === 2 ? 'rejected' : 'accepted'))
    assert.match(answers[2]?.reason ?? '', /events\[0\]\.type is "quake"/)
    assert.equal(got[0]?.map(b => b.at(0).get('name')), Array.from({ length: 30 }, (_, i) => `${i + 1}`).filter(n => n !== '3'))
  }, host)
})

test('a stream ends with its call, whatever it waits for', async () => {
  const { host } = receiving(() => new Promise(() => undefined))
  await withBench(async bench => {
    for (const requests of [new Requests<object>(), new Requests<object>()]) {
      const call = new AbortController()
      const pending = next(bench.bothWays(streamEvents, requests, call.signal))
      call.abort()
      assert.match(await failureOf(pending), /^CANCELLED/)
      requests.send({ sequence: 1n, events: [{ name: 'late' }] })
      requests.end()
    }
    const call = new AbortController()
    const requests = new Requests<object>()
    requests.send({ sequence: 1n, events: [{ name: 'x' }] })
    const pending = next(bench.bothWays(streamEvents, requests, call.signal))
    await wait(5)
    call.abort()
    assert.match(await failureOf(pending), /^CANCELLED/)
  }, host)
})

test.run()

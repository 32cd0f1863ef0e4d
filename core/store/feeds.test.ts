/** Scenario: somebody follows what is stored. Guarantees: all of it, once, in the order of storing, from any token on, or it is told that there is a gap. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { BatchBuilder, type EventInput } from '../data/builder.js'
import type { EventBatch } from '../data/batch.js'
import { seeded } from '../data/testing/random.js'
import { FakeClock } from '../testing/fake-clock.js'
import type { EventFeed } from './feeds.js'
import { openStore, type StoreOptions } from './open.js'
import type { EventQuery, Store, StoreReader } from './store.js'
import { storedEvent } from './testing/random-events.js'
import { randomIncident } from './testing/random-incident.js'

const test = suite('store: feeds')
const made: string[] = []
test.after(async () => { for (const directory of made) await rm(directory, { recursive: true, force: true }) })

async function scratch (): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tapio-store-'))
  made.push(directory)
  return directory
}

const write = (directory: string, options: StoreOptions = {}): Promise<Store> => openStore(directory, { sync: 'commit', ...options })
const watch = (directory: string, clock = new FakeClock()): Promise<StoreReader> => openStore(directory, { readOnly: true, mayBeAbsent: true, clock })
const idOf = (serial: number): string => (serial + 1).toString(16).padStart(32, '0')
const never = new AbortController().signal

function batchOf (events: readonly EventInput[]): EventBatch {
  const builder = new BatchBuilder(Math.max(1, events.length))
  for (const event of events) builder.append(event)
  return builder.finish()
}

const some = (first: number, count: number, more: EventInput = {}): EventBatch => batchOf(Array.from({ length: count }, (_, i) => ({ id: idOf(first + i), timeUnixNano: BigInt(1_000_000_000 - first - i) * 1_000_000n, ...more })))
const serials = (batch: EventBatch): number[] => Array.from(batch, row => Number.parseInt(row.get('id') as string, 16) - 1)
const upTo = (n: number, from = 0): number[] => Array.from({ length: n - from }, (_, i) => from + i)

async function follow (store: StoreReader, query: EventQuery, after: string, limit = 1000): Promise<{ found: number[], token: string, gap: boolean }> {
  const found: number[] = []
  let [token, gap] = [after, false]
  for (let answer: EventFeed | undefined; answer === undefined || answer.more; token = answer.token) {
    answer = await store.eventFeed(query, { after: token, limit })
    assert.ok(answer.events.count <= limit)
    found.push(...serials(answer.events))
    gap ||= answer.gap
  }
  return { found, token, gap }
}

test('a reader that came before anything was there is told of all, across partitions, merges and restarts of both', async () => {
  const directory = join(await scratch(), 'not', 'yet')
  let reader = await watch(directory)
  const start = await reader.eventFeed({}, {})
  assert.equal([start.events.count, start.more, start.gap], [0, false, false])
  assert.equal([await reader.incident('a'), (await reader.incidents({})).incidents, (await reader.stats()).events, (await reader.statistics({}, { bucketMs: 0 })).total], [undefined, [], 0, 0])
  const random = seeded(1)
  let store = await write(directory, { maxBytes: 16 << 20, maxAgeMs: 0 })
  let [serial, token] = [0, start.token]
  const seen: number[] = []
  for (let round = 0; round < 120; round++) {
    const count = round % 60 === 3 ? 4500 : 1 + random.below(3)
    await store.append(some(serial, count, { message: random.word().toString(16).repeat(40) }))
    serial += count
    if (random.chance(0.1)) { await store.close(); store = await write(directory, { maxBytes: 16 << 20, maxAgeMs: 0 }) }
    if (random.chance(0.1)) { await reader.close(); reader = await watch(directory) }
    if (random.chance(0.4)) continue
    const answer = await follow(reader, {}, token, seen.length < 300 ? 7 : 900)
    seen.push(...answer.found)
    token = answer.token
    assert.is(answer.gap, false)
  }
  seen.push(...(await follow(reader, {}, token)).found)
  assert.equal(seen, upTo(serial))
  assert.equal((await follow(store, {}, start.token)).found, upTo(serial), 'the writer itself too')
  assert.equal((await reader.eventFeed({}, {})).token, (await follow(reader, {}, token)).token, 'left out: from now on')
  await reader.close()
  await store.close()
})

test('what fits alone is told, and what cannot fit is not unpacked', async () => {
  const directory = await scratch()
  const store = await write(directory)
  const [random, model] = [seeded(2), [] as EventInput[]]
  for (let i = 0; i < 30; i++) {
    const events = Array.from({ length: random.pick([1, 300, 1500]) }, (_, n) => storedEvent(random, idOf(model.length + n)))
    model.push(...events)
    await store.append(batchOf(events))
  }
  const reader = await watch(directory)
  const all = async (query: EventQuery): Promise<number[]> => {
    const first = await reader.eventFeed({ sinceMs: 0, ...query }, { limit: 1 })
    return [...serials(first.events), ...first.more ? (await follow(reader, query, first.token, 400)).found : []]
  }
  const wanted = (fits: (e: EventInput) => boolean): number[] => model.flatMap((e, i) => fits(e) ? [i] : [])
  assert.equal(await all({}), wanted(() => true))
  assert.equal(await all({ minSeverity: 21 }), wanted(e => (e.severity ?? 0) >= 21))
  assert.equal(await all({ symptoms: ['net.reset'], sources: ['ebpf'] }), wanted(e => e.symptom === 'net.reset' && e.source === 'ebpf'))
  const { traceId = '' } = model.find(e => e.traceId !== undefined) as EventInput
  assert.equal(await all({ traceId }), wanted(e => e.traceId === traceId))
  assert.equal(await all({ names: ['no such event'] }), [])
  await reader.close()
  await store.close()
})

test('retention makes a gap, which is told once; tokens of another store too', async () => {
  const directory = await scratch()
  const store = await write(directory, { maxBytes: 16 << 20, maxAgeMs: 0 })
  const reader = await watch(directory)
  const large = (first: number): EventBatch => batchOf(Array.from({ length: 500 }, (_, i) => ({ id: idOf(first + i), raw: { encoding: 7, bytes: randomBytes(2000) } })))
  const [empty] = [await reader.eventFeed({}, {})]
  let serial = 0
  for (; serial < 2000; serial += 500) await store.append(large(serial))
  const early = await follow(reader, {}, empty.token)
  assert.equal([early.gap, early.found.length], [false, 2000])
  do { await store.append(large(serial)); serial += 500 } while (await store.event(idOf(2000)) !== undefined)
  for (const token of [early.token, empty.token]) {
    const answer = await reader.eventFeed({}, { after: token })
    const later = await follow(reader, {}, answer.token)
    assert.equal([answer.gap, later.gap], [true, false])
    const [first] = serials(answer.events)
    assert.ok(first as number > 2000)
    assert.equal([...serials(answer.events), ...later.found], upTo(serial, first))
  }
  const other = await write(await scratch())
  await other.append(some(0, 3))
  const answer = await other.eventFeed({}, { after: (await reader.eventFeed({}, {})).token })
  assert.equal([answer.gap, serials(answer.events)], [true, upTo(3)])
  for (const s of [other, reader, store]) await s.close()
})

test('when all has gone by age, numbers go on: nothing new is taken for something told before', async () => {
  const [directory, clock] = [await scratch(), new FakeClock()]
  let store = await write(directory, { maxAgeMs: 1000, clock })
  await store.append(some(0, 5))
  const { token } = await store.eventFeed({}, {})
  await clock.advance(5000)
  await store.maintain()
  assert.is((await store.stats()).events, 0)
  await store.close()
  store = await write(directory, { maxAgeMs: 1000, clock })
  await store.append(some(5, 3))
  assert.equal(serials((await store.eventFeed({}, { after: token })).events), upTo(8, 5))
  await store.close()
})

test('incidents: the newest version of each, by when it was last put', async () => {
  const directory = await scratch()
  const reader = await watch(directory)
  let { token } = await reader.incidentFeed({}, {})
  let store = await write(directory)
  const random = seeded(3)
  const put = (id: string, version: number, severity: 'low' | 'critical' = 'low'): Promise<boolean> => store.putIncident({ ...randomIncident(random), id, version, severity })
  for (const id of ['a', 'b', 'c']) await put(id, 1)
  await put('a', 2, 'critical')
  assert.is(await put('b', 1), false, 'known already')
  const answer = await reader.incidentFeed({}, { after: token })
  assert.equal(answer.incidents.map(i => `${i.id}${i.version}`), ['b1', 'c1', 'a2'])
  assert.equal((await reader.incidentFeed({ minSeverity: 'high' }, { after: token })).incidents.map(i => i.id), ['a'])
  const [first, second] = [await reader.incidentFeed({}, { after: token, limit: 2 }), await reader.incidentFeed({}, { after: answer.token })]
  assert.equal([first.incidents.length, first.more, second.incidents.length, second.more], [2, true, 0, false])
  assert.equal((await reader.incidentFeed({}, { after: first.token })).incidents.map(i => i.id), ['a'])
  await store.close()
  store = await write(directory)
  token = (await reader.incidentFeed({}, {})).token
  assert.is(token, answer.token)
  await put('c', 5)
  assert.equal((await reader.incidentFeed({}, { after: token })).incidents.map(i => i.id), ['c'])
  // More than are looked at in one go.
  await Promise.all(Array.from({ length: 1300 }, (_, i) => put(`n${i}`, 1, i % 400 === 0 ? 'critical' : 'low')))
  assert.equal((await reader.incidentFeed({ minSeverity: 'critical' }, { after: token })).incidents.map(i => i.id), ['n0', 'n400', 'n800', 'n1200'])
  await reader.close()
  await store.close()
})

/** Whether the promise is settled after a look at the store was due. */
async function isSettled (clock: FakeClock, promise: Promise<void>): Promise<boolean> {
  let settled = false
  promise.then(() => { settled = true }, () => undefined)
  await clock.advance(150)
  return settled
}

test('who waits is woken by what another process or thread writes, by the end of its time, and by nothing else', async () => {
  const [directory, clock] = [join(await scratch(), 'later'), new FakeClock()]
  const reader = await watch(directory, clock)
  const changed = (timeoutMs = 60_000, signal = never, after?: string): Promise<boolean> => isSettled(clock, reader.changed(timeoutMs, signal, after))
  assert.is(await changed(), false)
  const store = await write(directory)
  const { token } = await reader.eventFeed({}, {})
  await reader.incidentFeed({}, {})
  assert.is(await changed(), false)
  await store.append(some(0, 1))
  assert.is(await changed(), true, 'between the answer and the wait')
  assert.is(await changed(), false)
  assert.is(await changed(60_000, never, token), true, 'another one has waited meanwhile')
  const waiting = [reader.changed(60_000, never), reader.changed(60_000, never)]
  await store.putIncident(randomIncident(seeded(4)))
  for (const wait of waiting) assert.is(await isSettled(clock, wait), true)
  assert.is(await changed(100), true, 'its time is over')
  const abort = new AbortController()
  const given = reader.changed(60_000, abort.signal)
  abort.abort()
  assert.is(await isSettled(clock, given), true)
  await clock.advance(60_000)
  assert.is(clock.pending, 0, 'nobody waits, nothing is looked at')
  const last = reader.changed(60_000, never)
  await reader.close()
  await last
  assert.is(clock.pending, 0)
  await store.close()
})

test('tokens and limits that make no sense are refused', async () => {
  const store = await write(await scratch())
  const [events, incidents] = [(await store.eventFeed({}, {})).token, (await store.incidentFeed({}, {})).token]
  const asked = [
    store.eventFeed({}, { after: incidents }), store.incidentFeed({}, { after: events }), store.eventFeed({}, { after: '????' }), store.eventFeed({}, { limit: 0 }), store.incidentFeed({}, { limit: 1001 }),
    store.eventFeed({ traceId: 'x' }, {}), store.changed(10, never, 'zzz')
  ]
  for (const [i, result] of (await Promise.allSettled(asked)).entries()) assert.is(((result as PromiseRejectedResult).reason as { fault?: string } | undefined)?.fault, 'query', String(i))
  const abort = new AbortController()
  abort.abort(new Error('nobody waits'))
  assert.is(await store.eventFeed({}, { signal: abort.signal }).catch((e: Error) => e.message), 'nobody waits')
  await store.close()
})

test.run()

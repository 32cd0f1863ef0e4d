/** Scenario: events appended in batches of any size. Guarantees: every question finds what a plain array would, in order, page by page. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { EventBatch } from '../data/batch.js'
import { BatchBuilder, type EventInput } from '../data/builder.js'
import { concat } from '../data/concat.js'
import { eventToJson } from '../data/json.js'
import type { EventRow } from '../data/row.js'
import { randomBatch } from '../data/testing/random-batch.js'
import { seeded, type Random } from '../data/testing/random.js'
import { entityMatches } from './entity-match.js'
import { openStore, type StoreOptions } from './open.js'
import type { EventQuery, PageOptions, Store, StoreReader } from './store.js'
import { names, signs, sources, storedEvent, symptoms, traces } from './testing/random-events.js'

const test = suite('store: events')
const made: string[] = []
/** Timers of the clock do not keep a process alive. */
const awake = setInterval(() => undefined, 1000)
test.after(async () => {
  clearInterval(awake)
  for (const directory of made) await rm(directory, { recursive: true, force: true })
})

async function open (options: StoreOptions = {}): Promise<Store & { readonly directory: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'tapio-store-'))
  made.push(directory)
  return await openStore(directory, { sync: 'commit', ...options }) as Store & { readonly directory: string }
}

function batchOf (events: readonly EventInput[]): EventBatch {
  const builder = new BatchBuilder(Math.max(1, events.length))
  for (const event of events) builder.append(event)
  return builder.finish()
}

/** Ids that count up, with gaps, and some that are hashes. */
function idOf (random: Random, serial: number): string {
  return random.chance(0.2) ? `${(serial * 7919).toString(16).padStart(8, 'c')}${random.word().toString(16).padStart(24, 'e')}` : `${'1'.repeat(16)}${(serial * 3).toString(16).padStart(16, '0')}`
}

const idsOf = (batch: EventBatch): string[] => [...batch].map(row => row.get('id') ?? '')

async function allPages (store: StoreReader, query: EventQuery, options: PageOptions): Promise<string[]> {
  const found: string[] = []
  for (let cursor: string | undefined, pages = 0; ; pages++) {
    assert.ok(pages < 2000, 'pages end')
    const page = await store.events(query, { ...options, ...(cursor === undefined ? {} : { cursor }) })
    found.push(...idsOf(page.events))
    if (page.next === undefined) return found
    assert.is(page.events.count, options.limit, 'only the last page is not full')
    cursor = page.next
  }
}

const timeOf = (e: EventInput): bigint => e.timeUnixNano || (e.observedTimeUnixNano ?? 0n)

function entities (e: EventInput): { kind: string, namespace?: string, name: string, uid?: string }[] {
  const resource = e.resource as Record<string, string>
  const namespace = resource['k8s.namespace.name'] ?? ''
  const named: [string | undefined, string][] = [[resource['k8s.pod.name'], 'Pod'], [resource['service.name'], 'Service'], [e.attributes?.['k8s.deployment.name'] as string | undefined, 'Deployment']]
  return [
    ...named.filter(([name]) => name !== undefined).map(([name, kind]) => ({ kind, namespace, name: name as string })),
    ...(resource['k8s.node.name'] === undefined ? [] : [{ kind: 'Node', name: resource['k8s.node.name'] }]),
    ...(e.entityName === undefined ? [] : [{ kind: e.entityKind as string, namespace: e.entityNamespace as string, name: e.entityName, uid: 'u1' }])
  ]
}

/** What an event has to be in for a list of a question, by that list's name. */
const listed: { [N in 'symptoms' | 'sources' | 'names' | 'signals' | 'namespaces']: (e: EventInput) => (string | undefined)[] } = {
  symptoms: e => [e.symptom],
  sources: e => [e.source],
  names: e => [e.name],
  signals: e => [e.signal],
  namespaces: e => [e.entityNamespace, (e.resource as Record<string, string>)['k8s.namespace.name']]
}

function fitsLists (e: EventInput, query: EventQuery): boolean {
  const { text = '' } = query
  return Object.entries(listed).every(([key, of]) => query[key as keyof typeof listed]?.some(item => of(e).includes(item)) ?? true) &&
    [e.name, e.message].some(s => s?.toLowerCase().includes(text.toLowerCase()))
}

function wanted (model: readonly EventInput[], query: EventQuery, order: 'newest' | 'oldest'): string[] {
  const nano = (ms: number): bigint => BigInt(Math.round(ms * 1000)) * 1000n
  const fits = model.map((event, i) => ({ event, i })).filter(({ event: e }) => (query.traceId === undefined || e.traceId === query.traceId) && (query.symptomId === undefined || e.symptomId === query.symptomId) &&
    fitsLists(e, query) &&
    (query.minSeverity === undefined || (e.severity ?? 0) >= query.minSeverity) && (query.sinceMs === undefined || timeOf(e) >= nano(query.sinceMs)) && (query.untilMs === undefined || timeOf(e) < nano(query.untilMs)) &&
    (query.entity === undefined || entities(e).some(entity => entityMatches(entity, query.entity as { name: string }))))
  fits.sort((a, b) => timeOf(a.event) < timeOf(b.event) ? -1 : timeOf(a.event) > timeOf(b.event) ? 1 : a.i - b.i)
  const ids = fits.map(f => f.event.id as string)
  return order === 'newest' ? ids.reverse() : ids
}

function randomQuery (random: Random, model: readonly EventInput[]): EventQuery {
  const fromMs = Number(timeOf(random.pick(model)) / 1_000_000n)
  const kind = random.pick(['Pod', 'NODE', 'Service', 'Unit', 'Deployment'])
  const entity = { name: random.pick([...names, 'nobody']), ...(random.chance(0.5) && { kind }), ...(random.chance(0.3) && { namespace: random.pick(['shop', 'bank', '']) }), ...(random.chance(0.1) && { uid: 'u1' }) }
  return {
    ...(random.chance(0.4) && { traceId: random.chance(0.1) ? 'f'.repeat(32) : random.pick(traces) }),
    ...(random.chance(0.2) && { symptomId: random.pick(symptoms) }),
    ...(random.chance(0.3) && { minSeverity: random.pick([1, 9, 13, 14, 17, 21, 25]) }),
    ...(random.chance(0.3) && { entity }),
    ...(random.chance(0.2) && { symptoms: [random.pick(signs), 'no.such'] }),
    ...(random.chance(0.2) && { sources: [random.pick(sources), random.pick(sources)] }),
    ...(random.chance(0.2) && { names: [`event ${random.below(16).toString(16)}`, 'event 1'] }),
    ...(random.chance(0.1) && { signals: [random.pick(['events', 'logs', 'metrics'])] }),
    ...(random.chance(0.2) && { namespaces: [random.pick(['shop', 'bank', 'nowhere'])] }),
    ...(random.chance(0.2) && { text: random.pick(['event 7', 'MESSAGE 0000', 'üBER', 'no such text']) }),
    ...(random.chance(0.3) && { sinceMs: fromMs }),
    ...(random.chance(0.3) && { untilMs: fromMs + random.below(300) })
  }
}

for (const seed of process.env.TAPIO_TEST_LONG === '1' ? Array.from({ length: 30 }, (_, i) => i + 1) : [1, 2]) {
  test(`every question finds what a plain array would (seed ${seed})`, async () => {
    const random = seeded(seed)
    const store = await open({ lingerMs: random.pick([0, 5]), maxBytes: 1 << 30 })
    const model: EventInput[] = []
    for (let i = 0; i < 40; i++) {
      const events = Array.from({ length: random.pick([1, 3, 50, 150, i === 7 ? 4500 : 10]) }, (_, n) => storedEvent(random, idOf(random, model.length + n)))
      model.push(...events)
      assert.equal(await store.append(batchOf(events)), { status: 'stored', duplicates: 0 })
    }
    for (let i = 0; i < 50; i++) {
      const query = randomQuery(random, model)
      const order = random.pick(['newest', 'oldest'] as const)
      assert.equal(await allPages(store, query, { limit: random.pick([60, 1000]), order }), wanted(model, query, order), `${JSON.stringify(query)} ${order}`)
    }
    for (let i = 0; i < 50; i++) {
      const { id = '' } = random.pick(model)
      assert.equal(idsOf(await store.event(id) as EventBatch), [id])
    }
    assert.is(await store.event('d'.repeat(32)), undefined)
    const { events, blocks } = await store.stats()
    assert.is(events, model.length)
    assert.ok(blocks >= 3)
    await store.close()
  })
}

/** Keys in order, and without the list of edited ones, which is one of the batch a row happens to be in. */
function whole (row: EventRow): string {
  const event = JSON.parse(eventToJson(row, { raw: true })) as { raw?: { edited?: unknown } }
  delete event.raw?.edited
  return JSON.stringify(event, (_, value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1)) : value)
}

test('events come back whole, raw records too', async () => {
  const random = seeded(9)
  const store = await open()
  const batches = Array.from({ length: 12 }, () => randomBatch(random, 1 + random.below(700), { raw: true }))
  const expected = new Map([...concat(batches)].map(row => [row.get('id') ?? '', whole(row)]))
  const answers = await Promise.all(batches.map(batch => store.append(batch)))
  const given = batches.reduce((n, b) => n + b.count, 0)
  const duplicates = answers.reduce((n, a) => n + (a.status === 'stored' ? a.duplicates : NaN), 0)
  const found: string[] = []
  for (let cursor: string | undefined; ;) {
    const page = await store.events({}, { limit: 500, ...(cursor === undefined ? {} : { cursor }) })
    for (const row of page.events) {
      found.push(row.get('id') ?? '')
      if (row.get('id') !== undefined) assert.is(whole(row), expected.get(row.get('id') as string))
    }
    if (page.next === undefined) break
    cursor = page.next
  }
  assert.is(found.length, given - duplicates)
  await store.close()
})

test('an event is stored once, whenever and however often it comes', async () => {
  const random = seeded(4)
  const store = await open()
  const events = Array.from({ length: 600 }, (_, i) => storedEvent(random, idOf(random, i)))
  const twice = [...events.slice(0, 100), ...events.slice(0, 100)]
  assert.equal(await store.append(batchOf(twice)), { status: 'stored', duplicates: 100 })
  assert.equal(await Promise.all([store.append(batchOf(events)), store.append(batchOf(events.slice(50)))]), [{ status: 'stored', duplicates: 100 }, { status: 'stored', duplicates: 550 }])
  await store.close()
  const again = await openStore(store.directory, { sync: 'disk' })
  assert.equal(await again.append(batchOf([...events, storedEvent(random, 'e'.repeat(32))])), { status: 'stored', duplicates: 600 })
  assert.is((await again.stats()).events, 601)
  await again.close()
})

test('what waits is bounded: beyond it nothing is taken, and what was taken is there', async () => {
  const store = await open({ maxPendingBytes: 100_000 })
  const random = seeded(6)
  const answers = await Promise.all(Array.from({ length: 30 }, (_, b) => store.append(batchOf(Array.from({ length: 100 }, (_, i) => storedEvent(random, idOf(random, b * 100 + i)))))))
  const taken = answers.filter(a => a.status === 'stored').length
  assert.ok(taken > 0 && answers.filter(a => a.status === 'full').length === 30 - taken && taken < 30, `${taken} taken`)
  assert.is((await store.stats()).events, taken * 100)
  await store.close()
})

test('a question can be given up', async () => {
  const store = await open()
  const random = seeded(8)
  for (let b = 0; b < 20; b++) await store.append(batchOf(Array.from({ length: 20 }, (_, i) => storedEvent(random, idOf(random, b * 20 + i)))))
  const abort = new AbortController()
  const asked = store.events({}, { limit: 1000, signal: abort.signal }).catch((e: unknown) => e)
  abort.abort(new Error('nobody waits'))
  assert.is(((await asked) as Error).message, 'nobody waits')
  await store.close()
})

test('questions that make no sense are refused', async () => {
  const store = await open()
  const table: [EventQuery, PageOptions][] = [[{ traceId: 'xyz' }, {}], [{ symptomId: '12' }, {}], [{ sinceMs: NaN }, {}], [{}, { limit: 0 }], [{}, { cursor: '????' }]]
  for (const [query, options] of table) assert.is((await store.events(query, options).catch((e: unknown) => e) as { fault?: string }).fault, 'query', JSON.stringify([query, options]))
  assert.is((await store.event('zz').catch((e: unknown) => e) as { fault?: string }).fault, 'query')
  assert.is((await store.events({ sinceMs: -5, untilMs: Infinity })).events.count, 0)
  await store.close()
  assert.is((await store.events({}).catch((e: unknown) => e) as { fault?: string }).fault, 'closed')
  assert.equal(await store.append(batchOf([{ name: 'late' }])), { status: 'failed', reason: 'the store is closed' })
})

test.run()

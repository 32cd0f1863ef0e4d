/** Scenario: more is stored than may be kept. Guarantees: bounded on disk, the oldest go, incidents' pages are used again. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { BatchBuilder } from '../data/builder.js'
import type { EventBatch } from '../data/batch.js'
import { seeded } from '../data/testing/random.js'
import { FakeClock } from '../testing/fake-clock.js'
import { openStore } from './open.js'
import type { StoreReader } from './store.js'
import { Incidents } from './incidents.js'
import { LinkTable } from './links.js'
import { randomIncident, randomLink } from './testing/random-incident.js'
import { Tables } from './tables.js'

const test = suite('store: retention')
const made: string[] = []
test.after(async () => { for (const directory of made) await rm(directory, { recursive: true, force: true }) })

async function scratch (): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tapio-store-'))
  made.push(directory)
  return directory
}

const idOf = (serial: number): string => (serial + 1).toString(16).padStart(32, '0')

/** Events that do not get smaller. */
function large (first: number, count: number, bytes: number): EventBatch {
  const builder = new BatchBuilder(count)
  for (let i = 0; i < count; i++) builder.append({ id: idOf(first + i), timeUnixNano: BigInt(first + i + 1) * 1_000_000n, raw: { encoding: 7, bytes: randomBytes(bytes) } })
  return builder.finish()
}

const has = async (store: StoreReader, serial: number): Promise<boolean> => await store.event(idOf(serial)) !== undefined

test('beyond its size the oldest events go, and no file outgrows its share', async () => {
  const directory = await scratch()
  const maxBytes = 32 << 20
  const store = await openStore(directory, { sync: 'commit', maxBytes, maxAgeMs: 0 })
  let [serial, most] = [0, 0]
  for (let round = 0; round < 160; round++) {
    assert.is((await store.append(large(serial, 500, 1000))).status, 'stored')
    serial += 500
    for (const name of await readdir(directory)) if (name.startsWith('events-') && name.endsWith('.mdb')) assert.ok((await stat(join(directory, name))).size <= maxBytes / 16 + (1 << 20), name)
    most = Math.max(most, (await store.stats()).bytes)
  }
  assert.ok(most <= maxBytes + (1 << 20), `${most} bytes at most`)
  const { events, partitions, oldestMs, newestMs } = await store.stats()
  assert.ok(events * 1000 > maxBytes * 0.7, `${events} events of ${serial}`)
  assert.ok(partitions <= 17, `${partitions} partitions`)
  assert.is(await has(store, 0), false)
  assert.is(await has(store, serial - events - 1), false)
  assert.is(await has(store, serial - events), true)
  assert.is(await has(store, serial - 1), true)
  assert.equal([oldestMs, newestMs], [serial - events + 1, serial])
  assert.is((await store.events({}, { order: 'oldest', limit: 1 })).events.at(0).get('id'), idOf(serial - events))
  await store.close()
  assert.is((await readdir(directory)).filter(n => n.startsWith('events-')).length, partitions * 2, 'nothing is left of the others')
})

test('beyond its age what was stored goes, whatever time the events claim', async () => {
  const clock = new FakeClock()
  const store = await openStore(await scratch(), { sync: 'commit', maxAgeMs: 16 * 3_600_000, clock })
  for (let hour = 0; hour < 40; hour++) {
    await store.append(large(hour * 10, 10, 50))
    await clock.advance(3_600_000)
    await store.maintain()
    if (hour >= 20) assert.is(await has(store, (hour - 19) * 10), false, `hour ${hour}`)
    if (hour >= 15) assert.is(await has(store, (hour - 13) * 10), true, `hour ${hour}`)
  }
  assert.ok((await store.stats()).partitions <= 18)
  await clock.advance(20 * 3_600_000)
  await store.maintain()
  assert.is((await store.stats()).events, 0)
  await store.append(large(9000, 1, 10))
  assert.is(await has(store, 9000), true)
  await store.close()
})

test('incidents and links go by age', async () => {
  const clock = new FakeClock()
  const store = await openStore(await scratch(), { sync: 'commit', maxAgeMs: 10_000, clock })
  const random = seeded(1)
  const [first, second] = ['a', 'b'].map(id => ({ ...randomIncident(random), id, version: 1 }))
  const link = randomLink(random, first?.chain.map(s => s.id) ?? [])
  await store.putIncident(first as never)
  await store.putLink(link)
  await clock.advance(8000)
  await store.putIncident(second as never)
  await clock.advance(4000)
  await store.maintain()
  assert.equal((await store.incidents({})).incidents.map(i => i.id), ['b'])
  assert.equal((await store.links({ symptom: link.cause })).links, [])
  await store.putIncident({ ...second as never as typeof first, version: 2 } as never)
  await clock.advance(8000)
  await store.maintain()
  assert.equal((await store.incidents({})).incidents.map(i => i.version), [2], 'its age counts from its newest version')
  await clock.advance(8000)
  await store.maintain()
  assert.equal((await store.stats()).incidents, 0)
  await store.close()
})

test('incidents and links go by number, those not written for longest first', async () => {
  const tables = new Tables(join(await scratch(), 'tables.mdb'), false)
  const [incidents, links] = [new Incidents(tables, 10), new LinkTable(tables, 10)]
  const random = seeded(2)
  for (let i = 0; i < 25; i++) {
    await incidents.put({ ...randomIncident(random), id: `i${i}` }, i)
    await links.put({ ...randomLink(random, ['a', 'b']), id: `l${i}` }, i)
  }
  assert.is(await incidents.prune(3), 15)
  assert.is(await links.prune(0), 15)
  assert.equal([incidents.count, links.count], [10, 10])
  assert.equal((await incidents.list({})).incidents.map(i => i.id).sort(), Array.from({ length: 10 }, (_, i) => `i${i + 15}`))
  assert.equal((await links.list({ symptom: 'a' }, new Set(['a', 'b']), false)).links.map(l => l.id).sort(), Array.from({ length: 10 }, (_, i) => `l${i + 15}`))
  await tables.close()
})

test('an incident written again and again does not let the file grow', async () => {
  const directory = await scratch()
  const store = await openStore(directory, { sync: 'commit' })
  const incident = { ...randomIncident(seeded(3)), notes: Array.from({ length: 500 }, (_, i) => `note ${i}`) }
  let half = 0
  for (let version = 1; version <= 2000; version++) {
    await store.putIncident({ ...incident, version })
    if (version === 1000) half = (await stat(join(directory, 'tables.mdb'))).size
  }
  const { size } = await stat(join(directory, 'tables.mdb'))
  assert.ok(size <= half + 65_536 && size < 2 << 20, `${half} then ${size} bytes`)
  await store.close()
})

test('a question that is being answered ends well while its events are deleted', async () => {
  const directory = await scratch()
  const store = await openStore(directory, { sync: 'commit', maxBytes: 16 << 20, maxAgeMs: 0 })
  const reader = await openStore(directory, { readOnly: true })
  let serial = 0
  for (let round = 0; round < 60; round++) {
    const asked = [store, reader].map(s => s.events({}, { order: 'oldest', limit: 200 }))
    await store.append(large(serial, 500, 1000))
    serial += 500
    for (const { events } of await Promise.all(asked)) for (const row of events) assert.is(row.raw?.length, 1000)
  }
  assert.ok((await reader.stats()).events < serial)
  await reader.close()
  await store.close()
})

test.run()

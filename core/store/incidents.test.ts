/** Scenario: incidents and links put in any order. Guarantees: every question finds what a plain array would, page by page. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Link } from '../correlation/link.js'
import { seeded } from '../data/testing/random.js'
import type { Incident } from '../incidents/incident.js'
import { entityMatches } from './entity-match.js'
import { entitiesOf, levelRank, symptomsOf } from './incident-shape.js'
import { openStore } from './open.js'
import { type IncidentQuery, type PageOptions, type Store, type StoreReader } from './store.js'
import { randomIncident, randomLink } from './testing/random-incident.js'

const test = suite('store: incidents and links')
const made: string[] = []
test.after(async () => { for (const directory of made) await rm(directory, { recursive: true, force: true }) })

async function scratch (): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tapio-store-'))
  made.push(directory)
  return directory
}

async function allPages (store: StoreReader, query: IncidentQuery, options: PageOptions = {}): Promise<Incident[]> {
  const found: Incident[] = []
  for (let cursor: string | undefined, pages = 0; ; pages++) {
    assert.ok(pages < 1000, 'pages end')
    const page = await store.incidents(query, { ...options, ...(cursor === undefined ? {} : { cursor }) })
    found.push(...page.incidents)
    if (page.next === undefined) return found
    assert.is(page.incidents.length, options.limit ?? 100, 'only the last page is not full')
    cursor = page.next
  }
}

function wanted (model: readonly Incident[], query: IncidentQuery, order: 'newest' | 'oldest'): Incident[] {
  const fits = model.filter(i => (query.id === undefined || i.id.startsWith(query.id)) && (query.status === undefined || i.status === query.status) &&
    (query.minSeverity === undefined || levelRank(i.severity) >= levelRank(query.minSeverity)) &&
    (query.sinceMs === undefined || i.status === 'open' || (i.resolvedMs ?? i.updatedMs) >= query.sinceMs) && (query.untilMs === undefined || i.startMs < query.untilMs) &&
    (query.traceId === undefined || i.traceIds.includes(query.traceId)) && (query.entity === undefined || entitiesOf(i).some(e => entityMatches(e, query.entity as { name: string }))))
  fits.sort((a, b) => a.startMs - b.startMs || (a.id < b.id ? -1 : 1))
  return order === 'newest' ? fits.reverse() : fits
}

test('every question finds what a plain array would', async () => {
  const random = seeded(11)
  const store = await openStore(await scratch(), { sync: 'commit' })
  const model = new Map<string, Incident>()
  for (let i = 0; i < 400; i++) {
    const incident = randomIncident(random)
    const known = model.get(incident.id)
    const isNewest = known === undefined || incident.version > known.version
    assert.is(await store.putIncident(incident), isNewest)
    if (isNewest) model.set(incident.id, incident)
  }
  const all = [...model.values()]
  for (let i = 0; i < 150; i++) {
    const sample = random.pick(all)
    const entity = random.pick(entitiesOf(sample))
    const query: IncidentQuery = {
      ...(random.chance(0.2) && { id: sample.id.slice(0, random.below(4)) }),
      ...(random.chance(0.3) && { status: sample.status }),
      ...(random.chance(0.3) && { minSeverity: sample.severity }),
      ...(random.chance(0.3) && { entity: random.chance(0.5) ? { name: entity.name } : { ...entity, kind: entity.kind.toUpperCase() } }),
      ...(random.chance(0.2) && { traceId: sample.traceIds[0] ?? 'none' }),
      ...(random.chance(0.3) && { sinceMs: sample.startMs }),
      ...(random.chance(0.3) && { untilMs: sample.startMs + 100_000 })
    }
    const order = random.pick(['newest', 'oldest'] as const)
    const found = await allPages(store, query, { limit: 1 + random.below(30), order })
    assert.equal(found.map(f => f.id), wanted(all, query, order).map(f => f.id), JSON.stringify(query))
    assert.equal(found, wanted(all, query, order))
  }
  await store.close()
})

test('one incident is found by the first digits that only it has', async () => {
  const store = await openStore(await scratch(), { sync: 'commit' })
  const random = seeded(3)
  for (const id of ['abc1', 'abd2', 'ab']) await store.putIncident({ ...randomIncident(random), id, version: 1 })
  const table: [string, string | undefined][] = [['abc', 'abc1'], ['abd2', 'abd2'], ['ab', 'ab'], ['a', undefined], ['x', undefined], ['', undefined]]
  for (const [prefix, id] of table) assert.is((await store.incident(prefix))?.id, id, prefix)
  await store.close()
})

test('links are found by either end, and by an incident that speaks of both', async () => {
  const random = seeded(5)
  const store = await openStore(await scratch(), { sync: 'commit' })
  const incident = randomIncident(random)
  const model = new Map<string, Link>()
  await store.putIncident(incident)
  for (let i = 0; i < 300; i++) {
    const link = randomLink(random, [...symptomsOf(incident), 'other1', 'other2'])
    model.set(link.id, link)
    await store.putLink(link)
  }
  const ids = (links: Iterable<Link>): string[] => Array.from(links, l => l.id).sort()
  const pageAll = async (query: { incident?: string, symptom?: string }): Promise<Link[]> => {
    const found: Link[] = []
    for (let cursor: string | undefined; ;) {
      const page = await store.links(query, { limit: 7, ...(cursor === undefined ? {} : { cursor }) })
      found.push(...page.links)
      if (page.next === undefined) return found
      cursor = page.next
    }
  }
  for (const symptom of [...symptomsOf(incident), 'other1', 'nobody']) assert.equal(ids(await pageAll({ symptom })), ids([...model.values()].filter(l => l.cause === symptom || l.effect === symptom)))
  const known = symptomsOf(incident)
  assert.equal(ids(await pageAll({ incident: incident.id })), ids([...model.values()].filter(l => known.has(l.cause) && known.has(l.effect))))
  assert.equal((await store.links({ incident: 'nobody' })).links, [])
  await store.close()
})

test('what is no incident or link is refused with what is wrong', async () => {
  const store = await openStore(await scratch(), { sync: 'commit' })
  const good = randomIncident(seeded(1))
  const bad: [unknown, RegExp][] = [[null, /object/], [{ ...good, id: '' }, /id/], [{ ...good, version: NaN }, /version/], [{ ...good, status: 'x' }, /status/], [{ ...good, chain: [{}] }, /chain/], [{ ...good, traceIds: [1] }, /traceIds/]]
  for (const [value, message] of bad) {
    const error = await store.putIncident(value as Incident).catch((e: unknown) => e)
    assert.match((error as Error).message, message)
  }
  const error = await store.putLink({ id: 'a' } as Link).catch((e: unknown) => e)
  assert.match((error as Error).message, /cause/)
  await store.close()
})

test('a cursor of another question, a damaged one and a bad limit are refused', async () => {
  const store: Store = await openStore(await scratch(), { sync: 'commit' })
  for (let i = 0; i < 5; i++) await store.putIncident({ ...randomIncident(seeded(i)), id: `id${i}` })
  const { next = '' } = await store.incidents({}, { limit: 2 })
  const table: [IncidentQuery, PageOptions][] = [[{ status: 'open' }, { cursor: next }], [{}, { cursor: next, order: 'oldest' }], [{}, { cursor: 'xyz' }], [{}, { cursor: '' }], [{}, { limit: 0 }], [{}, { limit: 1e6 }], [{}, { limit: NaN }]]
  for (const [query, options] of table) {
    const error = await store.incidents(query, options).catch((e: unknown) => e)
    assert.is((error as { fault?: string }).fault, 'query', JSON.stringify(options))
  }
  await store.close()
})

test.run()

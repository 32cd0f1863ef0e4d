/** Scenario: events are counted. Guarantees: the counts a plain array would give, of the newest when there are too many, in buckets people can read. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { BatchBuilder, type EventInput } from '../data/builder.js'
import { severityName } from '../data/enums.js'
import { seeded } from '../data/testing/random.js'
import { Buckets } from './buckets.js'
import type { Counted } from './feeds.js'
import { openStore } from './open.js'
import type { EventQuery, Store } from './store.js'
import { storedEvent } from './testing/random-events.js'

const test = suite('store: statistics')
const t0 = 1_767_225_600_000

function counted (keys: readonly (string | undefined)[]): Counted[] {
  const counts = new Map<string, number>()
  for (const key of keys) if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1)
  return Array.from(counts, ([key, count]) => ({ key, count })).sort((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1))
}

const timeOf = (e: EventInput): number => Number((e.timeUnixNano || (e.observedTimeUnixNano ?? 0n)) / 1_000_000n)

function entityOf (e: EventInput): string {
  const resource = e.resource as Record<string, string>
  const namespace = resource['k8s.namespace.name']
  if (e.entityName !== undefined) return `${e.entityKind ?? ''} ${e.entityNamespace ?? ''}/${e.entityName}`
  if (resource['k8s.pod.name'] !== undefined) return `Pod ${namespace}/${resource['k8s.pod.name']}`
  return `Service ${resource['service.name']}`
}

async function withEvents (seed: number, use: (store: Store, model: readonly EventInput[]) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'tapio-store-'))
  const store = await openStore(directory, { sync: 'commit' })
  try {
    const [random, model] = [seeded(seed), [] as EventInput[]]
    for (let i = 0; i < 25; i++) {
      const builder = new BatchBuilder(300)
      for (let n = 1 + random.below(300); n > 0; n--) {
        const event = { ...storedEvent(random, (model.length + 1).toString(16).padStart(32, '0')), attributes: {} }
        model.push(event)
        builder.append(event)
      }
      await store.append(builder.finish())
    }
    await use(store, model)
  } finally {
    await store.close()
    await rm(directory, { recursive: true, force: true })
  }
}

test('counts are those of a plain array', () => withEvents(1, async (store, model) => {
  const table: [EventQuery, (e: EventInput) => boolean][] = [
    [{}, () => true], [{ minSeverity: 17 }, e => (e.severity ?? 0) >= 17], [{ sources: ['ebpf'] }, e => e.source === 'ebpf'], [{ sinceMs: t0 + 100, untilMs: t0 + 300 }, e => timeOf(e) >= t0 + 100 && timeOf(e) < t0 + 300], [{ names: ['nothing'] }, () => false]
  ]
  for (const [query, fits] of table) {
    const fit = model.filter(fits)
    const found = await store.statistics(query, { bucketMs: 50 })
    assert.equal([found.total, found.truncated], [fit.length, false])
    assert.equal(found.bySeverity, counted(fit.map(e => severityName(e.severity ?? 0))))
    assert.equal(found.bySource, counted(fit.map(e => e.source)))
    assert.equal(found.bySymptom, counted(fit.map(e => e.symptom)))
    assert.equal(found.byEntity, counted(fit.map(entityOf)))
    assert.equal(found.byType, counted(fit.map(e => e.type ?? 'unknown')))
    const inTime = fit.filter(e => timeOf(e) > 0)
    assert.equal(found.buckets.map(b => ({ key: String(b.timeMs), count: b.count })), counted(inTime.map(e => String(Math.floor(timeOf(e) / 50) * 50))).sort((a, b) => a.key < b.key ? -1 : 1))
    assert.is(found.buckets.reduce((n, b) => n + b.errors, 0), inTime.filter(e => (e.severity ?? 0) >= 17).length)
  }
}))

test('when there are too many the newest are counted, and it says so', () => withEvents(2, async (store, model) => {
  const { total, truncated, buckets } = await store.statistics({}, { bucketMs: 0, maxEvents: 100 })
  assert.equal([total, truncated, buckets.reduce((n, b) => n + b.count, 0)], [100, true, 100])
  const all = await store.statistics({}, { bucketMs: 0, maxEvents: model.length })
  assert.equal([all.total, all.truncated], [model.length, false])
  const abort = new AbortController()
  const asked = store.statistics({}, { bucketMs: 0, signal: abort.signal }).catch((e: Error) => e.message)
  abort.abort(new Error('nobody waits'))
  assert.is(await asked, 'nobody waits')
}))

const spans: [what: string, stepMs: number, count: number, widthMs: number][] = [['an instant', 0, 5, 1], ['a second', 10, 100, 50], ['ten minutes', 1000, 600, 10_000], ['an hour of milliseconds', 1, 3_600_000, 60_000], ['a day', 60_000, 1440, 1_800_000], ['a year', 86_400_000, 365, 604_800_000]]
for (const [what, stepMs, count, widthMs] of spans) {
  test(`${what} is shown in buckets of ${widthMs} ms`, () => {
    const buckets = new Buckets(0)
    for (let i = 0; i < count; i++) buckets.add(t0 + i * stepMs, i % 3 === 0)
    const found = buckets.finish()
    assert.ok(found.length <= 62, `${found.length}`)
    assert.ok(found.every(b => b.timeMs % widthMs === 0) && (found.length === 1 || (found[1]?.timeMs ?? 0) - (found[0]?.timeMs ?? 0) === widthMs))
    assert.equal([found.reduce((n, b) => n + b.count, 0), found.reduce((n, b) => n + b.errors, 0)], [count, Math.ceil(count / 3)])
  })
}

test('a given width that makes too many buckets, or none, is refused', () => {
  const buckets = new Buckets(1)
  assert.throws(() => { for (let i = 0; i < 6000; i++) buckets.add(t0 + i, false) }, /more than 5000: choose wider/)
  assert.throws(() => new Buckets(-1), /found -1/)
  const none = new Buckets(0)
  none.add(0, true)
  assert.equal(none.finish(), [])
})

test.run()

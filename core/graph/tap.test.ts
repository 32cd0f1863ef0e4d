/**
 * Scenario: names of edges with and without `*`; long streams sampled; one tap in a thread whose edges carry much, little, lent memory,
 * rows nobody has read, or more than its reader takes.
 * Guarantees: only what fits is shown, each row with the same chance, no more than the rate; every row is shown or counted; memory is bounded.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { EventBatch } from '../data/batch.js'
import { BatchBuilder } from '../data/builder.js'
import { encodeBatch } from '../data/codec.js'
import { decodeBatch } from '../data/decode.js'
import { EventIds } from '../data/ids.js'
import { seeded } from '../data/testing/random.js'
import { readExportRequest } from '../otlp/reader.js'
import { frameExportRequests } from '../otlp/writer.js'
import { FakeClock } from '../testing/fake-clock.js'
import { templateBatch } from '../testing/template-batch.js'
import { Reservoir } from './reservoir.js'
import { edgeTest, type EdgeEnds, type TapFilter, type TapReport } from './tap.js'
import { ThreadTap } from './thread-tap.js'

const ends: EdgeEnds = { from: 'receiver/otlp', to: 'pipeline/main', pipeline: 'main' }

const patterns: readonly (readonly [string, boolean])[] = [
  ['', true], ['*', true], ['* -> *', true], ['receiver/otlp -> pipeline/main', true], ['receiver/otlp->pipeline/main', true], ['receiver/* -> *', true], ['* -> pipeline/m*n', true],
  ['-> pipeline/main', true], ['receiver/otlp ->', true], ['receiver/otlp', true], ['pipeline/main', true], ['*otlp', true], ['*/*', true], ['**', true],
  ['receiver/otlp/2', false], ['receiver', false], ['otlp', false], ['pipeline/main -> receiver/otlp', false], ['receiver/* -> exporter/*', false], ['*x*', false]
]

test('an edge is called by its two ends or by one, with * for any part', () => {
  for (const [pattern, fits] of patterns) assert.is(edgeTest(pattern)(ends), fits, pattern)
})

test('no pattern makes the comparison slow', () => {
  const startedMs = performance.now()
  assert.is(edgeTest('*a'.repeat(128))({ ...ends, from: 'a'.repeat(10_000), to: 'a'.repeat(10_000) + 'b' }), true)
  assert.is(edgeTest('*a'.repeat(127) + 'c')({ ...ends, from: 'a'.repeat(10_000), to: 'b' }), false)
  assert.ok(performance.now() - startedMs < 1000)
})

test('each item of a stream has the same chance to remain, however it is cut', () => {
  const random = seeded(3)
  const [items, capacity, rounds] = [200, 10, 4000]
  const chosen = new Uint32Array(items)
  const reservoir = new Reservoir(() => random.below(2 ** 30) / 2 ** 30)
  for (let round = 0; round < rounds; round++) {
    reservoir.reset(capacity)
    const places: number[] = []
    for (let at = 0; at < items;) {
      const part = Math.min(items - at, 1 + random.below(50))
      reservoir.offer(part, (item, place) => { places[place] = at + item })
      at += part
    }
    assert.is(new Set(places).size, capacity)
    for (const item of places) chosen[item] = (chosen[item] as number) + 1
  }
  // 200 counts around their mean, 199 degrees of freedom: above 290 comes once in 100 000 fair runs.
  const mean = rounds * capacity / items
  const chiSquare = chosen.reduce((sum, n) => sum + (n - mean) ** 2 / mean, 0)
  assert.ok(chiSquare < 290, `chi square ${chiSquare}`)
})

interface Tapping { readonly tap: ThreadTap, readonly clock: FakeClock, readonly reports: TapReport[], rows (): number, see (batch: EventBatch): void }

function tapping (rate: number, filter: TapFilter = {}): Tapping {
  const [clock, reports, random] = [new FakeClock(), [] as TapReport[], seeded(1)]
  const tap = new ThreadTap({ edge: '', filter, maxEventsPerSecond: rate }, clock, report => reports.push(report), () => random.below(2 ** 30) / 2 ** 30)
  return { tap, clock, reports, rows: () => reports.flatMap(r => r.rows).reduce((n, r) => n + opened(r.document).count, 0), see: batch => tap.see(ends, batch) }
}

function opened (document: Uint8Array): EventBatch {
  const decoded = decodeBatch(document)
  if (!decoded.ok) throw new Error(decoded.error)
  return decoded.batch
}

const sum = (reports: readonly TapReport[], key: 'passed' | 'notShown'): number => reports.reduce((n, r) => n + r[key], 0)
const namesIn = (reports: readonly TapReport[]): string[] => reports.flatMap(r => r.rows).flatMap(r => [...opened(r.document)].map(row => row.get('message') ?? ''))

function numbered (from: number, count: number, more: (i: number) => object = () => ({})): EventBatch {
  const builder = new BatchBuilder(count)
  for (let i = from; i < from + count; i++) builder.append({ message: `row ${i}`, ...more(i) })
  return builder.finish()
}

test('few rows are all shown, as they were, with their edge', async () => {
  const t = tapping(100)
  const batch = numbered(0, 7)
  t.see(batch)
  await t.clock.advance(250)
  assert.equal(t.reports.map(r => ({ ...r, rows: r.rows.map(({ document: _, ...e }) => e) })), [{ rows: [ends], passed: 7, notShown: 0 }])
  assert.equal(namesIn(t.reports), [...batch].map(row => row.get('message')))
  t.tap.end()
  assert.is(t.clock.pending, 0)
})

for (const rate of [1, 3, 10, 100, 1000]) {
  test(`of many rows about ${rate} a second are shown and the others counted, with at most four reports a second`, async () => {
    const t = tapping(rate)
    for (let i = 0; i < 100; i++) {
      t.see(templateBatch(250))
      t.see(templateBatch(50))
      await t.clock.advance(100)
      t.tap.read()
    }
    await t.clock.advance(1000)
    const shown = t.rows()
    assert.ok(shown >= rate * 9 && shown <= rate * 11 + 1, `${shown} rows in 10 s`)
    assert.ok(t.reports.length <= 44, `${t.reports.length} reports`)
    assert.equal([sum(t.reports, 'passed'), sum(t.reports, 'notShown') + shown], [30_000, 30_000])
  })
}

test('without rows that fit, counts are told once a second', async () => {
  const t = tapping(10, { minSeverity: 24 })
  for (let i = 0; i < 40; i++) { t.see(templateBatch(5)); await t.clock.advance(100); t.tap.read() }
  assert.equal(t.reports.map(r => [r.rows.length, r.notShown]), [[0, 0], [0, 0], [0, 0], [0, 0]])
  assert.is(sum(t.reports, 'passed'), 200)
})

const trace = 'abcdef0123456789abcdef0123456789'
const filters: readonly (readonly [TapFilter, (i: number) => boolean])[] = [
  [{ minSeverity: 17 }, i => i % 3 === 0],
  [{ traceId: trace }, i => i % 5 === 0],
  [{ entity: { kind: 'pod', namespace: 'shop', name: 'cart-1' } }, i => i % 4 === 1],
  [{ entity: { name: 'n1' } }, i => i % 2 === 0],
  [{ minSeverity: 17, traceId: trace }, i => i % 15 === 0],
  [{ symptoms: ['kernel.oom_kill', 'none'] }, i => i % 6 === 0],
  [{ sources: ['ebpf'] }, i => i % 2 === 1],
  [{ names: ['event-0', 'event-2'] }, i => i % 3 !== 1],
  [{ signals: ['logs'] }, i => i % 2 === 0],
  [{ signals: ['traces'] }, () => false],
  [{ namespaces: ['shop'] }, () => true],
  [{ namespaces: ['web'] }, () => false],
  [{ text: 'ROW 1' }, i => String(i).startsWith('1')],
  [{ symptoms: [], names: [], text: '' }, () => true]
]

for (const [filter, fits] of filters) {
  test(`only rows that fit are shown: ${JSON.stringify(filter)}`, async () => {
    const t = tapping(1000, filter)
    t.see(numbered(0, 60, i => ({
      signal: i % 2 === 0 ? 'logs' : 'events', name: `event-${i % 3}`, source: i % 2 === 1 ? 'ebpf' : 'otlp', ...(i % 6 === 0 ? { symptom: 'kernel.oom_kill' } : {}),
      severity: i % 3 === 0 ? 17 : 9, ...(i % 5 === 0 ? { traceId: trace } : {}), entityKind: 'Pod', entityNamespace: 'shop', entityName: `cart-${i % 4}`,
      resource: { 'k8s.node.name': `n${i % 2 === 0 ? 1 : 2}` }
    })))
    await t.clock.advance(1000)
    const expected = Array.from({ length: 60 }, (_, i) => i).filter(fits).map(i => `row ${i}`)
    assert.equal([namesIn(t.reports), sum(t.reports, 'passed'), sum(t.reports, 'notShown')], [expected, 60, 0])
  })
}

test('lent memory is copied before the outcome', async () => {
  const t = tapping(1000)
  const memory = encodeBatch(numbered(0, 5))
  const decoded = decodeBatch(memory, true, true)
  if (decoded.ok) t.see(decoded.batch)
  memory.fill(0xff)
  await t.clock.advance(250)
  assert.equal(namesIn(t.reports), [0, 1, 2, 3, 4].map(i => `row ${i}`))
})

test('records that nobody has read stay unread for those who come after', async () => {
  const request = Buffer.concat(frameExportRequests(numbered(0, 20, () => ({ signal: 'logs', type: 'log' }))).flatMap(r => r.chunks))
  const read = readExportRequest('logs', request, { ids: new EventIds(new Uint8Array(8), 1), observedTimeUnixNano: 1n })
  if (!read.ok) throw new Error(read.error)
  const { batch } = read
  assert.ok(batch.unread !== undefined)
  const t = tapping(1000, { minSeverity: 0 })
  t.see(batch)
  assert.ok(batch.unread !== undefined)
  const other = tapping(1000, { signals: ['traces'] })
  other.see(batch)
  await t.clock.advance(250)
  await other.clock.advance(1000)
  assert.equal([t.rows(), other.rows(), sum(other.reports, 'passed'), sum(other.reports, 'notShown')], [20, 0, 20, 0])
})

test('a reader that does not keep up gets four reports; then rows are counted until it takes one', async () => {
  const t = tapping(100)
  const second = async (): Promise<void> => { for (let i = 0; i < 10; i++) { t.see(templateBatch(10)); await t.clock.advance(100) } }
  for (let i = 0; i < 10; i++) await second()
  assert.is(t.reports.length, 4)
  t.tap.read()
  await second()
  assert.is(t.reports.length, 5)
  assert.ok((t.reports[4]?.notShown ?? 0) >= 880, 'those of the silence')
  for (let i = 0; i < 4; i++) t.tap.read()
  await second()
  await t.clock.advance(1000)
  assert.is(sum(t.reports, 'notShown') + t.rows(), sum(t.reports, 'passed'))
})

test('rows too large to be held for a report are counted, the others shown', async () => {
  const t = tapping(1000)
  t.see(numbered(0, 2, i => ({ statusMessage: String(i).repeat(3 << 20) })))
  t.see(numbered(2, 3))
  t.see(numbered(5, 1, () => ({ statusMessage: 'x'.repeat(5 << 20) })))
  await t.clock.advance(250)
  assert.equal([namesIn(t.reports), sum(t.reports, 'notShown')], [['row 2', 'row 3', 'row 4'], 3])
})

test.run()

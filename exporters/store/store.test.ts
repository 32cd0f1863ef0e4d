/** Scenario: batches as pipelines send them. Guarantees: what is kept, what is counted, and answers that are true. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock, type Clock } from '../../core/component/clock.js'
import type { Exporter } from '../../core/component/component.js'
import { BatchBuilder, type EventInput } from '../../core/data/builder.js'
import { RawEncoding } from '../../core/data/enums.js'
import { seeded } from '../../core/data/testing/random.js'
import { openStore } from '../../core/store/open.js'
import { randomIncident, randomLink } from '../../core/store/testing/random-incident.js'
import { FakeClock } from '../../core/testing/fake-clock.js'
import { deadlineIn, testBench } from '../../core/testing/services.js'
import type { StoreExporterConfig } from './config.js'
import { factory } from './factory.js'
import { select } from './selection.js'

const test = suite('store exporter')
const made: string[] = []
test.after(async () => { for (const directory of made) await rm(directory, { recursive: true, force: true }) })

async function scratch (): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tapio-store-exporter-'))
  made.push(directory)
  return join(directory, 'store')
}

async function start (directory: string, changes: Partial<StoreExporterConfig> = {}, clock: Clock = systemClock) {
  const config: StoreExporterConfig = {
    directory, keep: 'symptoms', min_severity: 'error', sample_ratio: 0, sync: 'commit', batch_timeout: 0, max_pending_bytes: 1 << 25, retention: { age: 0, size: 1 << 26 }, ...changes
  }
  const bench = testBench('exporter', 'store', config, { clock })
  const exporter = await factory.create(bench.services) as Exporter
  await exporter.start?.(bench.host)
  return { ...bench, exporter }
}

const batchOf = (...events: EventInput[]) => {
  const builder = new BatchBuilder(events.length)
  for (const event of events) builder.append(event)
  return builder.finish()
}

const document = (name: string, value: unknown): EventInput => ({ name, raw: { encoding: RawEncoding.tapioJson, bytes: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)) } })

test('incidents and links come out as they went in, the newest version wins, and what is malformed is counted', async () => {
  const directory = await scratch()
  const { exporter, drops, status } = await start(directory)
  const incident = { ...randomIncident(seeded(1)), version: 2 }
  const link = randomLink(seeded(2), incident.chain.map(s => s.id))
  const newer = { ...incident, version: 3, title: 'newer' }
  assert.is((await exporter.consume(batchOf(document('tapio.incident', incident), document('tapio.link', link), document('tapio.incident', '{'), document('tapio.link', { id: 'x' })))).status, 'accepted')
  await exporter.consume(batchOf(document('tapio.incident', newer), document('tapio.incident', { ...incident, version: 1 })))
  assert.is(drops.get('malformed'), 2)
  const reader = await openStore(directory, { readOnly: true })
  assert.equal((await reader.incidents({})).incidents, [newer])
  assert.equal((await reader.links({ incident: incident.id })).links, [link])
  await reader.close()
  await exporter.stop?.(deadlineIn(5000))
  assert.equal(status.events, [])
})

test('says where its store is, from anywhere', async () => {
  const directory = await scratch()
  const { exporter } = await start(relative(process.cwd(), directory))
  assert.is(await exporter.answer?.('store.directory', null), directory)
  await exporter.stop?.(deadlineIn(5000))
})

const rules: [string, Partial<StoreExporterConfig>, string[]][] = [
  ['a symptom, or an error', {}, ['symptom', 'error', 'critical']],
  ['symptoms alone', { min_severity: 'none' }, ['symptom']],
  ['from warning on', { min_severity: 'warning' }, ['symptom', 'error', 'critical', 'warning']],
  ['everything', { keep: 'all' }, ['symptom', 'error', 'critical', 'warning', 'plain', 'span']],
  ['all of the sample', { sample_ratio: 1 }, ['symptom', 'error', 'critical', 'warning', 'plain', 'span']]
]

for (const [what, changes, kept] of rules) {
  test(`keeps ${what}, and counts the others`, async () => {
    const directory = await scratch()
    const { exporter, drops, meter } = await start(directory, changes)
    const all: EventInput[] = [
      { name: 'symptom', symptom: 'kernel.oom_kill', symptomId: 'a'.repeat(32), severity: 9 }, { name: 'error', severity: 17 }, { name: 'critical', severity: 21 }, { name: 'warning', severity: 13 },
      { name: 'plain', severity: 9 }, { name: 'span', signal: 'traces', traceId: 'b'.repeat(32) }
    ].map((event, i) => ({ ...event, id: String(i + 1).padStart(32, '0') }) as EventInput)
    assert.is((await exporter.consume(batchOf(...all))).status, 'accepted')
    const reader = await openStore(directory, { readOnly: true })
    assert.equal([...(await reader.events({})).events].map(row => row.get('name')).sort(), [...kept].sort())
    assert.is(drops.get('not_kept') ?? 0, all.length - kept.length)
    assert.is(meter.values.get('store_stored'), kept.length)
    await reader.close()
    await exporter.stop?.(deadlineIn(5000))
  })
}

test('a sample takes whole traces, about as many as asked for', async () => {
  const random = seeded(5)
  const hex = (): string => Array.from({ length: 4 }, () => random.word().toString(16).padStart(8, '0')).join('')
  const traces = Array.from({ length: 400 }, hex)
  const events = traces.flatMap(traceId => Array.from({ length: 3 }, (): EventInput => ({ signal: 'traces', traceId, severity: 9, id: hex() })))
  const { events: kept } = select(batchOf(...events), { keep: 'symptoms', min_severity: 'error', sample_ratio: 0.25 })
  const perTrace = new Map<string, number>()
  for (const row of kept) perTrace.set(row.get('traceId') as string, (perTrace.get(row.get('traceId') as string) ?? 0) + 1)
  assert.equal([...new Set(perTrace.values())], [3])
  assert.ok(perTrace.size > 70 && perTrace.size < 130, `${perTrace.size} of 400`)
})

test('an event that came before is accepted, counted and stored once', async () => {
  const { exporter, drops, meter } = await start(await scratch())
  const batch = batchOf({ severity: 17, id: 'c'.repeat(32) }, { severity: 17, id: 'd'.repeat(32) })
  for (let i = 0; i < 3; i++) assert.is((await exporter.consume(batch)).status, 'accepted')
  assert.is(drops.get('duplicate'), 4)
  assert.is(meter.values.get('store_stored'), 2)
  await exporter.stop?.(deadlineIn(5000))
})

test('while another writes it asks senders to wait and says so; afterwards it takes', async () => {
  const directory = await scratch()
  const other = await openStore(directory)
  const clock = new FakeClock()
  const { exporter, status } = await start(directory, {}, clock)
  const batch = batchOf({ severity: 17, id: 'c'.repeat(32) })
  const outcome = await exporter.consume(batch)
  assert.is(outcome.status, 'retry')
  assert.match(status.events.join(), /recoverable: .*is being written by another process/)
  await other.close()
  await clock.advance(1500)
  assert.is((await exporter.consume(batch)).status, 'accepted')
  assert.is(status.events.at(-1), 'ok')
  await exporter.stop?.(deadlineIn(5000))
})

test('beyond its bound it answers retry, and takes the same batch later', async () => {
  const { exporter } = await start(await scratch(), { max_pending_bytes: 65_536 })
  const random = seeded(1)
  const batches = Array.from({ length: 40 }, (_, b) => batchOf(...Array.from({ length: 200 }, (_, i): EventInput => ({ severity: 17, message: `${random.word()}`, id: (b * 1000 + i + 1).toString(16).padStart(32, '0') }))))
  const first = await Promise.all(batches.map(batch => exporter.consume(batch)))
  const refused = batches.filter((_, i) => first[i]?.status === 'retry')
  assert.ok(refused.length > 0 && refused.length < batches.length, `${refused.length} of ${batches.length}`)
  for (const batch of refused) assert.is((await exporter.consume(batch)).status, 'accepted')
  await exporter.stop?.(deadlineIn(5000))
})

test('few events wait for others, and a stop does not wait for the clock', async () => {
  const directory = await scratch()
  const { exporter } = await start(directory, { batch_timeout: 10_000 }, new FakeClock())
  const waiting = [1, 2, 3].map(i => exporter.consume(batchOf({ severity: 17, id: String(i).repeat(32) })))
  const stopped = exporter.stop?.(deadlineIn(60_000))
  assert.equal((await Promise.all(waiting)).map(o => o.status), ['accepted', 'accepted', 'accepted'])
  await stopped
  assert.is((await exporter.consume(batchOf({ severity: 17 }))).status, 'refused')
  const reader = await openStore(directory, { readOnly: true })
  const { events, blocks } = await reader.stats()
  assert.equal([events, blocks], [3, 1])
  await reader.close()
})

test.run()

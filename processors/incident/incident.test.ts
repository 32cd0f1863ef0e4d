import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Value } from '@sinclair/typebox/value'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Processor } from '../../core/component/component.js'
import { accepted, refused, rejected, retry } from '../../core/component/outcome.js'
import { createShared } from '../../core/component/services.js'
import { engineOf } from '../../core/correlation/engine.js'
import { BatchBuilder } from '../../core/data/builder.js'
import type { EventRow } from '../../core/data/row.js'
import type { Incident } from '../../core/incidents/incident.js'
import { link, see, startMs } from '../../core/incidents/testing/scene.js'
import { defaultPatternDir, PatternLibrary } from '../../core/patterns/library.js'
import { incidentOfRow } from '../../core/story/rows.js'
import { partsOf } from '../../core/recovery/isolation/parts.js'
import { openStore } from '../../core/store/open.js'
import { FakeClock } from '../../core/testing/fake-clock.js'
import { deadlineIn, testBench } from '../../core/testing/services.js'
import { schema } from './config.js'
import { factory } from './factory.js'

const test = suite('incident')
const folder = mkdtempSync(join(tmpdir(), 'tapio-incident-'))
test.after(() => { rmSync(folder, { recursive: true }) })

async function made (config: Readonly<Record<string, unknown>> = {}, shared = createShared()) {
  const clock = new FakeClock()
  const bench = testBench('processor', 'incident', Value.Default(schema, structuredClone(config)), { shared, clock })
  const processor = await factory.create(bench.services) as Processor
  await processor.start?.(bench.host)
  const engine = engineOf(shared)
  const rows = (): EventRow[] => bench.next.batches.flatMap(batch => [...batch])
  return {
    ...bench, processor, engine, clock, rows, shared,
    /** Thinks at a time, and lets what it has to tell go out. */
    tick: async (atS: number) => { engine.flush(false, startMs + atS * 1000); await clock.advance(0) },
    incidents: (): Incident[] => rows().flatMap(row => incidentOfRow(row) ?? []),
    spans: () => rows().filter(row => row.signal === 'traces').length
  }
}

type Made = Awaited<ReturnType<typeof made>>

function nodeDown ({ engine }: Made, name = 'n1', atS = 0) { return see(engine, 'node.not_ready', `Node//${name}`, { severity: 'critical', atS }) }

const document = { emit: { trace: false } }

test('what passes through is the same batch', async () => {
  const { processor, next } = await made()
  const builder = new BatchBuilder()
  builder.append({ type: 'process', name: 'exec' })
  const batch = builder.finish()
  assert.is(await processor.consume(batch), accepted)
  assert.is(next.batches[0], batch)
})

test('an incident leaves when it opens, changes and is over; not when nothing is new', async () => {
  const bench = await made()
  const cause = nodeDown(bench)
  await bench.tick(1)
  await bench.tick(2)
  assert.equal(bench.incidents().map(i => [i.version, i.status]), [[1, 'open']])
  const severity = bench.incidents()[0]!.severity
  assert.is(bench.meter.values.get(`incidents_open{severity="${severity}"}`), 1)
  link(bench.engine, cause, see(bench.engine, 'k8s.pod_not_ready', 'Pod/shop/web-1', { atS: 3 }))
  await bench.tick(4)
  assert.equal(bench.incidents().map(i => [i.version, i.status]), [[1, 'open'], [2, 'open']])
  await bench.tick(1000)
  const told = bench.incidents()
  assert.equal(told.map(i => [i.version, i.status]), [[1, 'open'], [2, 'open'], [3, 'resolved']])
  assert.is(new Set(told.map(i => i.id)).size, 1)
  assert.is(bench.meter.values.get('incident_documents{status="open"}'), 2)
  assert.is(bench.meter.values.get('incident_documents{status="resolved"}'), 1)
  assert.equal(['critical', 'high', 'medium', 'low'].map(s => bench.meter.values.get(`incidents_open{severity="${s}"}`)), [0, 0, 0, 0])
})

test('a trace goes with it when it opens and when the cause is another, and not with every change', async () => {
  const bench = await made()
  const { engine } = bench
  const late = see(engine, 'k8s.evicted', 'Pod/shop/web-1', { severity: 'critical', atS: 1 })
  await bench.tick(2)
  const first = bench.spans()
  assert.ok(first > 0)
  link(engine, late, see(engine, 'app.span_error', 'Service/shop/front', { atS: 3, count: 30 }))
  await bench.tick(4)
  assert.is(bench.incidents().length, 2)
  assert.is(bench.spans(), first, 'the cause is the same')
  link(engine, nodeDown(bench), late)
  await bench.tick(5)
  assert.is(bench.incidents().at(-1)?.hypotheses[0]?.subject.kind, 'Node')
  assert.ok(bench.spans() > first, 'the cause is another')
})

test('`emit` leaves out the document, or the trace', async () => {
  const bare = await made({ emit: { document: false, trace: false } })
  nodeDown(bare)
  await bare.tick(1)
  assert.equal(bare.rows().map(row => [row.get('name'), row.raw]), [['tapio.incident', undefined]])
  const plain = await made(document)
  nodeDown(plain)
  await plain.tick(1)
  assert.is(plain.incidents().length, 1)
  assert.is(plain.spans(), 0)
})

test('while the next answers retry, what was told waits and comes in order', async () => {
  const bench = await made(document)
  let isFull = true
  bench.next.answer = () => isFull ? retry('full', 50) : accepted
  nodeDown(bench)
  await bench.tick(1)
  nodeDown(bench, 'n2', 1)
  await bench.tick(2)
  assert.is(bench.rows().length, 0)
  isFull = false
  await bench.clock.advance(60_000)
  assert.equal(bench.incidents().map(i => i.hypotheses[0]?.subject.name), ['n1', 'n2'])
  assert.equal([...bench.drops], [])
})

test('what finds no room is dropped and counted', async () => {
  const bench = await made({ ...document, max_incidents: 1 })
  bench.next.answer = () => retry('full', 1000)
  const worst = nodeDown(bench)
  // 70 rows fit; each change is one.
  for (let i = 1; i <= 100; i++) {
    link(bench.engine, worst, see(bench.engine, 'k8s.evicted', `Pod/shop/p-${i}`, { atS: i, severity: 'critical' }))
    await bench.tick(i + 1)
  }
  const documents = bench.meter.values.get('incident_documents{status="open"}') ?? 0
  assert.ok(documents > 70)
  assert.is(bench.drops.get('outbox_full'), documents - 70)
})

test('rejected and refused rows are counted as such', async () => {
  const bench = await made(document)
  bench.next.answer = batch => rejected('no', batch.count)
  nodeDown(bench)
  await bench.tick(1)
  assert.is(bench.drops.get('rejected'), 1)
  bench.next.answer = () => refused('gone')
  nodeDown(bench, 'n2', 2)
  await bench.tick(3)
  await bench.clock.advance(3_600_000)
  assert.is(bench.drops.get('refused'), 1)
})

test('stop sends what waits', async () => {
  const bench = await made(document)
  let isFull = true
  bench.next.answer = () => isFull ? retry('full', 20) : accepted
  nodeDown(bench)
  await bench.tick(1)
  const stopped = Promise.resolve(bench.processor.stop?.(deadlineIn(10_000)))
  isFull = false
  await bench.clock.advance(60_000)
  await stopped
  assert.is(bench.incidents().length, 1)
  assert.is(bench.clock.pending, 0, 'no timer is left')
})

test('a deadline that passes is counted as loss', async () => {
  const bench = await made(document)
  bench.next.answer = () => retry('full', 20)
  nodeDown(bench)
  await bench.tick(1)
  await bench.processor.stop?.({ signal: AbortSignal.abort(), atMs: 0 })
  assert.is(bench.drops.get('shutdown'), 1)
})

/** A pattern about Services named `name`. */
function pattern (id: string, title: string, score = '0.9'): string {
  return `version: 1
patterns:
  - id: ${id}
    layer: k8s
    subject: Service
    when:
      - symptom: {sign: app.span_error, of: own}
    score: ${score}
    explains: [app.span_error]
    title: ${title}
    why: because
    actions: []
`
}

test('a bad pattern of the user is logged with file, line and column, and the others work', async () => {
  const [bad, good] = [join(folder, 'bad.yaml'), join(folder, 'good.yaml')]
  writeFileSync(bad, pattern('mine.bad', 'bad', 'high'))
  writeFileSync(good, pattern('mine.good', 'my own words'))
  const bench = await made({ ...document, patterns: [bad, good], settle: 0 })
  const faults = bench.logger.lines.filter(l => l.message === 'a pattern was rejected')
  assert.is(faults.length, 1)
  assert.match(String(faults[0]?.fields?.['at']), /bad\.yaml:8:\d+$/)
  assert.is(bench.meter.values.get('incident_patterns{state="rejected"}'), 1)
  see(bench.engine, 'app.span_error', 'Service/shop/front', { severity: 'critical', count: 50 })
  await bench.tick(1)
  assert.is(bench.incidents()[0]?.title, 'my own words')
})

test('a directory that is not there is said, and no more', async () => {
  const { logger, meter } = await made({ patterns: [join(folder, 'nowhere')] })
  assert.ok(logger.lines.some(l => l.message === 'a pattern was rejected' && String(l.fields?.['fault']).includes('no such file')))
  assert.is(meter.values.get('incident_patterns{state="loaded"}'), PatternLibrary.load([defaultPatternDir]).library.patterns.length, 'those that come with Tapio are there')
})

test('patterns that change are read again, and what they say of the past is told', async () => {
  const file = join(folder, 'live.yaml')
  writeFileSync(file, pattern('mine.live', 'as it was'))
  const bench = await made({ ...document, patterns: [file], patterns_reload: 5000, settle: 0 })
  see(bench.engine, 'app.span_error', 'Service/shop/front', { severity: 'critical', count: 50 })
  await bench.tick(1)
  assert.is(bench.incidents().at(-1)?.title, 'as it was')
  writeFileSync(file, pattern('mine.live', 'as it is known today'))
  await bench.clock.advance(20_000)
  assert.is(bench.meter.values.get('incident_pattern_reloads'), 1)
  assert.ok(bench.logger.lines.some(l => l.level === 'info' && l.message.includes('read again')))
  await bench.tick(2)
  assert.equal(bench.incidents().map(i => [i.version, i.title]), [[1, 'as it was'], [2, 'as it is known today']])
})

test('without `context` in front it says what is missing, and is well when it comes', async () => {
  const bench = await made()
  const builder = new BatchBuilder()
  for (let i = 0; i < 1000; i++) builder.append({ type: 'process', name: 'exec' })
  const batch = builder.finish()
  await bench.processor.consume(batch)
  assert.match(bench.status.events.at(-1) ?? '', /recoverable: incident .*`context`/)
  bench.engine.advance(startMs)
  await bench.processor.consume(batch)
  assert.is(bench.status.events.at(-1), 'ok')
})

test('after a restart what goes on continues the incidents that are open in the store, and what does not is over in time', async () => {
  const directory = join(folder, 'store')
  const before = await made(document)
  nodeDown(before)
  nodeDown(before, 'n2')
  await before.tick(1)
  const open = before.incidents()
  assert.is(open.length, 2)
  const store = await openStore(directory)
  for (const incident of open) await store.putIncident(incident)
  await store.close()

  const after = await made({ ...document, restore_from: directory })
  assert.is(after.meter.values.get('incidents_restored'), 2)
  nodeDown(after, 'n1', 120)
  await after.tick(121)
  const [continued, ...more] = after.incidents()
  const first = open.find(i => i.id === continued?.id)
  assert.is(more.length, 0)
  assert.equal([continued?.version, continued?.status, continued?.startMs, continued?.detectedMs], [2, 'open', first?.startMs, first?.detectedMs])
  await after.tick(700)
  assert.equal(after.incidents().map(i => [i.version, i.status, i.id === first?.id]), [[2, 'open', true], [2, 'resolved', false]])
  await after.tick(1000)
  assert.equal(after.incidents().slice(2).map(i => [i.version, i.status, i.id === first?.id]), [[3, 'resolved', true]])
})

test('what is seen after a restart and explains less leaves the text as it was', async () => {
  const directory = join(folder, 'store-less')
  const before = await made(document)
  const cause = nodeDown(before)
  const victim = (bench: Made, atS: number) => see(bench.engine, 'k8s.evicted', 'Pod/shop/web-1', { severity: 'critical', atS })
  link(before.engine, cause, victim(before, 1))
  await before.tick(2)
  const [known] = before.incidents().slice(-1)
  const store = await openStore(directory)
  await store.putIncident({ ...known as Incident, hypotheses: (known as Incident).hypotheses.map((h, i) => i === 0 ? { ...h, score: 1 } : h) })
  await store.close()
  const after = await made({ ...document, restore_from: directory })
  victim(after, 400)
  await after.tick(401)
  await after.tick(900)
  assert.equal(after.incidents(), [], 'it is not quiet, and nothing better is known')
  await after.tick(1100)
  assert.equal(after.incidents().map(i => [i.id, i.version, i.status, i.chain.length]), [[known?.id, 2, 'resolved', known?.chain.length]])
})

test('a store that cannot be read is said, and it works as the first time', async () => {
  const path = join(folder, 'no-store')
  writeFileSync(path, 'a file')
  const bench = await made({ ...document, restore_from: path })
  assert.ok(bench.logger.lines.some(l => l.level === 'warn' && l.message.startsWith('open incidents cannot be read')))
  nodeDown(bench)
  await bench.tick(1)
  assert.is(bench.incidents().length, 1)
})

test('made anew in its thread it goes on with what it has told: nothing opens twice, and nothing is told twice', async () => {
  const first = await made(document)
  nodeDown(first)
  await first.tick(1)
  partsOf(first.shared).end('incident')
  await first.processor.stop?.(deadlineIn(1000))
  const second = await made(document, first.shared)
  await second.tick(2)
  assert.equal(second.incidents(), [])
  await second.tick(1000)
  assert.equal(second.incidents().map(i => [i.id, i.version, i.status]), [[first.incidents()[0]?.id, 2, 'resolved']])
  assert.is(first.incidents().length, 1)
})

test.run()

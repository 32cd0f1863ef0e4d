/**
 * Scenario: dead letters, queues and recordings are sent again, whole and in part, to a side that takes, rejects and goes away, once and
 * twice, alone and beside the process that writes there.
 * Guarantees: what was delivered is not sent again; nothing else is ever lost: what was not chosen or was rejected stays; files go only
 * when asked, and only when they are delivered to the last batch; records leave bit for bit; a living process's queue is left alone.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync, existsSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../component/clock.js'
import { componentId } from '../component/id.js'
import { accepted, refused, rejected } from '../component/outcome.js'
import { loadPlain } from '../config/load.js'
import type { EventBatch } from '../data/batch.js'
import { BatchBuilder } from '../data/builder.js'
import { encodeFrame, fileHeader, newMarker } from '../data/file-format.js'
import type { Letter } from '../data/letter.js'
import { randomBatch } from '../data/testing/random-batch.js'
import { seeded } from '../data/testing/random.js'
import { DiskQueue } from '../delivery/queue/disk-queue.js'
import { numberedBatch } from '../delivery/queue/testing/numbered.js'
import { openCatalog } from '../instance.js'
import { silentLogger } from '../testing/services.js'
import { Choice, type ChoiceOptions } from './choice.js'
import { findPlaces } from './places.js'
import { replay, replayModule, type ReplayOptions } from './replay.js'
import { ReplayReport } from './report.js'
import { toExporter } from './rewire.js'
import { survey, type Survey } from './survey.js'
import { resetTarget, target, targetModule } from './testing/target.js'

interface Context { folder: string }
const test = suite<Context>('replay')
test.before.each(context => { context.folder = mkdtempSync(join(tmpdir(), 'tapio-replay-')); resetTarget() })
test.after.each(({ folder }) => { rmSync(folder, { recursive: true, force: true }) })

const catalog = await openCatalog([targetModule, replayModule])
const loaded = loadPlain({ receivers: { replay: null }, exporters: { target: null }, service: { pipelines: { main: { receivers: ['replay'], exporters: ['target'] } } } }, catalog)
assert.ok(loaded.ok, JSON.stringify(loaded))
const config = toExporter(loaded.config, componentId('exporter', 'target'))

async function send (paths: readonly string[], choice: ChoiceOptions = {}, more: Partial<ReplayOptions> = {}): Promise<ReplayReport> {
  return replay({
    places: await findPlaces(paths), config, modules: [targetModule], logger: silentLogger, signal: new AbortController().signal, choice: new Choice(choice),
    again: false, rate: undefined, whenDelivered: { kind: 'keep' }, onProgress: () => undefined, ...more
  })
}

async function look (path: string, choice: ChoiceOptions = {}): Promise<Survey> {
  const [place] = await findPlaces([path])
  return survey(place as NonNullable<typeof place>, { choice: new Choice(choice), again: false, signal: new AbortController().signal })
}

/** A queue as an exporter opens it. */
const openQueue = (directory: string): Promise<DiskQueue> => DiskQueue.open({
  directory, maxBytes: 64 << 20, maxAgeMs: 0, fsync: 'never', fsyncIntervalMs: 1000, whenFull: 'drop_oldest', maxCachedBytes: 0, clock: systemClock, onDrop: () => undefined, onDamage: () => undefined
})

const letter = (reason: string, atMs = 1000, rejected = 3): Letter => ({ reason, atMs, exporter: 'otlp', rejected })

/** One batch of three rows for each reason, named by its place. */
async function deadLetters (directory: string, reasons: readonly (string | undefined)[]): Promise<void> {
  const queue = await openQueue(directory)
  for (const [i, reason] of reasons.entries()) assert.equal(await queue.put(numberedBatch(i), reason === undefined ? undefined : letter(reason, 1000 + i)), { status: 'queued' })
  await queue.close()
}

/** `name:row` of all that the target was given, in order. */
const got = (): string[] => target.batches.flatMap(b => Array.from(b, row => `${String(row.get('name'))}:${String(row.attribute('row'))}`))
const rowsOf = (...names: number[]): string[] => names.flatMap(n => [0, 1, 2].map(row => `${n}:${row}`))
const segments = (directory: string): string[] => readdirSync(directory).filter(n => n.endsWith('.tapio')).sort()

function recording (path: string, batches: readonly EventBatch[]): string {
  const marker = newMarker()
  writeFileSync(path, Buffer.concat([fileHeader(marker), ...batches.map(b => encodeFrame(b, marker))]))
  return path
}

test('a dead letter says in its own file who rejected it, when and why', async ({ folder }) => {
  await deadLetters(folder, ['too old', 'too old', 'bad field'])
  const { kind, rows, batches, reasons, signals, files, inUseBy } = await look(folder)
  assert.equal({ kind, rows, batches, signals, files, inUseBy }, { kind: 'dead letters', rows: 9, batches: 3, signals: { events: 9 }, files: 1, inUseBy: undefined })
  assert.equal(reasons, [
    { reason: 'too old', exporter: 'otlp', batches: 2, rows: 6, firstMs: 1000, lastMs: 1001 },
    { reason: 'bad field', exporter: 'otlp', batches: 1, rows: 3, firstMs: 1002, lastMs: 1002 }
  ])
  assert.is((await look(folder, { reason: 'OLD' })).rows, 6)
})

test('what was delivered is noted: a second replay sends nothing, --again all, and Tapio takes the file away when it starts', async ({ folder }) => {
  await deadLetters(folder, ['a', 'b'])
  assert.is((await send([folder])).delivered, 6)
  assert.equal(got(), rowsOf(0, 1))
  const second = await send([folder])
  assert.equal([second.delivered, second.batches, (await look(folder)).delivered], [0, 0, 2])
  assert.is((await send([folder], {}, { again: true })).delivered, 6)
  assert.equal(segments(folder).length, 1)
  const queue = await openQueue(folder)
  await queue.close()
  assert.equal(readdirSync(folder), [])
})

test('the rows that are not wanted stay, with the reason they had, and can be sent later', async ({ folder }) => {
  await deadLetters(folder, ['a', 'b'])
  const report = await send([folder], { where: [{ 'attributes.row': 1 }], reason: 'b' })
  assert.equal([got(), report.delivered, report.notChosen, report.notNoted.size], [['1:1'], 1, 5, 0])
  assert.equal((await look(folder)).reasons.map(r => [r.reason, r.rows, r.firstMs]), [['a', 3, 1000], ['b', 2, 1001]])
  target.batches = []
  await send([folder], {}, { whenDelivered: { kind: 'delete' } })
  assert.equal(got().sort(), [...rowsOf(0), '1:0', '1:2'])
  assert.equal(readdirSync(folder), [])
})

test('rows that are rejected again stay alone, with what was said now; when it is not said which, their batch stays whole', async ({ folder }) => {
  await deadLetters(folder, ['old', 'old', 'old'])
  target.answer = batch => {
    const name = batch.at(0).get('name')
    return name === '0' ? rejected('still bad', 1, Uint32Array.of(2)) : name === '1' ? rejected('one of them', 1) : rejected('all', 3, Uint32Array.of(0, 1, 2))
  }
  const report = await send([folder])
  assert.equal([report.delivered, report.rejected, [...report.reasons], [...report.notNoted]], [4, 5, [['still bad', 1], ['one of them', 1], ['all', 3]], [['the other side did not say which rows it rejected: their batches stay whole', 2]]])
  resetTarget()
  assert.equal((await look(folder)).reasons.map(r => [r.reason, r.rows]), [['old', 6], ['still bad', 1]])
  await send([folder], {}, { whenDelivered: { kind: 'delete' } })
  assert.equal([got().sort(), readdirSync(folder)], [['0:2', ...rowsOf(1, 2)], []])
})

test('a side that goes away ends it: what was not delivered is sent by the next one', async ({ folder }) => {
  await deadLetters(folder, Array.from({ length: 40 }, () => 'x'))
  let taken = 0
  target.answer = () => ++taken <= 10 ? accepted : taken % 2 === 0 ? rejected('retries exhausted: nobody there', 3) : refused('gone')
  const report = await send([folder])
  assert.is(report.delivered, 30)
  assert.match(report.gaveUp, /gone|retries exhausted/)
  const first = got()
  resetTarget()
  assert.is((await send([folder])).delivered, 90)
  assert.equal([...first, ...got()].sort(), rowsOf(...Array.from({ length: 40 }, (_, i) => i)).sort())
})

test('an interrupted one goes on where it was', async ({ folder }) => {
  await deadLetters(folder, Array.from({ length: 60 }, () => 'x'))
  const stop = new AbortController()
  const report = await send([folder], {}, { rate: 3000, signal: stop.signal, onProgress: rows => { if (rows >= 30) stop.abort() } })
  assert.equal([report.interrupted, report.delivered >= 30, report.delivered < 180], [true, true, true])
  const first = got()
  resetTarget()
  const second = await send([folder])
  assert.equal([second.interrupted, first.length + second.delivered], [false, 180])
  assert.equal(new Set([...first, ...got()]).size, 180)
})

test('a rate is kept', async ({ folder }) => {
  await deadLetters(folder, Array.from({ length: 5 }, () => 'x'))
  const startedMs = performance.now()
  await send([folder], {}, { rate: 30 })
  // The first goes at once, each of the other four a tenth of a second after the one before.
  assert.ok(performance.now() - startedMs >= 390)
})

test('beside the process that writes there dead letters are sent and noted; the file stays, new ones come later', async ({ folder }) => {
  const queue = await openQueue(folder)
  try {
    await queue.put(numberedBatch(0), letter('a'))
    assert.is((await look(folder)).inUseBy, `process ${process.pid}`)
    assert.is((await send([folder])).delivered, 3)
    await queue.put(numberedBatch(1), letter('b'))
    const part = await send([folder], { where: [{ 'attributes.row': 0 }] })
    assert.equal([part.delivered, [...part.notNoted.values()]], [1, [1]])
    assert.is((await send([folder])).delivered, 3)
    assert.equal(got(), [...rowsOf(0), '1:0', ...rowsOf(1)])
    await send([folder], {}, { whenDelivered: { kind: 'delete' } }).then(() => assert.unreachable(), (error: Error) => assert.match(error.message, new RegExp(`in use by process ${process.pid}: end it first, or leave out --delete`)))
  } finally {
    await queue.close()
  }
  const next = await openQueue(folder)
  assert.is(next.waiting, 0)
  await next.close()
})

test('a queue that its process delivers is left to it, and sent when that has ended', async ({ folder }) => {
  const queue = await openQueue(folder)
  await queue.put(numberedBatch(7))
  await send([folder]).then(() => assert.unreachable(), (error: Error) => assert.match(error.message, new RegExp(`is the sending queue of process ${process.pid}, which delivers it itself: end that process first`)))
  assert.is((await look(folder)).kind, 'queue')
  await queue.close()
  assert.equal([(await send([folder])).delivered, got()], [3, rowsOf(7)])
})

test('one replay of a directory at a time', async ({ folder }) => {
  await deadLetters(folder, ['a'])
  let open: () => void = () => undefined
  const gate = new Promise<void>(resolve => { open = resolve })
  let asked: () => void = () => undefined
  const first = new Promise<void>(resolve => { asked = resolve })
  target.answer = async () => { asked(); await gate; return accepted }
  const running = send([folder])
  await first
  await send([folder]).then(() => assert.unreachable(), (error: Error) => assert.match(error.message, new RegExp(`is being replayed by process ${process.pid} already`)))
  open()
  assert.is((await running).delivered, 3)
})

test('a recording is sent once, again when asked, and again when another has taken its name', async ({ folder }) => {
  const path = recording(join(folder, 'incident.tapio'), [numberedBatch(0), numberedBatch(1)])
  assert.equal([(await send([path])).delivered, (await send([path])).delivered, (await send([path], {}, { again: true })).delivered], [6, 0, 6])
  recording(path, [numberedBatch(2)])
  resetTarget()
  assert.equal([(await send([folder])).delivered, got(), (await send([path])).delivered], [3, rowsOf(2), 0])
})

test('a part of a recording cannot be noted, and it is said', async ({ folder }) => {
  const path = recording(join(folder, 'x.tapio'), [numberedBatch(0)])
  const report = await send([path], { where: [{ 'attributes.row': 0 }] })
  assert.match([...report.notNoted.keys()].join(), /only whole batches can be noted in a recording/)
  assert.equal(readdirSync(folder), ['x.tapio'])
})

test('files that are delivered are moved, and never over another', async ({ folder }) => {
  const [from, to] = [join(folder, 'dead'), join(folder, 'sent')]
  await deadLetters(from, ['a'])
  const [name = ''] = segments(from)
  const bytes = readFileSync(join(from, name))
  assert.is((await send([from], {}, { whenDelivered: { kind: 'move', directory: to } })).filesGone, 1)
  assert.equal([readdirSync(from), readFileSync(join(to, name)), statSync(to).mode & 0o777], [[], bytes, 0o700])
  await deadLetters(from, ['a'])
  const again = await send([from], {}, { whenDelivered: { kind: 'move', directory: to } })
  assert.equal([again.filesGone, again.troubles.length, segments(from)], [0, 1, [name]])
  assert.match(again.troubles[0] ?? '', /is there already/)
})

test('damage costs the batch it is in, is named, and keeps its file', async ({ folder }) => {
  await deadLetters(folder, ['a', 'b', 'c'])
  const path = join(folder, segments(folder)[0] as string)
  const bytes = readFileSync(path)
  bytes.fill(0xee, Math.floor(bytes.length / 2), Math.floor(bytes.length / 2) + 8)
  writeFileSync(path, bytes)
  truncateSync(path, bytes.length - 1)
  const { delivered, damage, filesGone } = await send([folder], {}, { whenDelivered: { kind: 'delete' } })
  assert.equal([delivered, damage.length, filesGone, existsSync(path)], [3, 1, 0, true])
  assert.is((await look(folder)).damage.length, 1)
})

test('records leave bit for bit, chosen or not', async ({ folder }) => {
  const random = seeded(7)
  const batches = Array.from({ length: 30 }, () => randomBatch(random, 20))
  const path = recording(join(folder, 'any.tapio'), batches)
  const raw = (all: readonly EventBatch[], row: (b: EventBatch, i: number) => boolean): string[] => all.flatMap(b => Array.from({ length: b.count }, (_, i) => i).filter(i => row(b, i)).map(i => Buffer.from(b.at(i).raw ?? []).toString('hex')))
  await send([path])
  assert.equal(raw(target.batches, () => true), raw(batches, () => true))
  resetTarget()
  await send([path], { severity: 'error' }, { again: true })
  assert.equal(raw(target.batches, () => true), raw(batches, (b, i) => (b.columns.severity[i] as number) >= 17))
})

test('time and severity choose by the rows own', async ({ folder }) => {
  const builder = new BatchBuilder(4)
  for (const [timeMs, severity, name] of [[1000, 9, 'a'], [2000, 17, 'b'], [3000, 17, 'c'], [0, 17, 'd']] as const) builder.append({ timeUnixNano: BigInt(timeMs) * 1_000_000n, severity, name })
  const path = recording(join(folder, 't.tapio'), [builder.finish()])
  const names = async (choice: ChoiceOptions): Promise<unknown[]> => { resetTarget(); await send([path], choice); return target.batches.flatMap(b => Array.from(b, row => row.get('name'))) }
  assert.equal(await names({ sinceMs: 2000 }), ['b', 'c'])
  assert.equal(await names({ untilMs: 2000 }), ['a'])
  assert.equal(await names({ sinceMs: 1000, untilMs: 3000, severity: 'error' }), ['b'])
  assert.equal(await names({ exporters: ['otlp'] }), [])
})

const nothing: readonly (readonly [what: string, make: (folder: string) => string, message: RegExp])[] = [
  ['a path that is not there', folder => join(folder, 'no'), /there is no .*no$/],
  ['a file of another kind', folder => { writeFileSync(join(folder, 'a.txt'), 'x'); return join(folder, 'a.txt') }, /is no recording: its name must end in \.tapio/],
  ['JSON lines', folder => { writeFileSync(join(folder, 'a.tapio'), '{"name":"x"}\n'); return join(folder, 'a.tapio') }, /holds JSON lines/]
]
for (const [what, make, message] of nothing) {
  test(`${what} is said`, async ({ folder }) => {
    await send([make(folder)]).then(() => assert.unreachable(), (error: Error) => assert.match(error.message, message))
  })
}

test('notes are not written through a link, and the file of the link is as it was', async ({ folder }) => {
  const path = recording(join(folder, 'x.tapio'), [numberedBatch(0)])
  writeFileSync(join(folder, 'victim'), 'precious')
  symlinkSync(join(folder, 'victim'), `${path}.replayed`)
  const report = await send([path])
  assert.is(report.delivered, 3)
  assert.match([...report.notNoted.keys()].join(), /is a symbolic link/)
  assert.is(readFileSync(join(folder, 'victim'), 'utf8'), 'precious')
})

test('a directory without anything in it has nothing to send', async ({ folder }) => {
  mkdirSync(join(folder, 'empty'))
  assert.equal([(await send([join(folder, 'empty')])).batches, (await look(join(folder, 'empty'))).kind], [0, 'empty'])
})

test.run()

import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Receiver } from '../../core/component/component.js'
import { accepted, refused, rejected, retry } from '../../core/component/outcome.js'
import type { EventBatch } from '../../core/data/batch.js'
import { BatchBuilder, type EventInput } from '../../core/data/builder.js'
import { RawEncoding } from '../../core/data/enums.js'
import { encodeBatch } from '../../core/data/codec.js'
import { encodeFrame, fileHeader, newMarker } from '../../core/data/file-format.js'
import { randomBatch } from '../../core/data/testing/random-batch.js'
import { seeded } from '../../core/data/testing/random.js'
import { FakeClock } from '../../core/testing/fake-clock.js'
import { deadlineIn, testBench } from '../../core/testing/services.js'
import type { FileReceiverConfig } from './config.js'
import { factory } from './factory.js'
import { shiftBatch } from './shift.js'

const defaults: FileReceiverConfig = {
  paths: [], format: 'auto', timing: 'asap', speed: 10, max_gap: 0, rewrite_times: 'keep', loop: false, on_end: 'keep', batch_rows: 256, max_frame_bytes: 1 << 26, follow: false, poll_interval: 250
}

const scratch = (): Promise<string> => mkdtemp(join(tmpdir(), 'tapio-replay-'))

async function fileOf (batches: readonly EventBatch[], name = 'events.tapio'): Promise<string> {
  const path = join(await scratch(), name)
  const marker = newMarker()
  await writeFile(path, Buffer.concat([fileHeader(marker), ...batches.map(b => encodeFrame(b, marker))]))
  return path
}

function batchOf (...events: EventInput[]): EventBatch {
  const builder = new BatchBuilder()
  for (const event of events) builder.append(event)
  return builder.finish()
}

async function replayer (paths: readonly string[], config: Partial<FileReceiverConfig> = {}) {
  const clock = new FakeClock()
  const bench = testBench('receiver', 'file', { ...defaults, paths, ...config }, { clock })
  const receiver = await factory.create(bench.services) as Receiver
  const names = (): string => bench.next.batches.flatMap(b => [...b].map(r => r.get('name'))).join()
  return { ...bench, clock, receiver, names, start: () => receiver.start?.(bench.host), stop: (ms = 2000) => receiver.stop?.(deadlineIn(ms)) }
}

/** Waits, turning the loop and standing still on the clock, until `done`; fails after 10 s. */
async function until (done: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; !done();) {
    if (Date.now() > end) throw new Error('not within 10 s')
    await new Promise(resolve => setImmediate(resolve))
  }
}

const ended = (bench: { logger: { lines: { message: string }[] } }): boolean => bench.logger.lines.some(l => l.message === 'replay has ended')

test('recorded batches come back byte for byte, in order', async () => {
  const batches = Array.from({ length: 20 }, (_, seed) => randomBatch(seeded(seed + 1), 1 + seed, { raw: true }))
  const bench = await replayer([await fileOf(batches)])
  await bench.start()
  await until(() => ended(bench))
  const digest = (list: readonly EventBatch[]): string[] => list.map(b => createHash('sha1').update(encodeBatch(b)).digest('hex'))
  assert.equal(digest(bench.next.batches), digest(batches))
  await bench.stop()
})

test('directories are read by name, gzip and JSON lines are recognised, other files left alone', async () => {
  const directory = await scratch()
  const marker = newMarker()
  await writeFile(join(directory, 'a.tapio.gz'), gzipSync(Buffer.concat([fileHeader(marker), encodeFrame(batchOf({ name: 'a' }), marker)])))
  await writeFile(join(directory, 'b.jsonl'), '{"name":"b1"}\n{"name":"b2"}\n{"name":"b3"}')
  await writeFile(join(directory, 'c.json.gz'), gzipSync('\n {"name":"c"}\n'))
  await writeFile(join(directory, 'notes.txt'), 'not events')
  await writeFile(join(directory, 'd.tapio.gz.partial'), 'half')
  const bench = await replayer([directory], { batch_rows: 2 })
  await bench.start()
  await until(() => ended(bench))
  assert.is(bench.names(), 'a,b1,b2,b3,c')
  assert.equal(bench.next.batches.map(b => b.count), [1, 2, 1, 1])
  await bench.stop()
})

test('damage is skipped, counted and said; a broken archive gives what comes before the break', async () => {
  const marker = newMarker()
  const frames = ['a', 'b', 'c'].map(name => encodeFrame(batchOf({ name }), marker))
  const damaged = Buffer.concat([fileHeader(marker), ...frames])
  damaged.fill(0, 24 + (frames[0] as Buffer).length + 60, 24 + (frames[0] as Buffer).length + 70)
  const directory = await scratch()
  await writeFile(join(directory, '1.tapio'), damaged)
  await writeFile(join(directory, '2.jsonl'), '{"name":"d"}\nnonsense\n{"name":"e"}\n')
  const many = Buffer.concat([fileHeader(marker), ...Array.from({ length: 2000 }, () => encodeFrame(randomBatch(seeded(4), 3), marker))])
  const archive = gzipSync(many)
  await writeFile(join(directory, '3.tapio.gz'), archive.subarray(0, archive.length - 1000))
  const bench = await replayer([directory])
  await bench.start()
  await until(() => ended(bench))
  assert.match(bench.names(), /^a,c,d,e/)
  assert.ok(bench.next.rows > 4, 'some of the archive')
  assert.ok((bench.meter.values.get('damaged_regions') ?? 0) >= 2)
  assert.is(bench.meter.values.get('failed_files'), 1)
  assert.is(bench.drops.size, 0)
  await bench.stop()
})

test('a pipeline that asks to wait gets every batch once, in order; the reading waits meanwhile', async () => {
  const bench = await replayer([await fileOf(Array.from({ length: 50 }, (_, i) => batchOf({ name: String(i) })))])
  let asked = 0
  bench.next.answer = () => asked++ % 3 < 2 ? retry('full', 10) : accepted
  await bench.start()
  // The reading itself is real I/O, so rounds of the fake clock cannot be counted in advance.
  for (const endMs = performance.now() + 20_000; !ended(bench) && performance.now() < endMs;) await bench.clock.advance(100)
  assert.is(bench.names(), Array.from({ length: 50 }, (_, i) => i).join())
  assert.is(asked, 150)
  await bench.stop()
})

test('what is rejected is counted, what is refused offered again, and the replay goes on', async () => {
  const bench = await replayer([await fileOf([batchOf({ name: 'a' }, { name: 'b' }), batchOf({ name: 'c' }), batchOf({ name: 'd' })])])
  const answers = [rejected('bad', 1), refused('closed')]
  bench.next.answer = () => answers.shift() ?? accepted
  await bench.start()
  for (const endMs = performance.now() + 20_000; !ended(bench) && performance.now() < endMs;) await bench.clock.advance(100)
  assert.is(bench.meter.values.get('rejected'), 1)
  assert.is(bench.drops.size, 0)
  assert.ok(bench.names().endsWith('c,d'))
  await bench.stop()
})

const second = 1_000_000_000n
const start = 1_700_000_000n * second

test('original timing keeps the recorded pauses, scaled divides them, gaps can be shortened', async () => {
  const batch = batchOf({ name: 'a', timeUnixNano: start }, { name: 'b', timeUnixNano: start + 10n * second }, { name: 'none' }, { name: 'c', timeUnixNano: start + 40n * second }, { name: 'late', timeUnixNano: start })
  const table: [Partial<FileReceiverConfig>, [number, string][]][] = [
    [{ timing: 'original' }, [[0, 'a'], [9999, 'a'], [10_000, 'a,b,none'], [39_999, 'a,b,none'], [40_000, 'a,b,none,c,late']]],
    [{ timing: 'scaled', speed: 10 }, [[0, 'a'], [999, 'a'], [1000, 'a,b,none'], [4000, 'a,b,none,c,late']]],
    [{ timing: 'original', max_gap: 2000 }, [[0, 'a'], [2000, 'a,b,none'], [4000, 'a,b,none,c,late']]]
  ]
  for (const [config, steps] of table) {
    const bench = await replayer([await fileOf([batch])], config)
    await bench.start()
    await until(() => bench.next.rows >= 1)
    let nowMs = 0
    for (const [atMs, names] of steps) {
      await bench.clock.advance(atMs - nowMs)
      nowMs = atMs
      assert.is(bench.names(), names, `${JSON.stringify(config)} at ${atMs} ms`)
    }
    await until(() => ended(bench))
    await bench.stop()
    assert.is(bench.clock.pending, 0)
  }
})

test('times can be moved so that the first event happens now, all by the same amount; ids stay', async () => {
  const batch = batchOf({ id: '1'.repeat(32), timeUnixNano: start, observedTimeUnixNano: start + 5n }, { id: '2'.repeat(32), timeUnixNano: start + second }, { name: 'no time' })
  const bench = await replayer([await fileOf([batch, batch])], { rewrite_times: 'now' })
  await bench.start()
  await until(() => ended(bench))
  const now = bench.clock.unixNano()
  for (const replayed of bench.next.batches) {
    assert.equal([...replayed].map(r => r.get('timeUnixNano')), [now, now + second, undefined])
    assert.is(replayed.at(0).get('observedTimeUnixNano'), now + 5n)
    assert.equal([...replayed].map(r => r.get('id')), ['1'.repeat(32), '2'.repeat(32), undefined])
  }
  await bench.stop()
})

test('moving times patches records as received, and leaves the recording alone', () => {
  const record = Buffer.alloc(9)
  record[0] = 7 << 3 | 1
  record.writeBigUInt64LE(start, 1)
  const batch = batchOf({ signal: 'traces', timeUnixNano: start, raw: { encoding: RawEncoding.otlpSpan, bytes: record } }, { name: 'no record' })
  const moved = shiftBatch(batch, second)
  assert.is(Buffer.from(moved.at(0).raw as Uint8Array).readBigUInt64LE(1), start + second)
  assert.is(Buffer.from(batch.at(0).raw as Uint8Array).readBigUInt64LE(1), start)
  assert.is(moved.at(1).raw, undefined)
})

test('a loop begins again until it is stopped, and ends by itself when there is nothing to replay', async () => {
  const bench = await replayer([await fileOf([batchOf({ name: 'a' })])], { loop: true })
  await bench.start()
  await until(() => bench.next.rows >= 5)
  await bench.stop()
  assert.not.ok(ended(bench))
  const empty = await replayer([await fileOf([])], { loop: true })
  await empty.start()
  await until(() => ended(empty))
  await empty.stop()
})

test('at the end it stays, or asks for an orderly end', async () => {
  for (const onEnd of ['keep', 'stop'] as const) {
    const bench = await replayer([await fileOf([batchOf({ name: 'a' })])], { on_end: onEnd })
    await bench.start()
    await until(() => ended(bench))
    await bench.stop()
    assert.equal(bench.host.finished.length, onEnd === 'stop' ? 1 : 0)
    assert.equal(bench.host.failures, [])
  }
})

test('stop ends a long pause at once, and a full pipeline at the deadline with what it held counted', async () => {
  const pausing = await replayer([await fileOf([batchOf({ name: 'a', timeUnixNano: start }), batchOf({ name: 'b', timeUnixNano: start + 10_000_000n * second })])], { timing: 'original' })
  await pausing.start()
  await until(() => pausing.next.rows === 1 && pausing.clock.pending === 1)
  await pausing.stop()
  assert.is(pausing.clock.pending, 0)
  assert.is(pausing.drops.size, 0)
  const full = await replayer([await fileOf([batchOf({ name: 'a' }, { name: 'b' })])])
  full.next.answer = () => retry('full')
  await full.start()
  await until(() => full.clock.pending === 1)
  const over = new AbortController()
  const stopping = full.receiver.stop?.({ signal: over.signal, atMs: 0 })
  over.abort()
  await stopping
  assert.equal([...full.drops], [['shutdown', 2]])
  assert.is(full.clock.pending, 0)
})

test('a path that is not there stops the start; a file that cannot be read does not stop the others', async () => {
  const missing = await replayer(['/no/such/file.tapio'])
  try {
    await missing.start()
    assert.unreachable('must throw')
  } catch (error) {
    assert.match(String(error), /ENOENT.*\/no\/such\/file\.tapio/)
  }
  const directory = await scratch()
  await mkdir(join(directory, 'a.tapio'))
  await writeFile(join(directory, 'b.jsonl'), '{"name":"b"}')
  const bench = await replayer([directory])
  await bench.start()
  await until(() => ended(bench))
  assert.is(bench.names(), 'b')
  assert.is(bench.meter.values.get('failed_files'), 1)
  await bench.stop()
})

test.run()

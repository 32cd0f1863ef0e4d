/** Scenario: what is appended, found again; bounds of memory, disk and age; a disk that fails; kill -9. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded } from '../data/testing/random.js'
import { FakeClock } from '../testing/fake-clock.js'
import { BlockBuffer } from './block.js'
import { fetchRaw, fieldsOf, type RawQuery } from './query.js'
import { exit, exitRecord, oom, openForTest, readAll } from './records-for-test.js'
import { SegmentWriter } from './segment-writer.js'
import { listSegments, newSegmentId, parseRawId, rawId } from './segments.js'

const test = suite('raw store')
const made: string[] = []
test.after(async () => { for (const directory of made) await rm(directory, { recursive: true, force: true }) })

async function open (options: Parameters<typeof openForTest>[0] = {}): ReturnType<typeof openForTest> {
  const opened = await openForTest(options)
  made.push(opened.directory)
  return opened
}

const bytesIn = async (directory: string): Promise<number> => (await listSegments(directory)).reduce((n, s) => n + s.bytes, 0)

test('what was appended is found bit for bit, with its fields, by its id and by every question', async () => {
  for (const compress of [true, false]) {
    const { store, directory } = await open({ compress })
    const random = seeded(compress ? 1 : 2)
    const written = Array.from({ length: 6000 }, (_, i) => {
      const type = random.chance(0.1) ? oom : exit
      const bytes = exitRecord(random.below(50), i, 36 + random.below(300))
      const record = { typeId: type.id, timeUnixNano: BigInt(i) * 1000n, cgroupId: BigInt(random.below(20)), pid: random.below(50), bytes }
      return { ...record, id: rawId('', store.append(type.id, record.timeUnixNano, record.cgroupId, record.pid, bytes)) }
    })
    await store.close()
    assert.is(store.counts.stored, 6000 - store.counts.dropped.buffer_full)
    const kept = written.filter(w => w.id !== ':-1').map(w => ({ ...w, id: `${store.segment}${w.id}` }))
    const questions: RawQuery[] = [{}, { pid: 7 }, { cgroupId: 3n }, { types: ['oom_kill'] }, { since: 5_000_000n, until: 6_000_000n }, { pid: 7, types: ['exit'], since: 1_000_000n }, { types: ['none'] }]
    for (const query of questions) {
      const expected = kept.filter(w => (query.pid ?? w.pid) === w.pid && (query.cgroupId ?? w.cgroupId) === w.cgroupId && (query.types ?? ['exit', 'oom_kill']).includes(w.typeId === exit.id ? 'exit' : 'oom_kill') && w.timeUnixNano >= (query.since ?? 0n) && w.timeUnixNano < (query.until ?? 2n ** 64n))
      const { records, damages } = await readAll(directory, query)
      assert.equal(damages, [])
      assert.is(records.length, expected.length, JSON.stringify(query, (_, v: unknown) => typeof v === 'bigint' ? String(v) : v))
      records.forEach((r, i) => assert.ok(r.id === expected[i]?.id && Buffer.from(r.bytes).equals(expected[i]?.bytes as Buffer) && r.timeUnixNano === expected[i]?.timeUnixNano))
    }
    const one = kept[kept.length - 1] as (typeof kept)[number]
    assert.equal(Buffer.from((await fetchRaw(directory, one.id))?.bytes as Uint8Array), one.bytes)
    for (const missing of [rawId(store.segment, 1e6), 'nonsense', '0miabcdef0000:1']) assert.is(await fetchRaw(directory, missing), undefined)
  }
})

test('pages follow one another without gap or repeat', async () => {
  const { store, directory } = await open()
  for (let i = 0; i < 1000; i++) store.append(exit.id, BigInt(i), 1n, i % 3, exitRecord(i, i))
  await store.close()
  const seen: string[] = []
  for (let after: string | undefined; ;) {
    const { records } = await readAll(directory, { pid: 1, limit: 70, ...(after !== undefined && { after }) })
    if (records.length === 0) break
    seen.push(...records.map(r => r.id))
    after = seen.at(-1)
  }
  assert.equal(seen, (await readAll(directory, { pid: 1 })).records.map(r => r.id))
  assert.is(seen.length, 333)
})

test('fields are those the segment describes, as far as the record goes', async () => {
  const { store, directory } = await open()
  store.append(exit.id, 1n, 1n, 7, exitRecord(7, -9, 40))
  store.append(99, 2n, 1n, 7, Buffer.from('?'))
  await store.close()
  const { records } = await readAll(directory)
  assert.equal(fieldsOf(records[0] as never), { type: 4, pid: 7, time_ns: 2n ** 63n + 7n, comm: 'worker', code: -9, rest: Buffer.alloc(4) })
  assert.equal([records[1]?.typeId, records[1]?.type, fieldsOf(records[1] as never)], [99, undefined, {}])
})

test('a record waits in memory no longer than asked; a reader sees it while the store is open', async () => {
  const { store, directory, clock } = await open({ flushMs: 500 })
  store.append(exit.id, 1n, 1n, 7, exitRecord(7, 0))
  assert.equal((await readAll(directory)).records, [])
  await clock.advance(500)
  await store.flush()
  assert.is((await readAll(directory)).records.length, 1)
  await store.close()
  await store.close()
  assert.is(clock.pending, 0)
  assert.is(store.append(exit.id, 1n, 1n, 7, exitRecord(7, 0)), -1)
  assert.is(store.counts.dropped.closed, 1)
})

test('memory is bounded: what the disk is too slow for is dropped and counted, and later records are kept again', async () => {
  const { store, directory } = await open({ maxPendingBytes: 512 * 1024 })
  let kept = 0
  // Nothing can be written while this loop runs.
  for (let i = 0; i < 5000; i++) if (store.append(exit.id, 1n, 1n, i, Buffer.alloc(1024)) >= 0) kept++
  assert.equal([kept, store.counts.dropped.buffer_full], [512, 4488])
  await store.flush()
  assert.is(store.append(exit.id, 1n, 1n, 9999, exitRecord(1, 1)), 512, 'dropped records take no number')
  assert.is(store.append(exit.id, 1n, 1n, 1, Buffer.alloc(300_000)), -1)
  await store.close()
  assert.equal([store.counts.stored, store.counts.dropped.too_large], [513, 1])
  assert.is((await readAll(directory)).records.length, 513)
})

test('sampling keeps its share of a type exactly, evenly, and counts the rest', async () => {
  const { store, directory } = await open({ sampling: { exit: 0.1, unknown: 0.5 } })
  for (let i = 0; i < 1000; i++) { store.append(exit.id, 1n, 1n, i, exitRecord(i, 0)); store.append(oom.id, 1n, 1n, i, exitRecord(i, 0)) }
  await store.close()
  const { records } = await readAll(directory)
  const exits = records.filter(r => r.typeId === exit.id)
  assert.equal([exits.length, records.length - exits.length, store.counts.dropped.sampled], [100, 1000, 900])
  assert.ok(exits.every((r, i) => Math.floor(r.pid / 10) === i))
})

test('a rate of 0 keeps none', async () => {
  const { store } = await open({ sampling: { exit: 0 } })
  for (let i = 0; i < 100; i++) assert.is(store.append(exit.id, 1n, 1n, i, exitRecord(i, 0)), -1)
  await store.close()
})

test('the files together stay below the bound, the newest records stay, and others\' files are left alone', async () => {
  const { store, directory } = await open({ maxBytes: 8 << 20, maxPendingBytes: 512 * 1024, compress: false })
  for (const name of ['notes.txt', 'raw-x.seg']) await writeFile(join(directory, name), 'x')
  let appended = 0
  let most = 0
  for (let round = 0; round < 120; round++) {
    for (let i = 0; i < 240; i++) { assert.ok(store.append(exit.id, BigInt(Date.now()) * 1_000_000n, 1n, appended++, Buffer.alloc(1000)) >= 0) }
    await store.flush()
    most = Math.max(most, await bytesIn(directory))
  }
  await store.close()
  assert.ok(most <= 8 << 20, `${most} bytes`)
  assert.ok(most > 6 << 20, 'and the room is used')
  const { records } = await readAll(directory)
  assert.equal(records.map(r => r.pid), Array.from({ length: records.length }, (_, i) => appended - records.length + i))
  assert.ok(store.counts.expiredSegments > 10)
  assert.ok((await readdir(directory)).includes('notes.txt') && (await readdir(directory)).includes('raw-x.seg'))
  for (const { path } of await listSegments(directory)) assert.is((await stat(path)).mode & 0o777, 0o600)
})

test('records go after their time, those of a run before as well', async () => {
  const first = await open({ maxAgeMs: 86_400_000 })
  const hour = 3_600_000
  const now = (): bigint => BigInt(first.clock.unixMs()) * 1_000_000n
  for (let h = 0; h < 30; h++) {
    first.store.append(exit.id, now(), 1n, h, exitRecord(h, 0))
    await first.store.flush()
    await first.clock.advance(hour + 1)
  }
  await first.store.close()
  const { records } = await readAll(first.directory)
  assert.ok(records.length >= 23 && records.length <= 26, `${records.length} hours`)
  assert.is(records.at(-1)?.pid, 29)
  // A clock that begins two days later.
  const later = await open({ directory: first.directory, maxAgeMs: 1, clock: new FakeClock(first.clock.unixMs() + 2 * 86_400_000) })
  assert.equal(await listSegments(first.directory), [])
  await later.store.close()
})

test('a disk that fails drops what it was given, says so once a block, and is used again when it works', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'tapio-raw-'))
  made.push(parent)
  const { store, directory, errors } = await open({ directory: join(parent, 'raw') })
  await rm(directory, { recursive: true })
  for (let i = 0; i < 10; i++) store.append(exit.id, 1n, 1n, i, exitRecord(i, 0))
  await store.flush()
  assert.is(store.counts.dropped.write_failed, 10)
  assert.ok(errors.some(e => e.includes('ENOENT')))
  await mkdir(directory)
  store.append(exit.id, 1n, 1n, 10, exitRecord(10, 0))
  await store.close()
  const { records } = await readAll(directory)
  assert.equal(records.map(r => [r.pid, parseRawId(r.id)?.number]), [[10, 10]], 'numbers go on: an id never means two records')
})

test('a write that fails half way, as on a full disk, costs its block and none of those after it', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tapio-raw-'))
  made.push(directory)
  const writer = await SegmentWriter.create(directory, newSegmentId(1), [exit])
  const block = (pid: number): BlockBuffer => {
    const buffer = new BlockBuffer(10, 1000)
    buffer.reset(pid)
    buffer.append(exit.id, 1n, 1n, pid, exitRecord(pid, 0))
    return buffer
  }
  await writer.append(block(0), false)
  const { handle } = writer
  const write = handle.write.bind(handle) as (bytes: Uint8Array, at: number, length: number, position: number) => Promise<unknown>
  handle.write = (async (bytes: Uint8Array, at: number, _: number, position: number) => {
    await write(bytes, at, 20, position)
    throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
  }) as never
  await writer.append(block(1), false).then(() => assert.unreachable(), (error: NodeJS.ErrnoException) => { assert.is(error.code, 'ENOSPC') })
  handle.write = write as never
  await writer.append(block(2), false)
  await writer.finish()
  const { records, damages } = await readAll(directory)
  assert.equal([records.map(r => r.pid), damages], [[0, 2], []])
})

test('a directory that cannot be made is an error at once', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'tapio-raw-'))
  made.push(parent)
  await writeFile(join(parent, 'file'), '')
  try {
    await openForTest({ directory: join(parent, 'file', 'raw') })
    assert.unreachable()
  } catch (error) {
    assert.is((error as NodeJS.ErrnoException).code, 'ENOTDIR')
  }
})

const writer = fileURLToPath(new URL('./kill-writer.js', import.meta.url))

for (const compress of ['true', 'false']) {
  test(`kill -9 in the middle of writing (compress: ${compress}) leaves all that was flushed readable`, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'tapio-raw-'))
    made.push(directory)
    const confirmed: string[] = []
    for (let round = 0; round < (process.env.TAPIO_TEST_LONG === '1' ? 30 : 3); round++) {
      const child = spawn(process.execPath, [writer, directory, compress], { stdio: ['ignore', 'pipe', 'inherit'] })
      let output = ''
      child.stdout.on('data', (d: Buffer) => {
        output += d.toString()
        if (output.split('\n').length > 10 + round * 7) child.kill('SIGKILL')
      })
      await once(child, 'close')
      confirmed.push(...output.slice(0, output.lastIndexOf('\n')).split('\n'))
    }
    const { records, damages } = await readAll(directory)
    const found = new Map(records.map(r => [r.id, r.pid]))
    for (const line of confirmed) assert.is(found.get(line.split(' ')[0] as string), Number(line.split(' ')[1]), line)
    assert.ok(records.length >= confirmed.length * 500)
    assert.ok(damages.every(d => d.tail), 'only ends are torn')
    console.log(`\nREPORT kill -9: ${confirmed.length * 500} records flushed, ${records.length} readable, ${damages.length} torn ends`)
  })
}

test.run()

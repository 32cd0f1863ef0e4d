import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdir, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Outcome } from '../../core/component/outcome.js'
import type { EventBatch } from '../../core/data/batch.js'
import { BatchBuilder } from '../../core/data/builder.js'
import { encodeBatch } from '../../core/data/codec.js'
import { randomBatch } from '../../core/data/testing/random-batch.js'
import { seeded } from '../../core/data/testing/random.js'
import { deadlineIn } from '../../core/testing/services.js'
import { factory } from './factory.js'
import { namesIn, readBack, scratch, startExporter } from './start-for-test.js'

function named (...names: string[]): EventBatch {
  const builder = new BatchBuilder()
  for (const name of names) builder.append({ name, message: 'm'.repeat(100) })
  return builder.finish()
}

const statusOf = async (outcome: Outcome | Promise<Outcome>): Promise<string> => (await outcome).status

test('what was accepted is in the file, byte for byte, also before stop', async () => {
  for (const fsync of ['always', 'interval', 'never'] as const) {
    const path = join(await scratch(), 'events.tapio')
    const { exporter } = await startExporter(path, { fsync })
    const batches = Array.from({ length: 30 }, (_, seed) => randomBatch(seeded(seed + 1), 1 + seed, { raw: true }))
    const outcomes = await Promise.all(batches.map(b => exporter.consume(b)))
    assert.ok(outcomes.every(o => o.status === 'accepted'))
    const items = await readBack(path)
    assert.is(items.length, batches.length)
    items.forEach((item, i) => { assert.ok(item.kind === 'batch' && encodeBatch(item.batch).equals(encodeBatch(batches[i] as EventBatch)), `batch ${i}`) })
    await exporter.stop?.(deadlineIn(2000))
    assert.is((await stat(path)).mode & 0o777, 0o600)
    assert.is(await statusOf(exporter.consume(named('late'))), 'refused')
  }
})

test('after a restart the file is continued, over a torn end as well; an unfinished header is begun again', async () => {
  const path = join(await scratch(), 'events.tapio')
  const write = async (name: string): Promise<void> => {
    const { exporter } = await startExporter(path)
    assert.is(await statusOf(exporter.consume(named(name))), 'accepted')
    await exporter.stop?.(deadlineIn(2000))
  }
  await write('a')
  await write('b')
  await truncate(path, (await stat(path)).size - 20)
  await write('c')
  const names = await namesIn(path)
  assert.equal([names[0], names[2]], ['a', 'c'])
  assert.match(names[1] ?? '', /^damage/)
  await truncate(path, 11)
  await write('d')
  assert.equal(await namesIn(path), ['d'])
})

test('a file that is not ours is left alone', async () => {
  const path = join(await scratch(), 'passwd')
  await writeFile(path, 'root:x:0:0::/root:/bin/sh\n'.repeat(3))
  const { exporter, status } = await startExporter(path)
  const outcome = await exporter.consume(named('a'))
  assert.match((outcome as { reason: string }).reason, /no tapio event file; it was left alone/)
  assert.match(status.events.join(), /^recoverable/)
  assert.is((await readFile(path, 'utf8')).length, 78)
  await exporter.stop?.(deadlineIn(2000))
})

test('JSON lines hold an event each, and go on after a torn line', async () => {
  const path = join(await scratch(), 'events.jsonl')
  const first = await startExporter(path, { format: 'json' })
  await first.exporter.consume(named('a', 'b'))
  await first.exporter.stop?.(deadlineIn(2000))
  await appendFile(path, '{"name":"to')
  const second = await startExporter(path, { format: 'json' })
  await second.exporter.consume(named('c'))
  await second.exporter.stop?.(deadlineIn(2000))
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
  assert.is(lines.length, 4)
  assert.equal([0, 1, 3].map(i => (JSON.parse(lines[i] as string) as { name: string }).name), ['a', 'b', 'c'])
})

test('rotation by size keeps every row in files of bounded size, and deletes only its own', async () => {
  const directory = await scratch()
  const path = join(directory, 'events.tapio')
  for (const foreign of ['events-notes.tapio', 'events-20260101T000000.000Z.txt', 'other.tapio']) await writeFile(join(directory, foreign), 'x')
  const { exporter, clock, meter } = await startExporter(path, { rotation: { max_size: 3000, max_files: 3 } })
  for (let i = 0; i < 40; i++) {
    assert.is(await statusOf(exporter.consume(named(String(i)))), 'accepted')
    await clock.advance(i % 3)
  }
  await exporter.stop?.(deadlineIn(2000))
  const files = (await readdir(directory)).filter(f => /^events-\d{8}T\d{6}\.\d{3}Z(-\d+)?\.tapio$/.test(f))
  assert.is(files.length, 3)
  for (const file of files) assert.ok((await stat(join(directory, file))).size <= 3000)
  const kept = (await Promise.all([...files.map(f => join(directory, f)), path].map(namesIn))).flat().map(Number).sort((a, b) => a - b)
  assert.equal(kept, Array.from({ length: kept.length }, (_, i) => 40 - kept.length + i), 'the newest rows, none missing')
  assert.ok((meter.values.get('rotations') ?? 0) > 3)
  assert.is((await readdir(directory)).filter(f => !files.includes(f)).length, 4, 'foreign files and the current one')
})

test('rotation by time, with compression, leaves whole archives', async () => {
  const directory = await scratch()
  const path = join(directory, 'events.jsonl')
  const { exporter, clock } = await startExporter(path, { format: 'json', rotation: { interval: 60_000, compression: 'gzip', max_age: 3_600_000 } })
  for (let minute = 0; minute < 5; minute++) {
    await exporter.consume(named(String(minute)))
    await clock.advance(60_000)
  }
  await exporter.stop?.(deadlineIn(5000))
  const archives = (await readdir(directory)).filter(f => f.endsWith('.gz')).sort()
  assert.is(archives.length, 4)
  const names = await Promise.all(archives.map(async f => (JSON.parse(gunzipSync(await readFile(join(directory, f))).toString()) as { name: string }).name))
  assert.equal(names, ['0', '1', '2', '3'])
  assert.is((await stat(join(directory, archives[0] as string))).mode & 0o777, 0o600)
  const later = await startExporter(path, { format: 'json', rotation: { interval: 60_000, max_age: 3_600_000 } })
  await later.clock.advance(7_200_000)
  await later.exporter.consume(named('x'))
  await later.exporter.consume(named('y'))
  await later.clock.advance(60_000)
  await later.exporter.consume(named('z'))
  await later.exporter.stop?.(deadlineIn(5000))
  assert.is((await readdir(directory)).filter(f => f.endsWith('.gz')).length, 0, 'those of two hours ago are gone')
})

const canMakeDevices = await makesDevices()
if (canMakeDevices) {
  test('a full disk asks to wait, says so, and goes on when there is room again', async () => {
    const directory = await scratch()
    const path = join(directory, 'events.tapio')
    makeFull(path)
    const { exporter, status, meter } = await startExporter(path)
    const outcome = await exporter.consume(named('a'))
    assert.is(outcome.status, 'retry')
    assert.match((outcome as { reason: string }).reason, /ENOSPC/)
    assert.is(status.events.filter(e => e.startsWith('recoverable')).length, 1)
    await rm(path)
    assert.is(await statusOf(exporter.consume(named('a'))), 'accepted')
    assert.is(status.events.at(-1), 'ok')
    assert.ok((meter.values.get('write_errors') ?? 0) >= 1)
    await exporter.stop?.(deadlineIn(2000))
    assert.equal(await namesIn(path), ['a'])
  })
} else {
  console.log('SKIP full disk: no device that is always full can be made here (mknod needs root)')
  test.skip('a full disk asks to wait, says so, and goes on when there is room again', () => undefined)
}

/** What /dev/full is: each write finds no room. */
function makeFull (path: string): void { execFileSync('mknod', [path, 'c', '1', '7'], { stdio: 'ignore' }) }

async function makesDevices (): Promise<boolean> {
  const path = join(await scratch(), 'full')
  try {
    makeFull(path)
    await appendFile(path, 'x')
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOSPC'
  }
}

test('a link in the place of the file is not followed: senders are asked to wait, and it is said why', async () => {
  const directory = await scratch()
  const [path, victim] = [join(directory, 'events.tapio'), join(directory, 'victim')]
  await writeFile(victim, '')
  await symlink(victim, path)
  const { exporter, status } = await startExporter(path)
  const outcome = await exporter.consume(named('a'))
  assert.is(outcome.status, 'retry')
  assert.match((outcome as { reason: string }).reason, /events\.tapio is a symbolic link/)
  await rm(path)
  assert.is(await statusOf(exporter.consume(named('a'))), 'accepted')
  assert.is(status.events.at(-1), 'ok')
  await exporter.stop?.(deadlineIn(2000))
  assert.is((await stat(victim)).size, 0)
})

test('a directory that comes later is found later, or made when asked', async () => {
  const directory = await scratch()
  const path = join(directory, 'later', 'events.tapio')
  const { exporter, status } = await startExporter(path)
  assert.is(await statusOf(exporter.consume(named('a'))), 'retry')
  await mkdir(join(directory, 'later'))
  assert.is(await statusOf(exporter.consume(named('a'))), 'accepted')
  assert.is(status.events.at(-1), 'ok')
  await exporter.stop?.(deadlineIn(2000))
  const made = await startExporter(join(directory, 'made', 'deep', 'events.tapio'), { create_directory: true })
  assert.is(await statusOf(made.exporter.consume(named('a'))), 'accepted')
  await made.exporter.stop?.(deadlineIn(2000))
})

test('what waits to be written is bounded: more is asked to wait, nothing accepted is lost', async () => {
  const path = join(await scratch(), 'events.tapio')
  const { exporter } = await startExporter(path, { max_pending_bytes: 5000 })
  const outcomes = await Promise.all(Array.from({ length: 100 }, (_, i) => exporter.consume(named(String(i)))))
  const taken = outcomes.flatMap((o, i) => o.status === 'accepted' ? [String(i)] : [])
  assert.ok(taken.length > 0 && taken.length < 100)
  assert.ok(outcomes.every(o => o.status === 'accepted' || o.status === 'retry'))
  await exporter.stop?.(deadlineIn(2000))
  assert.equal(await namesIn(path), taken)
})

test('a path that is a directory is a fault', () => {
  assert.is(factory.check?.({ path: '/tmp/' }).length, 1)
  assert.is(factory.check?.({ path: 'a\0b' }).length, 1)
})

const writer = fileURLToPath(new URL('./kill-writer.js', import.meta.url))

for (const fsync of ['always', 'never'] as const) {
  test(`kill -9 in the middle of writing (fsync: ${fsync}) leaves all that was accepted readable`, async () => {
    const rounds = process.env.TAPIO_TEST_LONG === '1' ? 30 : 3
    const path = join(await scratch(), 'events.tapio')
    let torn = 0
    const confirmed: string[] = []
    for (let round = 0; round < rounds; round++) {
      const child = spawn(process.execPath, [writer, path, fsync], { stdio: ['ignore', 'pipe', 'inherit'] })
      let output = ''
      child.stdout.on('data', (d: Buffer) => {
        output += d.toString()
        if (output.split('\n').length > 20 + round * 7) child.kill('SIGKILL')
      })
      await once(child, 'close')
      confirmed.push(...output.slice(0, output.lastIndexOf('\n')).split('\n'))
    }
    const found: string[] = []
    for (const item of await readBack(path)) {
      if (item.kind === 'damage') torn++
      else found.push(item.batch.at(0).get('name') ?? '')
    }
    // Serials begin again with every child, so compare how often each is there.
    for (const serial of new Set(confirmed)) {
      const wanted = confirmed.filter(s => s === serial).length
      assert.ok(found.filter(s => s === serial).length >= wanted, `batch ${serial}: ${wanted} accepted`)
    }
    assert.ok(found.length - confirmed.length <= rounds * 2, 'at most the batches under way beside them')
    console.log(`\nREPORT kill -9 x${rounds}, fsync ${fsync}: ${confirmed.length} accepted, ${found.length} in the file, ${torn} torn ends`)
  })
}

test.run()

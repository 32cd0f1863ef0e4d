/** Scenario: directories that are absent, private, damaged, in use, or written while they are read. Guarantees: clear errors, never a crash. */
import { spawnSync } from 'node:child_process'
import { chmod, copyFile, mkdir, mkdtemp, open, readFile, readdir, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { EventBatch } from '../data/batch.js'
import { BatchBuilder } from '../data/builder.js'
import { seeded, type Random } from '../data/testing/random.js'
import { openStore } from './open.js'
import type { Store, StoreReader } from './store.js'
import { storedEvent } from './testing/random-events.js'
import { randomIncident } from './testing/random-incident.js'

const test = suite('store: directories')
const made: string[] = []
test.after(async () => { for (const directory of made) await rm(directory, { recursive: true, force: true }) })

async function scratch (): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tapio-store-'))
  made.push(directory)
  return join(directory, 'store')
}

function events (random: Random, first: number, count: number): EventBatch {
  const builder = new BatchBuilder(count)
  for (let i = 0; i < count; i++) builder.append(storedEvent(random, (first + i + 1).toString(16).padStart(32, '0')))
  return builder.finish()
}

/** With 1000 events and an incident, closed. */
async function filled (): Promise<string> {
  const directory = await scratch()
  const store = await openStore(directory, { sync: 'commit' })
  await store.append(events(seeded(1), 0, 1000))
  await store.putIncident({ ...randomIncident(seeded(1)), id: 'abc' })
  await store.close()
  return directory
}

const faultOf = async (opening: Promise<StoreReader>): Promise<string> => {
  const result = await opening.catch((error: unknown) => error as { fault?: string, message: string })
  if ('close' in result) { await result.close(); return 'opened' }
  return `${result.fault}: ${result.message}`
}

test('a reader of what is not there, of a file, and of an empty directory says so; a writer makes it private', async () => {
  const directory = await scratch()
  assert.match(await faultOf(openStore(directory, { readOnly: true })), /^absent: there is no store at .*store$/)
  await mkdir(directory)
  assert.match(await faultOf(openStore(directory, { readOnly: true })), /^absent: there is no store at /)
  await writeFile(join(directory, 'file'), '')
  assert.match(await faultOf(openStore(join(directory, 'file'), { readOnly: true })), /it is a file/)
  const store = await openStore(join(directory, 'a', 'b'))
  assert.is((await stat(join(directory, 'a', 'b'))).mode & 0o777, 0o700)
  for (const name of await readdir(join(directory, 'a', 'b'))) if (name.endsWith('.mdb')) assert.is((await stat(join(directory, 'a', 'b', name))).mode & 0o077, 0, name)
  await store.close()
})

test('one writer at a time; the next one opens when it is closed', async () => {
  const directory = await filled()
  const first = await openStore(directory)
  assert.match(await faultOf(openStore(directory)), /^locked: .* is being written by another process$/)
  await first.close()
  assert.is(await faultOf(openStore(directory)), 'opened')
})

test('a reader sees what a writer in the same moment commits, page by page, and writes nothing', async () => {
  const directory = await filled()
  const writer: Store = await openStore(directory, { sync: 'commit', maxBytes: 1 << 24 })
  const reader = await openStore(directory, { readOnly: true }) as Store
  const random = seeded(2)
  let stored = 1000
  for (let round = 0; round < 15; round++) {
    await writer.append(events(random, stored, 40))
    stored += 40
    await writer.putIncident({ ...randomIncident(random), id: `i${round}` })
    assert.is((await reader.stats()).events, stored)
    assert.is((await reader.incident(`i${round}`))?.id, `i${round}`)
    assert.is((await reader.event(stored.toString(16).padStart(32, '0')))?.count, 1)
  }
  assert.equal(await reader.append(events(random, stored, 1)), { status: 'failed', reason: 'the store is open for reading only' })
  assert.is((await reader.putIncident(randomIncident(random)).catch((e: unknown) => e) as { fault?: string }).fault, 'denied')
  await writer.close()
  assert.is((await reader.events({}, { limit: 1000 })).events.count, 1000)
  await reader.close()
})

test('another process reads while this one writes', async () => {
  const directory = await filled()
  const writer = await openStore(directory, { sync: 'commit' })
  await writer.append(events(seeded(3), 1000, 500))
  const url = JSON.stringify(new URL('./open.js', import.meta.url).href)
  const program = `const { openStore } = await import(${url}); const s = await openStore(${JSON.stringify(directory)}, { readOnly: true }); console.log((await s.stats()).events, (await s.incidents({})).incidents.length, (await s.events({}, { limit: 50 })).events.count); await s.close()`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', cwd: fileURLToPath(new URL('.', import.meta.url)) })
  assert.is(stdout.trim(), '1500 1 50', stderr)
  await writer.close()
})

test('a file that is none, or is cut off, is named as damaged and nothing else is lost', async () => {
  const directory = await filled()
  const name = (await readdir(directory)).find(n => /^events-.*\.mdb$/.test(n)) as string
  const whole = await readFile(join(directory, name))
  await copyFile(join(directory, name), join(directory, 'events-0000000009.mdb'))
  const table: [string, (path: string) => Promise<void>][] = [
    ['text', path => writeFile(path, 'root:x:0:0\n'.repeat(5000))],
    ['cut off in the middle', path => truncate(path, Math.floor(whole.length / 2))],
    ['cut off after the first page', path => truncate(path, 4096)],
    ['one byte', path => truncate(path, 1)],
    ['zeros', path => writeFile(path, Buffer.alloc(100_000))]
  ]
  for (const [what, hurt] of table) {
    await writeFile(join(directory, 'events-0000000009.mdb'), whole)
    await hurt(join(directory, 'events-0000000009.mdb'))
    // Not what a writer is making at this moment.
    await utimes(join(directory, 'events-0000000009.mdb'), 0, 0)
    for (const readOnly of [true, false]) {
      const store = await openStore(directory, { readOnly: readOnly as true })
      const { damaged, events: count } = await store.stats()
      assert.is(count, 1000, what)
      assert.match(damaged.join(), /events-0000000009.mdb is damaged: /, what)
      assert.is((await store.incidents({})).incidents.length, 1)
      await store.close()
    }
  }
})

test('damaged incidents are an error that names the file', async () => {
  const directory = await filled()
  await writeFile(join(directory, 'tables.mdb'), 'x'.repeat(20_000))
  await utimes(join(directory, 'tables.mdb'), 0, 0)
  for (const readOnly of [true, false]) assert.match(await faultOf(openStore(directory, { readOnly: readOnly as true })), /^damaged: .*tables\.mdb is damaged: its first pages are not those of an LMDB file/)
})

test('a block that was overwritten is left out and named; all others are found', async () => {
  const directory = await scratch()
  const store = await openStore(directory, { sync: 'disk' })
  for (let i = 0; i < 4; i++) await store.append(events(seeded(i), i * 1000, 1000))
  await store.close()
  const name = (await readdir(directory)).find(n => /^events-.*\.mdb$/.test(n)) as string
  const path = join(directory, name)
  const bytes = await readFile(path)
  // The largest values are the blocks; their pages hold nothing else. One page in the middle of a run of such pages is hurt.
  let at = -1
  for (let page = 2; page < bytes.length / 4096 && at < 0; page++) if ((bytes.readUInt16LE(page * 4096 + 18) & 0x04) !== 0 && bytes.readUInt32LE(page * 4096 + 20) > 3) at = (page + 1) * 4096
  assert.ok(at > 0, 'a block of several pages')
  const file = await open(path, 'r+')
  await file.write(Buffer.alloc(500, 0xaa), 0, 500, at)
  await file.close()
  const reader = await openStore(directory, { readOnly: true })
  let read = 0
  for (let cursor: string | undefined; ;) {
    const page = await reader.events({}, { limit: 1000, ...(cursor === undefined ? {} : { cursor }) })
    read += page.events.count
    if (page.next === undefined) break
    cursor = page.next
  }
  assert.is(read, 3000)
  assert.match((await reader.stats()).damaged.join(), /block \d+ cannot be read/)
  await reader.close()
})

test('a directory of somebody else is an error that says what to do', async () => {
  if (process.getuid?.() === 0) { console.log('SKIP root may open everything'); return }
  const directory = await filled()
  await chmod(directory, 0)
  assert.match(await faultOf(openStore(directory, { readOnly: true })), /^denied: /)
  await chmod(directory, 0o700)
})

test.run()

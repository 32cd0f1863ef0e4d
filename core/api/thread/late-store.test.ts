/**
 * Scenario: a store that is not there yet, appears, is deleted and made anew. Guarantees: until it is there questions are told so; then
 * it is opened once for all who ask; another one at the same path is opened and the old one closed.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { FakeClock } from '../../testing/fake-clock.js'
import { StoreError, type StoreStats } from '../../store/store.js'
import { LateStore, type OpenedStore } from './late-store.js'

const test = suite('api: late store')

/** Stores that only count: each knows its number. */
function opener () {
  const log: string[] = []
  let number = 0
  const open = async (directory: string): Promise<OpenedStore> => {
    const own = ++number
    log.push(`open ${own}`)
    await import('node:fs/promises').then(fs => fs.stat(join(directory, 'tables.mdb'))).catch(() => { throw new StoreError('absent', `there is no store at ${directory}`) })
    const stats = (): Promise<StoreStats> => Promise.resolve({ events: own } as StoreStats)
    return { stats, close: async () => { log.push(`close ${own}`) } } as unknown as OpenedStore
  }
  return { open, log }
}

async function faultOf (ask: Promise<unknown>): Promise<string> {
  return await ask.then(() => 'none', (error: unknown) => error instanceof StoreError ? error.fault : String(error))
}

test('absent, there, another one, absent again, closed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tapio-late-'))
  const directory = join(folder, 'store')
  const make = async (): Promise<void> => { await mkdir(directory); await writeFile(join(directory, 'tables.mdb'), '') }
  try {
    const clock = new FakeClock()
    const { open, log } = opener()
    const store = new LateStore(directory, open, clock)
    assert.is(await faultOf(store.stats()), 'absent')
    await make()
    const answers = await Promise.all(Array.from({ length: 5 }, () => store.stats()))
    assert.equal(new Set(answers.map(a => a.events)), new Set([2]), 'one opening for all')
    await clock.advance(1000)
    assert.is((await store.stats()).events, 2, 'looked at again, it is the same')
    // The name stays with the old file, so that the new one has another inode for certain.
    await import('node:fs/promises').then(fs => fs.rename(directory, join(folder, 'old')))
    await make()
    assert.is((await store.stats()).events, 2, 'what was seen is taken for true for a while')
    await clock.advance(1000)
    assert.is((await store.stats()).events, 3)
    await rm(directory, { recursive: true })
    await clock.advance(1000)
    assert.is(await faultOf(store.stats()), 'absent')
    assert.equal(log, ['open 1', 'open 2', 'close 2', 'open 3', 'close 3', 'open 4'])
    await store.close()
    assert.is(await faultOf(store.stats()), 'closed')
  } finally { await rm(folder, { recursive: true }) }
})

test('closing while it is opened closes what was opened', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tapio-late-'))
  try {
    await writeFile(join(folder, 'tables.mdb'), '')
    const { open, log } = opener()
    const store = new LateStore(folder, open, new FakeClock())
    const asked = store.stats()
    await Promise.resolve()
    await store.close()
    assert.is((await asked).events, 1)
    assert.equal(log, ['open 1', 'close 1'])
  } finally { await rm(folder, { recursive: true }) }
})

test.run()

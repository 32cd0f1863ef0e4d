/** Scenario: writer and reader are threads of one process, and begin in any order. Guarantees: the writer can write, the reader sees and is woken. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { BatchBuilder } from '../data/builder.js'
import { openStore } from './open.js'
import type { Store } from './store.js'

const test = suite('store: threads')
const idOf = (serial: number): string => (serial + 1).toString(16).padStart(32, '0')

async function append (store: Store, serial: number): Promise<void> {
  const builder = new BatchBuilder(1)
  builder.append({ id: idOf(serial), timeUnixNano: 5n })
  assert.equal(await store.append(builder.finish()), { status: 'stored', duplicates: 0 })
}

async function withReader (directory: string, use: (ask: (wait?: boolean) => Promise<unknown>) => Promise<void>): Promise<void> {
  const worker = new Worker(new URL('./testing/reading-worker.js', import.meta.url), { workerData: directory })
  try {
    assert.equal(await once(worker, 'message'), ['open'])
    await use(async (wait = false) => {
      const answer = once(worker, 'message')
      worker.postMessage(wait)
      const [found] = await answer as [unknown]
      return found
    })
  } finally {
    await worker.terminate()
  }
}

for (const [what, isThere] of [['there is no store yet', false], ['a store of before', true]] as const) {
  test(`the reader is first: ${what}`, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'tapio-store-'))
    try {
      if (isThere) {
        const before = await openStore(directory)
        await append(before, 100)
        await before.close()
      }
      await withReader(directory, async ask => {
        assert.equal(await ask(), [])
        for (let round = 0; round < 3; round++) {
          const woken = ask(true)
          const store = await openStore(directory)
          await append(store, round)
          const found = await woken as string[]
          // The opening of a writer is a change too.
          assert.equal(found.length === 0 ? await ask(true) : found, [idOf(round)])
          await store.close()
        }
      })
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })
}

test.run()

/** Scenario: events that come few at a time. Guarantees: blocks stay few, nothing is lost or found twice, also while somebody reads. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { BatchBuilder } from '../data/builder.js'
import { seeded } from '../data/testing/random.js'
import type { BlockHead } from './block.js'
import { mergeable } from './merge.js'
import { openStore } from './open.js'
import { Partition } from './partition.js'
import type { StoreReader } from './store.js'

const test = suite('store: merging small blocks')

const head = (rows: number, bytes = rows * 60): BlockHead => ({ first: 0, rows, bytes, minNano: 0n, maxNano: 0n, storedMs: 0, maxSeverity: 0, indexBits: 0, hasWords: true })
const times = (n: number, rows: number): number[] => Array<number>(n).fill(rows)

const table: [what: string, rows: number[], merged: number][] = [
  ['nothing', [], 0], ['fifteen small ones', times(15, 1), 0], ['sixteen small ones', times(16, 1), 16], ['sixteen behind a larger one', [300, ...times(16, 3)], 16],
  ['full ones', times(40, 4096), 0], ['sixteen of 200', times(16, 200), 16], ['middle ones that fill a block', times(5, 1000), 4], ['middle ones that do not', times(3, 1000), 0], ['small ones behind each other of other sizes', [1, 300, 1, 300, 1], 0]
]
for (const [what, rows, merged] of table) test(`${what}: ${merged} are merged`, () => { assert.is(mergeable(rows.map(r => head(r))).length, merged) })

test('few rows of many bytes are full', () => { assert.is(mergeable(times(40, 5).map(r => head(r, 200_000))).length, 0) })

const idOf = (serial: number): string => (serial + 1).toString(16).padStart(32, '0')

async function readAll (store: StoreReader, order: 'newest' | 'oldest', limit: number): Promise<number[]> {
  const found: number[] = []
  for (let cursor: string | undefined; ;) {
    const page = await store.events({ traceId: 'c'.repeat(32) }, { limit, order, ...(cursor === undefined ? {} : { cursor }) })
    for (const row of page.events) found.push(Number.parseInt(row.get('id') as string, 16) - 1)
    if (page.next === undefined) return found
    cursor = page.next
  }
}

test('many appends of few events make few blocks, and readers beside it find each event once, in order', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tapio-store-'))
  try {
    const store = await openStore(directory, { sync: 'commit' })
    const reader = await openStore(directory, { readOnly: true })
    const random = seeded(1)
    let [serial, isOver, questions] = [0, false, 0]
    // Long pages: blocks are merged while one of them is put together.
    const ask = async (): Promise<void> => {
      for (; !isOver; questions++) {
        const seen = await readAll(reader, 'oldest', 1000)
        assert.equal(seen, seen.map((_, i) => i), 'each once, in order')
      }
    }
    let asking: Promise<void> | undefined
    for (let round = 0; round < 300; round++) {
      const builder = new BatchBuilder(4)
      const floor = serial
      // All at one time: ties are broken by where events are, which merging must not change.
      for (let i = 1 + random.below(4); i > 0; i--) builder.append({ id: idOf(serial++), timeUnixNano: 5n, traceId: 'c'.repeat(32) })
      await store.append(builder.finish())
      // Not before: what finds nothing lets nobody else run.
      asking ??= ask()
      if (round > 0) assert.is((await reader.event(idOf(random.below(floor))))?.count, 1)
    }
    isOver = true
    await asking
    assert.ok(questions > 1, `${questions} questions beside the appends`)
    const { events, blocks } = await store.stats()
    assert.is(events, serial)
    assert.ok(blocks <= 40, `${blocks} blocks`)
    assert.equal(await readAll(reader, 'newest', 37), Array.from({ length: serial }, (_, i) => serial - 1 - i))
    for (let i = 0; i < 100; i++) { const n = random.below(serial); assert.is((await store.event(idOf(n)))?.at(0).get('id'), idOf(n)) }
    await reader.close()
    await store.close()
    const again = await openStore(directory, { readOnly: true })
    assert.equal(await readAll(again, 'oldest', 100), Array.from({ length: serial }, (_, i) => i))
    await again.close()
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})

test('a reader that knows the blocks of before sees that they are not those any more', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tapio-store-'))
  try {
    const store = await openStore(directory, { sync: 'commit' })
    const append = async (serial: number): Promise<void> => {
      const builder = new BatchBuilder(1)
      builder.append({ id: idOf(serial), timeUnixNano: 5n })
      await store.append(builder.finish())
    }
    for (let i = 0; i < 15; i++) await append(i)
    const partition = new Partition(1, join(directory, 'events-0000000001.mdb'), true)
    assert.is(partition.blocks, 15)
    assert.is(partition.isStale(), false)
    await append(15)
    assert.is(partition.isStale(), true)
    partition.refresh()
    assert.equal([partition.isStale(), partition.blocks, partition.nextEvent], [false, 1, 16])
    await partition.close()
    await store.close()
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})

test.run()

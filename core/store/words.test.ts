/** Scenario: questions by what many events share. Guarantees: blocks without it are left out by their index; none that has it is, however many words there are. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { BatchBuilder, type EventInput } from '../data/builder.js'
import { decodeHead, encodeHead, type BlockHead } from './block.js'
import { BlockFilter } from './block-filter.js'
import { openStore } from './open.js'
import { Partition } from './partition.js'
import type { EventQuery } from './store.js'

const test = suite('store: words')

async function withBlock (events: readonly EventInput[], use: (rows: (query: EventQuery, head?: Partial<BlockHead>) => number[] | undefined) => void): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'tapio-store-'))
  const store = await openStore(directory, { sync: 'commit' })
  const builder = new BatchBuilder(events.length)
  for (const event of events) builder.append({ timeUnixNano: 1n, ...event })
  await store.append(builder.finish())
  await store.close()
  const partition = new Partition(1, join(directory, 'events-0000000001.mdb'), true)
  const block = partition.heads[0] as BlockHead
  use((query, head = {}) => new BlockFilter(query).rows(partition, { ...block, ...head }))
  await partition.close()
  await rm(directory, { recursive: true, force: true })
}

const few: EventInput[] = [
  { name: 'a', source: 'ebpf', signal: 'events', symptom: 'net.reset', entityNamespace: 'shop' },
  { name: 'b', source: 'ebpf', signal: 'events', resource: { 'k8s.namespace.name': 'bank' } },
  { name: 'a', source: 'otlp', signal: 'traces', attributes: { 'service.namespace': 'web' } },
  { name: 'c', source: 'otlp', signal: 'traces' }
]
const table: [EventQuery, number[] | undefined][] = [
  [{ names: ['a'] }, [0, 1, 2]], [{ names: ['c'] }, [3]], [{ names: ['d'] }, []], [{ names: ['d', 'b', 'c'] }, [1, 3]], [{ sources: ['otlp'] }, [2, 3]], [{ sources: ['ebpf'], names: ['c'] }, []],
  [{ signals: ['logs'] }, []], [{ signals: ['traces'] }, [2, 3]], [{ symptoms: ['net.reset'] }, [0]], [{ symptoms: ['net.drop'] }, []],
  [{ namespaces: ['shop'] }, [0]], [{ namespaces: ['bank'] }, [1]], [{ namespaces: ['web'] }, [2]], [{ namespaces: ['nowhere'] }, []], [{ names: [], sources: [] }, undefined]
]
for (const [query, wanted] of table) test(`${JSON.stringify(query)} leaves ${JSON.stringify(wanted)}`, () => withBlock(few, rows => { assert.equal(rows(query), wanted) }))

test('a block of more words than are indexed may have any', () => withBlock(Array.from({ length: 600 }, (_, i) => ({ name: `n${i}`, source: 'x' })), rows => {
  assert.is(rows({ names: ['n599'] })?.length, 600)
  assert.is(rows({ names: ['n1'], sources: ['y'] })?.length, 0)
}))

test('a block from before there were words may have any', () => withBlock(few, rows => {
  assert.is(rows({ names: ['d'], symptoms: ['net.drop'] }, { hasWords: false }), undefined)
}))

test('heads come back as they were written', () => {
  for (const hasWords of [true, false]) {
    const head = { first: 7, rows: 3, minNano: 1n, maxNano: 2n, storedMs: 3, bytes: 4, maxSeverity: 17, indexBits: 8, hasWords }
    assert.equal(decodeHead(7, encodeHead(head)), head)
  }
})

test.run()

/** Scenario: segments cut off and damaged anywhere. Guarantees: never a throw, never a wrong record, only the hit block is lost. */
import { readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded } from '../data/testing/random.js'
import { exit, exitRecord, openForTest, readAll } from './records-for-test.js'
import { listSegments } from './segments.js'
import { decodeTypes } from './types.js'

const test = suite('damaged segments')
const made: string[] = []
test.after(async () => { for (const directory of made) await rm(directory, { recursive: true, force: true }) })

/** Ten blocks of a hundred records; record i has pid i. */
async function segment (compress: boolean): Promise<{ directory: string, path: string, whole: Buffer }> {
  const { store, directory } = await openForTest({ compress })
  made.push(directory)
  for (let i = 0; i < 1000; i++) {
    store.append(exit.id, BigInt(i), 1n, i, exitRecord(i, i))
    if (i % 100 === 99) await store.flush()
  }
  await store.close()
  const [file] = await listSegments(directory)
  const path = file?.path as string
  return { directory, path, whole: await readFile(path) }
}

/** Every record that is found is one that was written; how many, and how much was reported. */
async function check (directory: string): Promise<{ records: number, damages: number, tails: number }> {
  const { records, damages } = await readAll(directory)
  for (const { pid, timeUnixNano, bytes } of records) {
    assert.is(timeUnixNano, BigInt(pid))
    assert.ok(Buffer.from(bytes).equals(exitRecord(pid, pid)))
  }
  assert.is(new Set(records.map(r => r.pid)).size, records.length)
  return { records: records.length, damages: damages.length, tails: damages.filter(d => d.tail).length }
}

for (const compress of [true, false]) {
  test(`cut off anywhere, all before is there (compress: ${compress})`, async () => {
    const { directory, path, whole } = await segment(compress)
    const random = seeded(5)
    let before = Infinity
    const cuts = Array.from({ length: 80 }, () => random.below(whole.length)).sort((a, b) => b - a)
    for (const length of [...cuts, 40, 24, 23, 10, 1, 0]) {
      await truncate(path, length)
      const { records, damages, tails } = await check(directory)
      assert.ok(records % 100 === 0 && records <= before)
      assert.ok(damages === tails && damages <= 1, 'reported as a torn end and nothing else')
      before = records
    }
    assert.is(before, 0)
  })

  test(`one damaged stretch costs the block it is in and is reported (compress: ${compress})`, async () => {
    const { directory, path, whole } = await segment(compress)
    const random = seeded(6)
    for (let i = 0; i < 100; i++) {
      const hurt = Buffer.from(whole)
      const at = random.below(whole.length)
      for (let n = 0; n < 8; n++) hurt[Math.min(hurt.length - 1, at + n)] = random.below(256)
      if (hurt.equals(whole)) continue
      await writeFile(path, hurt)
      // Eight bytes reach into two blocks at most.
      const { records, damages } = await check(directory)
      assert.ok(records >= 800, `${records} records with damage at ${at}`)
      assert.ok(records === 1000 || damages > 0, `lost without a word at ${at}`)
    }
  })
}

test('a file that is none of ours under such a name is reported and hides nothing else', async () => {
  const { directory } = await segment(true)
  await writeFile(join(directory, 'raw-000000000abcd.seg'), 'root:x:0:0:root:/root:/bin/sh\n'.repeat(100))
  assert.equal(await check(directory), { records: 1000, damages: 1, tails: 0 })
})

test('random bytes never throw', async () => {
  const { directory, path, whole } = await segment(false)
  const random = seeded(8)
  for (let i = 0; i < 60; i++) {
    const noise = Buffer.from(whole)
    for (let n = 0; n < 1 + random.below(400); n++) noise[random.below(noise.length)] = random.below(256)
    await writeFile(path, noise)
    await check(directory)
  }
})

test('a description of types is taken as far as it makes sense', () => {
  const good = { id: 1, name: 'a', fields: { x: { kind: 'u32', offset: 4, size: 4 } } }
  const bad = [null, 7, {}, { id: 1 }, { ...good, id: 'x' }, { ...good, fields: { x: { kind: 'u32', offset: -1, size: 4 } } }, { ...good, fields: { x: { kind: 'u32', offset: 0, size: 8 } } }, { ...good, fields: { x: { kind: 'toString', offset: 0, size: 8 } } }, { ...good, fields: { x: { kind: 'text', offset: 0, size: 1e9 } } }]
  assert.equal(decodeTypes(Buffer.from(JSON.stringify([...bad, good]))), [good])
  for (const text of ['', '{', '"x"', '{}', '\u0000']) assert.equal(decodeTypes(Buffer.from(text)), [])
})

test.run()

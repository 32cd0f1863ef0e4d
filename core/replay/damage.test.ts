/**
 * Scenario: segments and notes cut off anywhere, with changed bytes, and of nothing but random ones.
 * Guarantees: a replay sends each batch that is whole once and says what it could not read; it never throws and never sends anything else.
 */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../component/clock.js'
import { headerLength } from '../data/file-format.js'
import { seeded, type Random } from '../data/testing/random.js'
import { numberOf, numberedBatch } from '../delivery/queue/testing/numbered.js'
import { doneName, encodeDone, segmentName } from '../delivery/queue/segment-files.js'
import { Notes } from './notes.js'
import { readFound } from './read.js'
import { Rest } from './rest.js'

interface Context { folder: string, whole: Buffer, file: string }
const test = suite<Context>('damaged letters')
test.before.each(async context => {
  context.folder = mkdtempSync(join(tmpdir(), 'tapio-damage-'))
  const rest = new Rest(context.folder, systemClock)
  for (let number = 0; number < 6; number++) await rest.put(numberedBatch(number), { reason: 'x', atMs: 1, exporter: 'e', rejected: 3 })
  await rest.close()
  context.file = join(context.folder, readdirSync(context.folder)[0] as string)
  context.whole = readFileSync(context.file)
})
test.after.each(({ folder }) => { rmSync(folder, { recursive: true, force: true }) })

const rounds = process.env['TAPIO_TEST_LONG'] === '1' ? 20_000 : 400

async function read (file: string, notes?: Notes): Promise<{ readonly numbers: number[], readonly bytes: number }> {
  const found = { numbers: [] as number[], bytes: 0 }
  for await (const item of readFound(file, offset => notes?.has(offset) ?? false, new AbortController().signal)) {
    if (item.kind === 'batch') found.numbers.push(numberOf(item.batch))
    else found.bytes += item.bytes
  }
  return found
}

function spoil (whole: Buffer, random: Random): Buffer {
  const bytes = Buffer.from(whole.subarray(0, random.chance(0.3) ? random.below(whole.length) : whole.length))
  for (let n = random.below(5); n > 0 && bytes.length > 0; n--) {
    const at = random.below(bytes.length)
    bytes[at] = (bytes[at] as number) ^ (1 << random.below(8))
  }
  return bytes
}

test('a damaged segment gives only batches that were in it, each once', async ({ file, whole }) => {
  for (let seed = 1; seed <= rounds; seed++) {
    const bytes = spoil(whole, seeded(seed))
    writeFileSync(file, bytes)
    const { numbers, bytes: lost } = await read(file)
    assert.equal(numbers, [...new Set(numbers)].filter(n => n >= 0 && n < 6).sort(), `seed ${seed}`)
    if (numbers.length < 6 && bytes.length > headerLength) assert.ok(lost > 0 || bytes.length < whole.length, `seed ${seed}`)
  }
})

test('random bytes are no batch', async ({ file }) => {
  for (let seed = 1; seed <= rounds; seed++) {
    const random = seeded(seed)
    // Not what JSON begins with.
    writeFileSync(file, Buffer.from([0, ...Array.from({ length: random.below(2000) }, () => random.below(256))]))
    assert.equal((await read(file)).numbers, [])
  }
})

test('a damaged note costs a repetition, never a batch', async ({ folder, file }) => {
  const offsets: number[] = []
  for await (const item of readFound(file, () => false, new AbortController().signal)) offsets.push(item.offset)
  const path = join(folder, doneName(1))
  for (let seed = 1; seed <= rounds; seed++) {
    const random = seeded(seed)
    const done = offsets.filter(() => random.chance(0.5))
    writeFileSync(path, spoil(Buffer.concat(done.map(encodeDone)), random))
    const { numbers } = await read(join(folder, segmentName(1)), await Notes.read(file, true))
    const undelivered = offsets.flatMap((offset, n) => done.includes(offset) ? [] : [n])
    for (const n of undelivered) assert.ok(numbers.includes(n), `seed ${seed}: batch ${n} is missing`)
  }
})

test('notes after a torn one begin where a note may', async ({ folder, file }) => {
  const path = join(folder, doneName(1))
  writeFileSync(path, Buffer.concat([encodeDone(headerLength), Buffer.from([1, 2, 3])]))
  const notes = await Notes.read(file, true)
  notes.add(5000, 1)
  await notes.close()
  assert.equal(readFileSync(path), Buffer.concat([encodeDone(headerLength), encodeDone(5000)]))
})

test.run()

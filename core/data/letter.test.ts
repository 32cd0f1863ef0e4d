/** Scenario: dead letters written and read, whole and with words of another form. Guarantees: they come back as they were; odd words cost no row. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { prepareBatch } from './codec.js'
import { decodeBatch } from './decode.js'
import { readLetter, writeLetter, type Letter } from './letter.js'
import { plainRows } from './testing/plain-rows.js'
import { randomBatch, randomValue } from './testing/random-batch.js'
import { seeded } from './testing/random.js'

const test = suite('dead letter')
const letter: Letter = { reason: 'HTTP 400: field "ünït" \u001b[31m', atMs: 1_796_097_439_277, exporter: 'otlp/backend', rejected: 3 }

test('it is in the document, and the rows are as without it', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const batch = randomBatch(seeded(seed), 5, { raw: true })
    const prepared = prepareBatch(batch, true, letter)
    const document = Buffer.alloc(prepared.byteLength)
    prepared.writeTo(document)
    const decoded = decodeBatch(document)
    assert.ok(decoded.ok)
    assert.equal(decoded.letter, letter)
    assert.equal(plainRows(decoded.batch), plainRows(batch))
  }
})

test('what is none has none', () => {
  const prepared = prepareBatch(randomBatch(seeded(1), 3))
  const document = Buffer.alloc(prepared.byteLength)
  prepared.writeTo(document)
  const decoded = decodeBatch(document)
  assert.ok(decoded.ok)
  assert.is('letter' in decoded, false)
})

test('a page of text is cut', () => {
  assert.is(writeLetter({ ...letter, reason: 'x'.repeat(100_000) })[0].length, 4096)
})

test('words of any other form are no letter', () => {
  for (const written of [undefined, null, 7, 'x', [], ['a'], ['a', -1, 'b', 1], ['a', 1.5, 'b', 1], ['a', 1, 2, 3], ['a', 1, 'b', 'c'], { reason: 'a' }]) assert.is(readLetter(written as never), undefined)
  const random = seeded(3)
  for (let i = 0; i < 2000; i++) {
    const read = readLetter(Array.from({ length: 4 }, () => randomValue(random)))
    if (read !== undefined) assert.equal([typeof read.reason, typeof read.exporter], ['string', 'string'])
  }
})

test.run()

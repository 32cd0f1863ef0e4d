import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { EventBatch } from './batch.js'
import { BatchBuilder } from './builder.js'
import { encodeBatch } from './codec.js'
import { concat } from './concat.js'
import { RawEncoding } from './enums.js'
import { otlpRecord } from './testing/otlp-record.js'
import { opened, plainRows } from './testing/plain-rows.js'
import { randomBatch } from './testing/random-batch.js'
import { seeded } from './testing/random.js'

function one (event: Parameters<BatchBuilder['append']>[0]): EventBatch {
  const builder = new BatchBuilder(1)
  builder.append(event)
  return builder.finish()
}

const withRecord = (attributes: Record<string, string>): EventBatch => one({ signal: 'traces', raw: { encoding: RawEncoding.otlpSpan, bytes: otlpRecord(RawEncoding.otlpSpan, attributes) } })

test('the rows of the joined batch are the rows of its parts, in order', () => {
  for (let seed = 0; seed < 60; seed++) {
    const random = seeded(seed)
    const parts = Array.from({ length: 1 + random.below(5) }, () => {
      const batch = randomBatch(random, random.below(9), { raw: random.chance(0.5) })
      return random.chance(0.5) ? opened(encodeBatch(batch)) : batch
    })
    const rows = (b: EventBatch): unknown[] => plainRows(b).map(({ edited: _, ...rest }) => rest)
    assert.equal(rows(concat(parts)), parts.flatMap(rows), `seed ${seed}`)
  }
})

test('equal strings, resources and scopes are in the joined tables once', () => {
  const parts = [1, 2, 3].map(() => one({ name: 'GET', resource: { 'service.name': 'cart' }, scope: { name: 'http' } }))
  const joined = concat(parts)
  assert.equal([joined.strings.length, joined.resources.length, joined.scopes.length], [2, 2, 2])
})

test('resources that differ only in the type of a value stay apart', () => {
  const values = ['5', 5, '5n', 2n ** 60n, String(2n ** 60n), null, NaN, Uint8Array.of(53), { bytes: '5' }, '{"$bytes":"NQ=="}']
  const joined = concat(values.map(value => one({ resource: { value } })))
  assert.is(joined.resources.length, values.length + 1)
})

test('a column that is given for some parts does not hide what the records of the others say', () => {
  const joined = concat([one({ attributes: { k: 'given' } }), withRecord({ k: 'recorded' }), one({}), withRecord({})])
  assert.equal([...joined].map(row => row.attribute('k')), ['given', 'recorded', undefined, undefined])
})

test('an edit in one part keeps the records of the others', () => {
  const joined = concat([withRecord({ k: 'old' }).withConstant('k', 'new'), withRecord({ k: 'recorded' })])
  assert.equal([...joined].map(row => row.attribute('k')), ['new', 'recorded'])
  assert.ok(joined.attributes.get('k')?.edited)
})

test('raw bytes are listed, not copied, and every row finds its own', () => {
  const parts = ['a', 'b', 'c'].map(k => withRecord({ k }))
  const joined = concat(parts)
  assert.equal(joined.raw.buffers.map((b, i) => b === parts[i]?.raw.buffers[0]), [true, true, true])
  assert.equal([...joined].map(row => Buffer.from(row.raw ?? [])), parts.map(p => Buffer.from(p.raw.buffers[0] ?? [])))
})

test('more raw buffers than a row can point into is a RangeError', () => {
  const part = withRecord({ k: 'v' })
  assert.throws(() => concat(new Array<EventBatch>(65_536).fill(part)), /65536 raw buffers/)
})

test.run()

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded } from '../../core/data/testing/random.js'
import { idWords, RecentIds } from './recent-ids.js'

const test = suite('recent ids')

const column = (...numbers: number[]): Uint32Array => Uint32Array.from(numbers.flatMap(n => n === 0 ? [0, 0, 0, 0] : [7, 7, 0, n]))

test('it knows what was added, and the id 0 never', () => {
  const ids = new RecentIds(100)
  ids.addAll(column(1, 2, 0, 2))
  assert.is(ids.size, 2)
  assert.equal([0, 1, 2, 3].map(row => ids.has(column(1, 2, 0, 3), row)), [true, true, false, false])
})

test('beyond its limit it forgets the oldest first', () => {
  const ids = new RecentIds(3)
  ids.addAll(column(1, 2, 3, 4, 5))
  assert.equal(idWords(ids.bytes()), column(3, 4, 5))
  assert.not.ok(ids.has(column(2), 0))
})

/** Guarantees: the same answers as a list that is cut at the front, through growing, forgetting and colliding. */
test('it agrees with a plain list over random runs', () => {
  const random = seeded(5)
  for (const limit of [1, 7, 64, 1000, 1500]) {
    const ids = new RecentIds(limit)
    const plain: number[] = []
    for (let i = 0; i < 8000; i++) {
      const n = 1 + random.below(limit * 2)
      assert.is(ids.has(column(n), 0), plain.includes(n), `limit ${limit}, step ${i}`)
      ids.addAll(column(n))
      if (!plain.includes(n)) plain.push(n)
      if (plain.length > limit) plain.shift()
    }
    assert.equal(idWords(ids.bytes()), column(...plain))
  }
})

test('what it gives out makes the same set again', () => {
  const ids = new RecentIds(5000)
  ids.addAll(column(...Array.from({ length: 4000 }, (_, i) => i + 1)))
  const copy = new RecentIds(5000)
  const bytes = ids.bytes()
  // At an odd address, as in a file's record.
  const odd = new Uint8Array(bytes.length + 1)
  odd.set(bytes, 1)
  copy.addAll(idWords(odd.subarray(1)))
  assert.equal(copy.bytes(), bytes)
})

test.run()

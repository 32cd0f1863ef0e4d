/** Guarantees: running figures are those of the whole list; a bounded table forgets what it saw least, and never counts too high. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded } from '../../data/testing/random.js'
import { BoundedTable } from './bounded-table.js'
import { consistency, recency, Spread, volume } from './statistics.js'

test('mean and deviation are those of two passes, also far from zero', () => {
  const random = seeded(1)
  for (const offset of [0, 1e9]) {
    const values = Array.from({ length: 500 }, () => offset + random.below(1000))
    const spread = new Spread()
    for (const v of values) spread.add(v)
    const mean = values.reduce((n, v) => n + v, 0) / values.length
    const deviation = Math.sqrt(values.reduce((n, v) => n + (v - mean) ** 2, 0) / (values.length - 1))
    assert.ok(Math.abs(spread.mean - mean) < 1e-5)
    assert.ok(Math.abs(spread.deviation - deviation) < 1e-4)
  }
})

test('the parts of a confidence', () => {
  const steady = new Spread()
  for (let i = 0; i < 5; i++) steady.add(12_000)
  assert.is(consistency(steady), 1)
  const jumpy = new Spread()
  for (const v of [1000, 200_000, 3000, 90_000]) jumpy.add(v)
  assert.ok(consistency(jumpy) < 0.5)
  assert.equal([volume(3), volume(40)], [0.3, 1])
  assert.equal([recency(0), recency(86_400_000), recency(-5)], [1, 0.5, 1])
})

test('a bounded table keeps what is common, and a newcomer starts from nothing', () => {
  const table = new BoundedTable<{ n: number }>(3)
  for (const key of ['a', 'a', 'b', 'c', 'b', 'a']) table.count(key, () => ({ n: 0 }))
  table.count('d', () => ({ n: 0 }))
  assert.equal(['a', 'b', 'c', 'd'].map(k => table.countOf(k)), [3, 2, 0, 1])
  for (let i = 0; i < 100; i++) table.count(`noise ${i}`, () => ({ n: 0 }))
  assert.equal([table.countOf('a'), table.countOf('b'), table.size], [3, 2, 3])
  assert.is(table.evicted, 101)
})

test.run()

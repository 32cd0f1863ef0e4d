/** Scenario: counts in buckets. Guarantees: quantiles as Prometheus makes them, 0 for nothing, never beyond the bounds. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { quantile } from './quantile.js'

test('between the bounds of its bucket by straight line', () => {
  assert.is(quantile(0.5, [1, 2, 4], [0, 10, 0, 0]), 1.5)
  assert.is(quantile(1, [1, 2, 4], [0, 10, 0, 0]), 2)
  assert.is(quantile(0.5, [1, 2, 4], [5, 0, 5, 0]), 1)
  assert.is(quantile(0.75, [1, 2, 4], [5, 0, 5, 0]), 3)
})

test('nothing is 0, what is above all bounds is at the last', () => {
  assert.is(quantile(0.99, [1, 2], []), 0)
  assert.is(quantile(0.99, [1, 2], [0, 0, 0]), 0)
  assert.is(quantile(0.99, [1, 2], [1, 0, 99]), 2)
  assert.is(quantile(0.5, [], [3]), 0)
})

test.run()

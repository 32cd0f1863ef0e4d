import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { equalitySelector, labelSelector, matches } from './selector.js'

const labels = new Map([['app', 'cart'], ['tier', 'web']])

test('selectors select what the API documentation says', () => {
  const cases: [unknown, boolean][] = [
    [{}, true],
    [{ matchLabels: { app: 'cart' } }, true],
    [{ matchLabels: { app: 'cart', tier: 'db' } }, false],
    [{ matchExpressions: [{ key: 'app', operator: 'In', values: ['shop', 'cart'] }] }, true],
    [{ matchExpressions: [{ key: 'gone', operator: 'In', values: ['a'] }] }, false],
    [{ matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['cart'] }] }, false],
    [{ matchExpressions: [{ key: 'gone', operator: 'NotIn', values: ['a'] }] }, true],
    [{ matchExpressions: [{ key: 'tier', operator: 'Exists' }] }, true],
    [{ matchExpressions: [{ key: 'gone', operator: 'Exists' }] }, false],
    [{ matchExpressions: [{ key: 'gone', operator: 'DoesNotExist' }] }, true],
    [{ matchLabels: { app: 'cart' }, matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }, false]
  ]
  for (const [value, expected] of cases) {
    const selector = labelSelector(value)
    assert.ok(selector !== undefined)
    assert.is(matches(selector, labels), expected, JSON.stringify(value))
  }
})

test('what is no selector selects nothing', () => {
  for (const value of [undefined, null, 'app=cart', { matchExpressions: [{ key: 'app', operator: 'Gt', values: ['1'] }] }, { matchExpressions: [{ operator: 'Exists' }] }]) assert.is(labelSelector(value), undefined)
  assert.is(equalitySelector({}), undefined)
})

test.run()

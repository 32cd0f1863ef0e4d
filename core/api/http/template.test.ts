/** Scenario: path templates and paths. Guarantees: variables get their segments, never empty ones; what is not understood is refused when the server starts, not when it is asked. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { matchTemplate, parseTemplate, weightOf } from './template.js'

const match = (template: string, path: string): Record<string, string> | undefined => {
  const found = matchTemplate(parseTemplate(template), path.slice(1).split('/'))
  return found === undefined ? undefined : Object.fromEntries(found)
}

const cases: readonly (readonly [string, string, Record<string, string> | undefined])[] = [
  ['/v1/events', '/v1/events', {}],
  ['/v1/events', '/v1/events/', undefined],
  ['/v1/events:batch', '/v1/events:batch', {}],
  ['/v1/events/{id}', '/v1/events/7', { id: '7' }],
  ['/v1/events/{id=*}', '/v1/events/7', { id: '7' }],
  ['/v1/events/{id}', '/v1/events/', undefined],
  ['/v1/events/{id}', '/v1/events/7/8', undefined],
  ['/v1/events/{id}:close', '/v1/events/7:close', { id: '7' }],
  ['/v1/events/{id}:close', '/v1/events/7', undefined],
  ['/v1/events/{id}:close', '/v1/events/:close', undefined],
  ['/v1/c/{id=**}', '/v1/c/a/b/c', { id: 'a/b/c' }],
  ['/v1/c/{id=**}', '/v1/c', undefined],
  ['/v1/c/{id=**}', '/v1/c/', undefined],
  ['/v1/c/{id=**}', '/v1/c/a//b', undefined],
  ['/v1/c/{id=**}/config', '/v1/c/a/b/config', { id: 'a/b' }],
  ['/v1/c/{id=**}/config', '/v1/c/config', undefined],
  ['/v1/c/{id=**}/config', '/v1/c/config/config', { id: 'config' }],
  ['/v1/{kind}/{id=**}/x/{part}', '/v1/k/a/b/x/p', { kind: 'k', id: 'a/b', part: 'p' }],
  ['/v1/c/{id=**}:go', '/v1/c/a/b:go', { id: 'a/b' }]
]
for (const [template, path, expected] of cases) test(`${template} and ${path}`, () => { assert.equal(match(template, path), expected) })

test('what is no template here is said at once', () => {
  for (const text of ['v1', '/v1/{a=**}/{b=**}', '/v1/{a', '/v1/*', '/v1/{a=x/*}', '/v1/a{b}']) assert.throws(() => parseTemplate(text), text)
})

test('words weigh more than variables, and more words more', () => {
  const order = ['/v1/c/{id=**}/config', '/v1/c/list', '/v1/c/{id}', '/v1/c/{id=**}']
  assert.equal([...order].reverse().sort((a, b) => weightOf(parseTemplate(b)) - weightOf(parseTemplate(a))).slice(-2), ['/v1/c/{id}', '/v1/c/{id=**}'])
})

test.run()

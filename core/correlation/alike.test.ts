import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded } from '../data/testing/random.js'
import { isAlike, masked } from './alike.js'

test('compares as masked texts would', () => {
  const table: readonly (readonly [string, string])[] = [
    ['pid 12 ended', 'pid 4711 ended'], ['id deadbeef gone', 'id 1a2b3c4d5e gone'], ['12ab', '7ab'], ['12ab', '7abc'], ['', ''], ['#', '5'], ['abcdef', 'abcde'], ['a1', 'a'], ['FACADE0', '12'],
    ['x'.repeat(600), 'x'.repeat(512)], [`${'x'.repeat(510)}123456`, `${'x'.repeat(510)}99`]
  ]
  for (const [a, b] of table) assert.is(isAlike(a, masked(b)), masked(a) === masked(b), `${a} | ${b}`)
})

test('and of any text', () => {
  const random = seeded(7)
  const letters = 'abfgz019AF#- '
  const text = (): string => Array.from({ length: random.below(14) }, () => letters[random.below(letters.length)]).join('')
  let same = 0
  for (let i = 0; i < 20_000; i++) {
    const [a, b] = [text(), text()]
    assert.ok(isAlike(a, masked(a)), a)
    if (isAlike(a, masked(b))) same++
    assert.is(isAlike(a, masked(b)), masked(a) === masked(b), `${a} | ${b}`)
  }
  assert.ok(same > 0)
})

test.run()

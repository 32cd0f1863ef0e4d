import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded } from '../data/testing/random.js'
import { Watermark } from './watermark.js'

test('it moves to the lowest that is unfinished, whatever ends first', () => {
  const mark = new Watermark<number>(0)
  const [first, second, third] = [mark.begin(), mark.begin(), mark.begin()]
  assert.is(second(2), false)
  assert.is(third(3), false)
  assert.equal([mark.reached, mark.underWay], [0, 3])
  assert.is(first(1), true)
  assert.equal([mark.reached, mark.underWay], [3, 0])
})

test('what is given up holds it for good', () => {
  const mark = new Watermark<string>()
  const done = mark.begin()
  mark.begin()
  const late = mark.begin()
  done('a')
  late('c')
  assert.is(mark.reached, 'a')
})

test('in any order of ends it is where a plain reading says', () => {
  const random = seeded(7)
  for (let round = 0; round < 200; round++) {
    const mark = new Watermark<number>(-1)
    const ends = Array.from({ length: 12 }, () => mark.begin())
    const done = new Set<number>()
    const left = ends.map((_, i) => i)
    while (left.length > 0) {
      const [i] = left.splice(random.below(left.length), 1) as [number]
      done.add(i)
      ;(ends[i] as (position: number) => boolean)(i)
      let expected = -1
      while (done.has(expected + 1)) expected++
      assert.is(mark.reached, expected)
    }
  }
})

test.run()

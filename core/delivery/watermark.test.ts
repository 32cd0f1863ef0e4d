import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded } from '../data/testing/random.js'
import { Watermark } from './watermark.js'

function bench () {
  const reached: number[] = []
  return { reached, mark: new Watermark<number>(end => { reached.push(end) }) }
}

test('it moves to the lowest that is unfinished, whatever ends first', () => {
  const { reached, mark } = bench()
  const [first, second, third] = [mark.begin(), mark.begin(), mark.begin()]
  second(2)
  third(3)
  assert.equal([reached, mark.underWay], [[], 3])
  first(1)
  assert.equal([reached, mark.underWay], [[1, 2, 3], 0])
})

test('what is given up holds it for good', () => {
  const { reached, mark } = bench()
  const done = mark.begin()
  mark.begin()
  mark.begin()(3)
  done(1)
  assert.equal(reached, [1])
})

test('in any order of ends it is where a plain reading says', () => {
  const random = seeded(7)
  for (let round = 0; round < 200; round++) {
    const { reached, mark } = bench()
    const ends = Array.from({ length: 12 }, () => mark.begin())
    const done = new Set<number>()
    const left = ends.map((_, i) => i)
    while (left.length > 0) {
      const [i] = left.splice(random.below(left.length), 1) as [number]
      done.add(i)
      ;(ends[i] as (end: number) => void)(i)
      let expected = 0
      while (done.has(expected)) expected++
      assert.equal(reached, Array.from({ length: expected }, (_, n) => n))
    }
  }
})

test.run()

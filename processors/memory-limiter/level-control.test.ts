/** Scenario: usage that rises, falls, jumps and swings. Guarantees: levels come at once and go one step a time, each after its time and with usage clearly below; heaps and stalls count. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pressureLevels } from '../../core/pressure/pressure.js'
import { seeded } from '../../core/data/testing/random.js'
import { LevelControl } from './level-control.js'

const at = (usedShare: number, more: { heapShare?: number, stalls?: boolean } = {}) => ({ usedShare, heapShare: 0, stalls: false, ...more })

const beginnings: [number, string, number][] = [
  // usage, level, severity from which rows pass
  [0, 'none', 0], [0.59, 'none', 0], [0.61, 'shrink', 0], [0.71, 'spill', 0], [0.81, 'shed', 9], [0.85, 'shed', 13], [0.88, 'shed', 17], [0.94, 'shed', 21], [0.951, 'refuse', 21], [1, 'refuse', 21], [7, 'refuse', 21]
]
for (const [used, level, floor] of beginnings) {
  test(`from nothing to ${used} of the limit, the soft one being at 0.8: ${level}, at once`, () => {
    const control = new LevelControl(0.8, 1000)
    assert.equal([control.next(at(used), 0), control.floor(at(used))], [level, floor])
  })
}

test('the way back is one step a time, each after the recovery interval', () => {
  const control = new LevelControl(0.8, 1000)
  control.next(at(1), 0)
  const seen = [500, 1000, 1500, 1999, 2000, 3000, 4000, 9000].map(ms => control.next(at(0.1), ms))
  assert.equal(seen, ['refuse', 'shed', 'shed', 'shed', 'spill', 'shrink', 'none', 'none'])
})

test('it stays while usage is only just below, and does not swing with it', () => {
  const control = new LevelControl(0.8, 1000)
  control.next(at(0.82), 0)
  for (let ms = 2000; ms < 20_000; ms += 500) assert.is(control.next(at(ms % 1000 === 0 ? 0.76 : 0.81), ms), 'shed')
  assert.is(control.next(at(0.74), 21_000), 'spill')
})

test('a heap near its limit is as bad as memory near its own; a stall is one step worse, and no more', () => {
  assert.is(new LevelControl(0.8, 0).next(at(0, { heapShare: 0.5 }), 0), 'none')
  assert.is(new LevelControl(0.8, 0).next(at(0, { heapShare: 0.75 }), 0), 'shed')
  assert.is(new LevelControl(0.8, 0).next(at(0, { heapShare: 0.89 }), 0), 'refuse')
  for (const [used, level] of [[0.1, 'shrink'], [0.65, 'spill'], [0.96, 'refuse']] as const) assert.is(new LevelControl(0.8, 0).next(at(used, { stalls: true }), 0), level)
})

test('whatever usage does, a level is never less than usage asks for, and never falls by two', () => {
  const random = seeded(5)
  for (let run = 0; run < 50; run++) {
    const soft = 0.5 + random.below(45) / 100
    const control = new LevelControl(soft, random.below(3000))
    let before = 0
    for (let ms = 0; ms < 60_000; ms += 250) {
      const used = random.below(1200) / 1000
      const level = pressureLevels.indexOf(control.next(at(used), ms))
      assert.ok(level >= before - 1)
      assert.ok(level >= pressureLevels.indexOf(new LevelControl(soft, 0).next(at(used), 0)), `${used} with ${soft}`)
      before = level
    }
  }
})

test.run()

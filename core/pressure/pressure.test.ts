/** Scenario: several limiters in several threads over one number. Guarantees: one measures; another takes over from one that is dead; a level holds for what is below it. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createPressureMemory, pressureLevels, SharedPressure } from './pressure.js'

test('what one sets all see', () => {
  const memory = createPressureMemory()
  const [one, other] = [new SharedPressure(memory), new SharedPressure(memory)]
  assert.equal([other.level, other.atLeast('none'), other.atLeast('shrink')], ['none', true, false])
  one.set('shed', 250, 10)
  assert.equal([other.level, other.retryAfterMs], ['shed', 250])
  assert.equal(pressureLevels.filter(l => other.atLeast(l)), ['none', 'shrink', 'spill', 'shed'])
})

test('one measures, until it lets go or is not heard of', () => {
  const pressure = new SharedPressure()
  assert.equal([pressure.claim(1, 100, 5), pressure.claim(2, 101, 5), pressure.claim(1, 102, 5)], [true, false, true])
  pressure.set('refuse', 1000, 103)
  assert.not(pressure.claim(2, 107, 5))
  assert.ok(pressure.claim(2, 108, 5))
  assert.not(pressure.claim(1, 109, 5))
  pressure.release(1)
  assert.is(pressure.level, 'refuse')
  pressure.release(2)
  assert.is(pressure.level, 'none')
  assert.ok(pressure.claim(1, 110, 5))
})

test.run()

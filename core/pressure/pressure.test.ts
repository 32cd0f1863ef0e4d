/**
 * Scenario: several limiters in several threads over one number. Guarantees: one measures; another takes over from one that is dead, also when
 * the clock was set back; a level holds for what is below it; the fullest heap of those heard of lately counts.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createPressureMemory, heapPlaces, pressureLevels, roomUnder, SharedPressure } from './pressure.js'

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

test('a clock that was set back keeps no dead one in its place', () => {
  const pressure = new SharedPressure()
  assert.ok(pressure.claim(1, 1000, 5))
  assert.ok(pressure.claim(2, 400, 5))
})

test('severities are told with the level, and end with the claim', () => {
  const pressure = new SharedPressure()
  pressure.claim(1, 0, 5)
  pressure.set('shed', 100, 1, 17)
  assert.is(pressure.minSeverity, 17)
  pressure.set('spill', 100, 2)
  assert.is(pressure.minSeverity, 0)
  pressure.set('refuse', 100, 3, 21)
  pressure.release(1)
  assert.equal([pressure.level, pressure.minSeverity], ['none', 0])
})

test('buffers have room for less the worse it is', () => {
  const pressure = new SharedPressure()
  const rooms = pressureLevels.map(level => { pressure.set(level, 0, 0); return roomUnder(pressure, 800) })
  assert.equal(rooms, [800, 400, 200, 100, 100])
})

test('the fullest heap counts, of threads that still tell; more threads than places share them', () => {
  const memory = createPressureMemory()
  const [one, other] = [new SharedPressure(memory), new SharedPressure(memory)]
  assert.is(one.fullestHeap(1000), 0)
  one.reportHeap(0, 0.25, 1000)
  other.reportHeap(1, 0.75, 1001)
  assert.is(one.fullestHeap(1010), 0.75)
  one.reportHeap(0, 0.5, 1035)
  assert.is(one.fullestHeap(1040), 0.5, 'the other was last heard of 39 s ago')
  one.reportHeap(heapPlaces + 1, 0.9, 1040)
  assert.is(other.fullestHeap(1040), 0.9)
})

test.run()

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from './clock.js'

test('a time beyond what timers can hold is a long time, not none', async () => {
  let rung = false
  const cancels = [2 ** 31, 2 ** 53, Infinity].map(delayMs => systemClock.after(delayMs, () => { rung = true }))
  // Timers of Node that overflow go off after 1 ms, before this one.
  await new Promise<void>(resolve => { setTimeout(resolve, 5) })
  for (const cancel of cancels) cancel()
  assert.not(rung)
})

test('a timer that is cancelled does not go off', async () => {
  let rung = 0
  const cancel = systemClock.after(1, () => { rung += 10 })
  const done = new Promise<void>(resolve => { setTimeout(() => { rung++; resolve() }, 2) })
  cancel()
  await done
  assert.is(rung, 1)
})

test.run()

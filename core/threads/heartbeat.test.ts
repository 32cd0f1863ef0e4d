/**
 * Scenario: a loop that turns, stands still, is slow, or stands still because the whole process does.
 * Guarantees: only a loop that stands still while the watcher runs is told, once, and after the time that was asked for.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { FakeClock } from '../testing/fake-clock.js'
import { createHeartbeat, Watchdog } from './heartbeat.js'

function watch (timeoutMs = 10_000) {
  const [clock, memory, told] = [new FakeClock(), createHeartbeat(), [] as number[]]
  const watchdog = new Watchdog(memory, timeoutMs, clock, () => { told.push(clock.monotonicMs()) })
  return { clock, told, watchdog, beat: () => { Atomics.add(new Int32Array(memory), 0, 1) } }
}

test('a loop that stands still is told once, when the time is over', async () => {
  const { clock, told, beat } = watch()
  beat()
  await clock.advance(60_000)
  assert.equal(told, [11_000])
  assert.is(clock.pending, 0)
})

test('one beat a timeout is enough, and before the first there is no verdict', async () => {
  const { clock, told, beat, watchdog } = watch()
  await clock.advance(60_000)
  for (let i = 0; i < 10; i++) { beat(); await clock.advance(9000) }
  assert.equal(told, [])
  watchdog.stop()
  await clock.advance(60_000)
  assert.equal(told, [])
})

test('a process that was stopped as a whole blames nobody', async () => {
  const { clock, told, beat } = watch()
  beat()
  await clock.advance(1000)
  // The next look comes hours late, as after a suspended machine.
  const late = clock.monotonicMs.bind(clock)
  clock.monotonicMs = () => late() + 3_600_000
  await clock.advance(1000)
  beat()
  await clock.advance(9000)
  assert.equal(told, [])
})

test('0 = nobody watches', async () => {
  const { clock, told, beat } = watch(0)
  beat()
  await clock.advance(3_600_000)
  assert.equal(told, [])
})

test.run()

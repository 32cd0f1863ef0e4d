/** Scenario: a thread under changing pressure. Guarantees: it tells its heap every second, collects garbage while memory is short and no more often than it should, and leaves no timer. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../component/clock.js'
import { FakeClock } from '../testing/fake-clock.js'
import { HeapWatch } from './heap-watch.js'
import { SharedPressure, type PressureLevel } from './pressure.js'

test('it tells its share, and collects by level: never, every 5 s, every 2 s', async () => {
  const [clock, pressure] = [new FakeClock(), new SharedPressure()]
  let [collected, used] = [0, 0.3]
  const watch = new HeapWatch({ pressure, place: 3, clock, heap: { used: () => used, collect: () => { collected++ } } })
  watch.start()
  watch.start()
  const seconds = (): number => Math.floor(clock.unixMs() / 1000)
  assert.is(pressure.fullestHeap(seconds()), 0.3)
  const during = async (level: PressureLevel): Promise<number> => {
    pressure.set(level, 0, seconds())
    const before = collected
    await clock.advance(20_000)
    return collected - before
  }
  used = 0.6
  assert.equal([await during('none'), await during('shrink'), await during('shed'), await during('refuse'), await during('none')], [0, 4, 4, 10, 0])
  assert.is(pressure.fullestHeap(seconds()), 0.6)
  watch.stop()
  assert.is(clock.pending, 0)
})

test('V8 is asked for its own: the share is one, and a collection frees what nobody holds', () => {
  const pressure = new SharedPressure()
  pressure.set('refuse', 0, 0)
  let garbage: WeakRef<object> | undefined
  ;(() => { garbage = new WeakRef(new Array(1000).fill(0).map((_, i) => ({ i }))) })()
  // A WeakRef keeps its target until the job it was made in has ended.
  return new Promise<void>(resolve => setImmediate(() => {
    const watch = new HeapWatch({ pressure, place: 0, clock: systemClock })
    watch.start()
    watch.stop()
    const share = pressure.fullestHeap(Math.floor(Date.now() / 1000))
    assert.ok(share > 0 && share < 1, `${share}`)
    assert.is(garbage?.deref(), undefined)
    resolve()
  }))
})

test.run()

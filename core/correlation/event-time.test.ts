import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Engine } from './engine.js'

const now = Date.UTC(2026, 0, 1, 12)
const far = Date.UTC(2200, 0, 1)

function timeAt (...rows: readonly (readonly [claimed: number, observed?: number])[]): { readonly engine: Engine, readonly taken: readonly number[] } {
  const engine = new Engine()
  return { engine, taken: rows.map(([claimed, observed = 0]) => engine.advance(claimed, observed)) }
}

test('time is the newest that rows claim; what comes late is late and no more', () => {
  const { engine, taken } = timeAt([now], [now + 5000], [now + 1000], [now - 3_600_000])
  assert.is(engine.nowMs, now + 5000)
  assert.equal(taken, [now, now + 5000, now + 1000, now - 3_600_000])
  assert.is(engine.absurdTimes, 0)
})

test('what is no time is taken for when it was seen, else for now', () => {
  for (const claimed of [0, NaN, -1, -Infinity, Infinity, 1000, Date.UTC(1970, 0, 2), 1e18]) {
    assert.equal(timeAt([now], [claimed, now + 1000]).taken[1], now + 1000, String(claimed))
    assert.equal(timeAt([now], [claimed]).taken[1], now, String(claimed))
    assert.is(timeAt([claimed]).taken[0], 0)
  }
  assert.is(timeAt([now], [1000, now], [Infinity, now], [0, now]).engine.absurdTimes, 2, '0 says nothing and is not absurd')
})

test('a claim that is ahead of when it was seen does not move time', () => {
  const { engine, taken } = timeAt([now, now], [far, now + 1000], [far, now + 2000], [far, now + 3000], [far, now + 4000])
  assert.is(engine.nowMs, now + 4000)
  assert.is(taken[1], now + 1000)
  assert.is(engine.absurdTimes, 4)
})

test('one machine whose clock is years ahead, collector and all, does not move time among others', () => {
  const rows = Array.from({ length: 20 }, (_, i) => [[now + i * 1000, now + i * 1000], [far, far]] as const).flat()
  const { engine } = timeAt(...rows)
  assert.is(engine.nowMs, now + 19_000)
  assert.is(engine.absurdTimes, 20)
})

test('after days of silence time goes on', () => {
  const later = now + 5 * 86_400_000
  const { engine, taken } = timeAt([now, now], [later, later], [later + 1000, later + 1000], [later + 2000, later + 2000])
  assert.equal(taken.slice(1), [later, later + 1000, later + 2000])
  assert.is(engine.nowMs, later + 2000)
})

test('when the first row is years ahead, time comes back with the others', () => {
  const { engine } = timeAt([far], [now], [now + 1000], [now + 2000], [now + 3000])
  assert.is(engine.nowMs, now + 3000)
})

test('what is months old does not take time back when more than a few said what time it is', () => {
  const old = now - 90 * 86_400_000
  const { engine, taken } = timeAt([now], [now + 1], [now + 2], ...Array.from({ length: 50 }, () => [old] as const))
  assert.is(engine.nowMs, now + 2)
  assert.is(taken.at(-1), old)
})

test.run()

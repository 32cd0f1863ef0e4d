import * as assert from 'uvu/assert'
import { test } from 'uvu'
import { Engine } from './engine.js'

const startMs = Date.UTC(2026, 0, 1, 12)

function ticking (): { readonly engine: Engine, readonly ticks: number[] } {
  const engine = new Engine()
  const ticks: number[] = []
  engine.use('incident', { tick: ({ nowMs }) => { ticks.push((nowMs - startMs) / 1000) } })
  return { engine, ticks }
}

test('a tick comes between the rows of two seconds, and once over a gap', () => {
  const { engine, ticks } = ticking()
  for (const s of [0.1, 0.9, 1.1, 1.2, 60.5]) engine.advance(startMs + s * 1000)
  assert.equal(ticks, [1, 2])
})

test('time goes on without rows, and those that come after do not turn it back', () => {
  const { engine, ticks } = ticking()
  engine.advance(startMs + 100)
  engine.flush(false, startMs + 5100)
  for (const s of [0.2, 5.2, 5.9, 6.1]) engine.advance(startMs + s * 1000)
  assert.equal(ticks, [5.1, 6])
})

test('a row far ahead of when it was seen does not move time', () => {
  const { engine, ticks } = ticking()
  engine.advance(startMs, startMs)
  assert.is(engine.advance(startMs + 86_400_000, startMs + 10), startMs + 10)
  assert.equal(ticks, [])
  assert.is(engine.absurdTimes, 1)
})

test('the clock of one machine that is five minutes ahead stops nothing', () => {
  const { engine, ticks } = ticking()
  for (let i = 0; i < 1200; i++) {
    const isAhead = i % 4 === 0 && i > 100
    engine.advance(startMs + i * 50 + (isAhead ? 300_000 : 0))
  }
  assert.is(engine.clockCorrections, 1)
  // A minute of rows: a tick for all but the seconds until the majority was counted.
  assert.ok(ticks.filter(t => t < 60).length > 50, `${ticks.length} ticks`)
  assert.ok(engine.nowMs < startMs + 61_000)
})

test('when all clocks are set forward, time follows them', () => {
  const { engine } = ticking()
  for (let i = 0; i < 100; i++) engine.advance(startMs + i * 50)
  for (let i = 100; i < 200; i++) engine.advance(startMs + i * 50 + 300_000)
  assert.ok(engine.nowMs > startMs + 300_000)
})

test('a backlog of old rows among new ones does not stop time for good', () => {
  const { engine } = ticking()
  for (let i = 0; i < 200; i++) { engine.advance(startMs + i * 50); engine.advance(startMs - 600_000 + i); engine.advance(startMs - 600_000 + i) }
  for (let i = 200; i < 400; i++) engine.advance(startMs + i * 50)
  assert.is(engine.nowMs, startMs + 399 * 50)
})

test.run()

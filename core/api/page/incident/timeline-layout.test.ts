// Scenario: marks are put on a timeline that is zoomed and moved at random.
// Guarantees: marks of a row never cover each other; the view never leaves the whole nor turns around; what is under the pointer
// stays there; ticks are round and few.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { moved, rowsOf, ticksOf, x, zoomed, type View } from './timeline-layout.js'

const whole: View = { from: 1_000_000, to: 1_060_000 }

test('marks of a row do not cover each other', () => {
  const marks = Array.from({ length: 40 }, (_, id) => ({ id, from: 1_000_000 + (id * 7919) % 60_000, to: 1_000_000 + (id * 7919) % 60_000 + (id % 5) * 3000 }))
  const rows = rowsOf(marks, whole, 800, 120)
  assert.is(rows.size, marks.length)
  for (const a of marks) for (const b of marks) {
    if (a.id >= b.id || rows.get(a.id) !== rows.get(b.id)) continue
    const [first, second] = a.from <= b.from ? [a, b] : [b, a]
    assert.ok(Math.max(x(first.to, whole, 800), x(first.from, whole, 800) + 120) <= x(second.from, whole, 800), `${a.id} and ${b.id}`)
  }
})

test('zooming and moving stay inside', () => {
  let view = whole
  for (let i = 0; i < 2000; i++) {
    const r = (i * 7919 % 1000) / 1000
    view = i % 3 === 0 ? moved(view, whole, r - 0.5) : zoomed(view, whole, 0.4 + r * 1.4, r)
    assert.ok(view.from >= whole.from - 1e-6 && view.to <= whole.to + 1e-6 && view.to - view.from >= 99.9, JSON.stringify(view))
  }
})

test('what is under the pointer stays there', () => {
  const view = zoomed({ from: 1_020_000, to: 1_040_000 }, whole, 0.5, 0.25)
  assert.ok(Math.abs(x(1_025_000, view, 1) - 0.25) < 1e-9)
})

test('ticks are round and not more than there is room for', () => {
  for (const size of [150, 5000, 60_000, 3_600_000, 9e8]) {
    const { at, step } = ticksOf({ from: 1_000_123, to: 1_000_123 + size }, 8)
    assert.ok(at.length <= 9 && at.length >= 1, `${size}: ${at.length}`)
    assert.ok(at.every(t => t % step === 0))
  }
})

test.run()

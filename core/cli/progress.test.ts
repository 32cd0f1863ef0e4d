import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Progress } from './progress.js'

const test = suite('progress')

function told (isErrTerminal: boolean, steps: readonly (readonly [ms: number, events: number])[]): string {
  let [text, nowMs] = ['', 0]
  const progress = new Progress({ out: () => undefined, err: t => { text += t }, color: false, isErrTerminal, env: {}, modules: [] }, 'x', () => nowMs)
  for (const [ms, events] of steps) { nowMs = ms; progress.tell(events) }
  progress.end()
  return text
}

test('what is soon over says nothing', () => {
  assert.is(told(true, [[10, 5], [999, 6]]), '')
  assert.is(told(false, [[9999, 6]]), '')
})

test('a terminal sees one line, drawn again now and then, and gone at the end', () => {
  assert.is(told(true, [[1000, 0], [1100, 5], [1200, 1234]]), '\r\u001b[Kx: reading, 1 s\r\u001b[Kx: 1,234 events, 1.2 s\r\u001b[K')
})

test('a log gets a line each ten seconds', () => {
  assert.is(told(false, [[10_000, 7], [15_000, 8], [20_000, 9]]), 'x: 7 events, 10 s\nx: 9 events, 20 s\n')
})

test.run()

import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { encodeBatchMessage, readFromCollector, type Ack } from '../../core/wire/messages.js'
import { prepareBatch } from '../../core/data/codec.js'
import { emptyBatch } from '../../core/data/batch.js'
import { Window, type Answer } from './window.js'

const test = suite('window')

const ack = (sequence: number, count = 0): Ack => ({ kind: 'ack', sequence, count, reason: count === 0 ? '' : 'no' })
const welcome = (taken: number, rejections: readonly Ack[] = []) => ({ kind: 'welcome' as const, version: 1, taken, maxBytes: 1, remembered: 1, rejections })

/** A window with `n` batches; `answers` by sequence. */
function filled (n: number): { window: Window, answers: Map<number, Answer> } {
  const window = new Window()
  const answers = new Map<number, Answer>()
  for (let i = 1; i <= n; i++) window.add(encodeBatchMessage(0, prepareBatch(emptyBatch)), 10, answer => answers.set(i, answer))
  return { window, answers }
}

test('batches are numbered from 1, in the message too', () => {
  const { window } = filled(3)
  assert.equal(window.waiting.map(w => w.sequence), [1, 2, 3])
  assert.equal(window.waiting.map(w => { const read = readFromCollector(w.message); return read.kind === 'batch' ? read.sequence : 0 }), [1, 2, 3])
  assert.is(window.rows, 30)
})

test('an acknowledgement speaks for all before it, and its rejection for its own batch', () => {
  const { window, answers } = filled(4)
  assert.ok(window.acknowledge(ack(3, 2)))
  assert.equal([...answers], [[1, ack(1)], [2, ack(2)], [3, ack(3, 2)]])
  assert.equal([window.acked, window.waiting.length], [3, 1])
  assert.ok(window.acknowledge(ack(2)), 'one that comes late says nothing new')
  assert.is(window.acked, 3)
})

test('an acknowledgement of what was never sent is not believed', () => {
  const { window, answers } = filled(1)
  assert.not.ok(window.acknowledge(ack(2)))
  assert.not.ok(window.resume(welcome(2)))
  assert.is(answers.size, 0)
})

test('after a lost connection the server tells what it has and what it rejected', () => {
  const { window, answers } = filled(5)
  window.acknowledge(ack(1, 1))
  assert.ok(window.resume(welcome(4, [ack(4, 4), ack(3, 3), ack(1, 9)])))
  assert.equal([...answers], [[1, ack(1, 1)], [2, ack(2)], [3, ack(3, 3)], [4, ack(4, 4)]])
  assert.equal(window.waiting.map(w => w.sequence), [5])
})

test('cleared, it answers all and begins a new epoch at 1', () => {
  const { window, answers } = filled(2)
  const { epoch } = window
  window.acknowledge(ack(1))
  window.clear({ kind: 'again' })
  assert.equal(answers.get(2), { kind: 'again' })
  assert.is.not(window.epoch, epoch)
  assert.equal([window.acked, window.rows], [0, 0])
  assert.is(window.add(encodeBatchMessage(0, prepareBatch(emptyBatch)), 1, () => undefined).sequence, 1)
})

test.run()

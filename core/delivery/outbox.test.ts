import * as assert from 'uvu/assert'
import { test } from 'uvu'
import { accepted, refused, retry, type Outcome } from '../component/outcome.js'
import { BatchBuilder } from '../data/builder.js'
import type { EventBatch } from '../data/batch.js'
import { FakeClock } from '../testing/fake-clock.js'
import { deadlineIn } from '../testing/services.js'
import { Outbox } from './outbox.js'

function rows (n: number): EventBatch {
  const builder = new BatchBuilder()
  for (let i = 0; i < n; i++) builder.append({ name: 'x' })
  return builder.finish()
}

function bench (answers: readonly Outcome[], maxRows = 100): { readonly outbox: Outbox, readonly sent: number[], readonly lost: [string, number][], readonly clock: FakeClock } {
  const sent: number[] = []
  const lost: [string, number][] = []
  const clock = new FakeClock()
  let turn = 0
  const next = { consume: (batch: EventBatch): Outcome => { const answer = answers[Math.min(turn++, answers.length - 1)] as Outcome; if (answer.status === 'accepted') sent.push(batch.count); return answer } }
  return { outbox: new Outbox({ next, clock, maxRows, onLoss: (reason, n) => { lost.push([reason, n]) } }), sent, lost, clock }
}

test('batches go in order, and drain waits for them', async () => {
  const { outbox, sent } = bench([accepted])
  outbox.add(rows(1)); outbox.add(rows(2)); outbox.add(rows(3))
  await outbox.drain(deadlineIn(1000))
  assert.equal(sent, [1, 2, 3])
  assert.is(outbox.rows, 0)
})

test('what finds no room is counted', () => {
  const { outbox, lost } = bench([retry('full')], 5)
  outbox.add(rows(4)); outbox.add(rows(2))
  assert.equal(lost, [['outbox_full', 2]])
})

test('what is refused or rejected is counted, and the next goes on', async () => {
  const { outbox, sent, lost } = bench([refused('no'), { status: 'rejected', reason: 'bad', count: 2 }, accepted])
  outbox.add(rows(1)); outbox.add(rows(2)); outbox.add(rows(3))
  await outbox.drain(deadlineIn(1000))
  assert.equal(sent, [3])
  assert.equal(lost, [['refused', 1], ['rejected', 2]])
})

test('at the deadline the rest is given up and counted', async () => {
  const { outbox, lost } = bench([retry('full')])
  outbox.add(rows(1)); outbox.add(rows(2))
  await outbox.drain({ signal: AbortSignal.abort(), atMs: 0 })
  assert.equal(lost, [['shutdown', 1], ['shutdown', 2]])
})

test.run()

/**
 * Scenario: rows of mixed severity while little waits, while much has waited for a moment, and while much has waited for long.
 * Guarantees: in order until it is late, then severe rows first, out of batches that hold both; a lent batch is copied.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { EventBatch } from '../../data/batch.js'
import { BatchBuilder } from '../../data/builder.js'
import { Severity } from '../../data/enums.js'
import { FakeClock } from '../../testing/fake-clock.js'
import { MemoryQueue } from './memory-queue.js'

function batch (from: number, severities: readonly number[]): EventBatch {
  const builder = new BatchBuilder()
  severities.forEach((severity, i) => { builder.append({ signal: 'events', severity, name: String(from + i), message: String(from + i).padEnd(200, 'x') }) })
  return builder.finish()
}

const names = (b: EventBatch | undefined): number[] => [...b ?? []].map(row => Number(row.get('name')))

function drain (queue: MemoryQueue): number[][] {
  const out: number[][] = []
  for (let taken = queue.takeNow(); taken !== undefined; taken = queue.takeNow()) {
    out.push(names(taken.batch))
    taken.done()
  }
  return out
}

function open (): { readonly queue: MemoryQueue, readonly clock: FakeClock } {
  const clock = new FakeClock()
  return { clock, queue: new MemoryQueue({ maxBytes: 100_000, maxAgeMs: 0, whenFull: 'refuse', severeFrom: Severity.error, clock, onDrop: () => undefined }) }
}

const info = (from: number, rows: number): EventBatch => batch(from, Array.from({ length: rows }, () => Severity.info))

test('severe rows go first once much waits and the oldest has waited for five seconds', async () => {
  const { queue, clock } = open()
  const mixed = (from: number): EventBatch => batch(from, [Severity.info, Severity.error, Severity.info])
  await queue.put(info(0, 2))
  await clock.advance(10_000)
  await queue.put(mixed(2))
  assert.equal([queue.waitingSevere, drain(queue)], [0, [[0, 1], [2, 3, 4]]], 'little waits')
  await queue.put(info(5, 85))
  await clock.advance(4999)
  await queue.put(mixed(90))
  assert.ok(queue.bytes > 12_500)
  assert.is(queue.waitingSevere, 0, 'much, but not for long')
  await clock.advance(1)
  await queue.put(mixed(100))
  assert.is(queue.waitingSevere, 2, 'the one that came before, too')
  assert.equal(drain(queue).map(rows => rows.at(-1)), [91, 101, 89, 92, 102])
  assert.equal([queue.bytes, queue.rowsInMemory], [0, 0])
})

test('severe rows that came before it was late go before the others, too, the oldest first', async () => {
  const { queue, clock } = open()
  await queue.put(info(0, 60))
  await queue.put(batch(60, [Severity.error]))
  await queue.put(batch(61, [Severity.info, Severity.critical]))
  const [bytes, rows] = [queue.bytes, queue.rowsInMemory]
  assert.is(queue.waitingSevere, 0)
  await clock.advance(5000)
  await queue.put(batch(63, [Severity.info, Severity.error]))
  assert.ok(queue.bytes > bytes)
  assert.is(queue.rowsInMemory, rows + 2)
  const first = queue.takeNow()
  assert.equal(names(first?.batch), [60])
  first?.putBack()
  assert.equal(drain(queue).map(names => names.at(-1)), [60, 62, 64, 59, 61, 63])
  assert.equal([queue.bytes, queue.rowsInMemory], [0, 0])
})

test('of a long line some are asked each time, in turn, and no row is lost or comes twice', async () => {
  const clock = new FakeClock()
  const queue = new MemoryQueue({ maxBytes: 16 << 20, maxAgeMs: 0, whenFull: 'refuse', severeFrom: Severity.error, clock, onDrop: () => undefined })
  for (let from = 0; from < 9000; from += 100) await queue.put(batch(from, Array.from({ length: 100 }, (_, i) => (from + i) % 300 === 7 ? Severity.error : Severity.info)))
  await clock.advance(60_000)
  const taken: number[][] = []
  const take = (): void => {
    const one = queue.takeNow()
    taken.push(names(one?.batch))
    one?.done()
  }
  take()
  assert.equal([queue.waitingSevere, taken], [6, [[7]]], 'twenty batches of a hundred rows were asked, one in three has one')
  while (queue.waiting > 0) take()
  assert.equal(taken.flat().sort((a, b) => a - b), Array.from({ length: 9000 }, (_, i) => i))
  assert.equal(taken.slice(0, 30).flat(), Array.from({ length: 30 }, (_, i) => i * 300 + 7), 'severe rows before all others')
  assert.equal([queue.bytes, queue.rowsInMemory], [0, 0])
})

test('what is lent is copied', async () => {
  const { queue } = open()
  const lent = info(0, 3).lent('all')
  await queue.put(lent)
  lent.columns.severity.fill(0)
  const taken = queue.takeNow()
  assert.equal([...taken?.batch.columns.severity ?? []], [9, 9, 9])
  assert.is(taken?.batch.raw.lent, undefined)
})

test.run()

/** One collector and its state file, without a network: what is acknowledged when it cannot be written down. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../../core/component/clock.js'
import { encodeBatch } from '../../core/data/codec.js'
import { SharedPressure } from '../../core/pressure/pressure.js'
import { randomBatch } from '../../core/data/testing/random-batch.js'
import { seeded } from '../../core/data/testing/random.js'
import { CollectingConsumer, RecordingLogger, RecordingMeter, RecordingStatus } from '../../core/testing/services.js'
import { Collectors } from './collectors.js'
import { ReceiverMetrics } from './metrics.js'

const test = suite<{ folder: string }>('collectors')
test.before.each(context => { context.folder = mkdtempSync(join(tmpdir(), 'tapio-collectors-')) })
test.after.each(({ folder }) => rmSync(folder, { recursive: true }))

function open (folder: string, maxCollectors = 10, pressure = new SharedPressure()): { collectors: Collectors, next: CollectingConsumer, status: RecordingStatus, logger: RecordingLogger } {
  const [next, status, logger] = [new CollectingConsumer(), new RecordingStatus(), new RecordingLogger()]
  const collectors = new Collectors({ next, status, logger, clock: systemClock, metrics: new ReceiverMetrics(new RecordingMeter()), remembered: 1024, pressure, maxCollectors, stateFile: join(folder, 'state'), fsync: true })
  collectors.open()
  return { collectors, next, status, logger }
}

const batch = (sequence: number) => ({ kind: 'batch' as const, sequence, document: encodeBatch(randomBatch(seeded(sequence), 5), true) })

test('what cannot be written down is delivered once and not acknowledged, and health says why', async ({ folder }) => {
  const { collectors, next, status } = open(folder)
  const collector = collectors.find('a')
  assert.is((await collector?.take(batch(1), new AbortController().signal))?.kind, 'ack')
  collectors.close()
  const ending = new AbortController()
  const answer = collector?.take(batch(2), ending.signal)
  while (status.events.length === 0) await new Promise(resolve => setImmediate(resolve))
  ending.abort()
  assert.match(JSON.stringify(await answer), /undeliverable.*cannot be written: it is closed/)
  assert.match(status.events[0] ?? '', /^recoverable: state_file .* cannot be written/)
  assert.is(next.batches.length, 2)
})

test('a batch for a stream that has ended is not begun', async ({ folder }) => {
  const { collectors, next } = open(folder)
  assert.is((await collectors.find('a')?.take(batch(1), AbortSignal.abort()))?.kind, 'undeliverable')
  assert.is(next.batches.length, 0)
  collectors.close()
})

test('the collectors last heard of are the ones a new server remembers', async ({ folder }) => {
  const first = open(folder)
  for (const name of ['a', 'b', 'c', 'a']) await first.collectors.find(name)?.take(batch((first.collectors.find(name)?.taken ?? 0) + 1), new AbortController().signal)
  first.collectors.close()
  const { collectors, logger } = open(folder, 2)
  assert.equal(['a', 'c'].map(name => collectors.find(name)?.taken), [2, 1])
  assert.match(JSON.stringify(logger.lines), /forgotten.*"collector":"b"/)
  assert.is(collectors.find('b')?.taken, 0)
  collectors.close()
})

test('at the limit of memory a batch waits undecoded, and what comes after it with it', async ({ folder }) => {
  const pressure = new SharedPressure()
  const { collectors, next } = open(folder, 10, pressure)
  const collector = collectors.find('a')
  pressure.set('refuse', 0, 0)
  let answered = false
  // Its timers alone do not keep the process alive.
  const alive = setInterval(() => undefined, 1000)
  const live = new AbortController()
  const garbage = { kind: 'batch' as const, sequence: 2, document: Buffer.alloc(100, 0xff) }
  const both = [collector?.take(batch(1), live.signal), collector?.take(garbage, live.signal)]
  const ended = new AbortController()
  const third = collector?.take(batch(3), ended.signal)
  void Promise.race(both).then(() => { answered = true })
  await new Promise(resolve => setImmediate(resolve))
  assert.equal([answered, next.rows], [false, 0])
  ended.abort()
  pressure.set('none', 0, 0)
  assert.equal((await Promise.all(both)).map(a => a?.kind === 'ack' && a.count > 0), [false, true], 'now it is found that the second cannot be read')
  assert.is((await third)?.kind, 'undeliverable')
  assert.is(next.rows, 5)
  clearInterval(alive)
  collectors.close()
})

test.run()

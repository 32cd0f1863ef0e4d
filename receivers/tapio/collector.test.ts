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

function open (folder: string, maxCollectors = 10): { collectors: Collectors, next: CollectingConsumer, status: RecordingStatus, logger: RecordingLogger } {
  const [next, status, logger] = [new CollectingConsumer(), new RecordingStatus(), new RecordingLogger()]
  const collectors = new Collectors({ next, status, logger, clock: systemClock, metrics: new ReceiverMetrics(new RecordingMeter()), remembered: 1024, pressure: new SharedPressure(), maxCollectors, stateFile: join(folder, 'state'), fsync: true })
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

test.run()

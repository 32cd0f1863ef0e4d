import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { accepted, refused, rejected, retry, type Outcome } from '../component/outcome.js'
import { emptyBatch } from '../data/batch.js'
import { localRetryPolicy } from '../delivery/backoff.js'
import { FakeClock } from '../testing/fake-clock.js'
import { CollectingConsumer, RecordingLogger } from '../testing/services.js'
import { templateBatch } from '../testing/template-batch.js'
import { Edge, type EdgeRecorder } from './edge.js'
import { fanOut } from './fanout.js'
import { SignalCheck, SignalGate } from './signal-gate.js'
import { BatchBuilder } from '../data/builder.js'

class Recorder implements EdgeRecorder {
  readonly seen: string[] = []
  begin (rows: number): void { this.seen.push(`begin ${rows}`) }
  end (outcome: Outcome, rows: number): void { this.seen.push(`${outcome.status} ${rows}`) }
  failed (rows: number): void { this.seen.push(`failed ${rows}`) }
  dropped (reason: string, rows: number): void { this.seen.push(`dropped ${reason} ${rows}`) }
}

const batch = templateBatch(5)

test('an edge counts a batch once and hands the outcome back', async () => {
  for (const answer of [accepted, Promise.resolve(retry('later', 5))]) {
    const recorder = new Recorder()
    const outcome = await new Edge('a -> b', { consume: () => answer }, recorder, new RecordingLogger()).consume(batch)
    assert.is(outcome, await answer)
    assert.equal(recorder.seen, ['begin 5', `${outcome.status} 5`])
  }
})

test('an exception of a component stays behind the edge, is logged and rejects the batch', async () => {
  const throws = [() => { throw new Error('bug') }, () => Promise.reject(new Error('bug'))]
  for (const consume of throws) {
    const recorder = new Recorder()
    const logger = new RecordingLogger()
    const outcome = await new Edge('a -> b', { consume }, recorder, logger).consume(batch)
    assert.is(outcome.status, 'rejected')
    assert.equal(recorder.seen, ['begin 5', 'failed 5'])
    assert.is(logger.lines[0]?.level, 'error')
  }
})

test('an empty batch does not travel', () => {
  const edge = new Edge('a -> b', { consume: () => { throw new Error('never') } }, new Recorder(), new RecordingLogger())
  assert.is(edge.consume(emptyBatch), accepted)
})

function options (clock = new FakeClock()): Parameters<typeof fanOut>[1] & { clock: FakeClock, losses: string[], abort: AbortController } {
  const losses: string[] = []
  const abort = new AbortController()
  return { clock, policy: { ...localRetryPolicy, jitter: 0 }, signal: abort.signal, abort, losses, onLoss: (at, reason, rows) => { losses.push(`${at} ${reason} ${rows}`) } }
}

test('a fan-out gives every consumer the same batch', async () => {
  const [a, b] = [new CollectingConsumer(), new CollectingConsumer()]
  assert.is((await fanOut([a, b], options()).consume(batch)).status, 'accepted')
  assert.is(a.batches[0], batch)
  assert.is(b.batches[0], batch)
})

test('when nobody took the batch, retry goes back to the sender', async () => {
  const [a, b] = [new CollectingConsumer(), new CollectingConsumer()]
  a.answer = () => retry('full', 7)
  b.answer = () => retry('full too')
  assert.is((await fanOut([a, b], options()).consume(batch)).status, 'retry')
})

test('when one took it, the fan-out insists with the other and nobody gets it twice', async () => {
  const [a, b] = [new CollectingConsumer(), new CollectingConsumer()]
  let tries = 0
  b.answer = () => ++tries < 4 ? retry('full') : accepted
  const o = options()
  const done = Promise.resolve(fanOut([a, b], o).consume(batch))
  await o.clock.advance(10_000)
  assert.is((await done).status, 'accepted')
  assert.is(tries, 4)
  assert.is(a.rows, 5)
  assert.is(b.rows, 5)
  assert.equal(o.losses, [])
})

test('what one branch never takes is reported as a loss of that branch', async () => {
  const [a, b] = [new CollectingConsumer(), new CollectingConsumer()]
  b.answer = () => retry('full')
  const o = options()
  const done = Promise.resolve(fanOut([a, b], o).consume(batch))
  await o.clock.advance(400_000)
  const outcome = await done
  assert.is(outcome.status === 'rejected' ? outcome.count : 0, 5)
  assert.equal(o.losses, ['1 retries exhausted: full 5'])
})

test('an abort ends the insisting, and the sender has its batch back', async () => {
  const [a, b] = [new CollectingConsumer(), new CollectingConsumer()]
  b.answer = () => retry('full')
  const o = options()
  const done = Promise.resolve(fanOut([a, b], o).consume(batch))
  await o.clock.advance(10)
  o.abort.abort()
  assert.equal(await done, refused('shutdown'))
  assert.equal(o.losses, [])
})

test('a branch that is closed hands the batch back to the sender, whatever another said of it', async () => {
  const [a, b] = [new CollectingConsumer(), new CollectingConsumer()]
  a.answer = () => rejected('bad', 2)
  b.answer = () => refused('closed')
  const o = options()
  assert.equal(await fanOut([a, b], o).consume(batch), refused('closed'))
  assert.equal(o.losses, [])
})

function mixed (): ReturnType<BatchBuilder['finish']> {
  const builder = new BatchBuilder()
  for (const signal of ['traces', 'logs', 'traces', 'metrics'] as const) builder.append({ signal, type: 'span', name: signal })
  return builder.finish()
}

test('a gate passes the rows of its signal, and a whole batch of it unchanged', async () => {
  const next = new CollectingConsumer()
  const gate = new SignalGate('traces', next)
  await gate.consume(mixed())
  assert.is(next.rows, 2)
  const traces = (next.batches[0] as typeof batch)
  await gate.consume(traces)
  assert.is(next.batches[1], traces)
})

test('rows that no pipeline takes are rejected and counted', async () => {
  const next = new CollectingConsumer()
  let counted = 0
  const check = new SignalCheck(['traces', 'logs'], next, rows => { counted += rows })
  const outcome = await check.consume(mixed())
  assert.is(outcome.status === 'rejected' ? outcome.count : 0, 1)
  assert.is(next.rows, 3)
  assert.is(counted, 1)
})

test.run()

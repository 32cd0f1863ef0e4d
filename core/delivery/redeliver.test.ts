import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { accepted, refused, rejected, retry } from '../component/outcome.js'
import { FakeClock } from '../testing/fake-clock.js'
import { CollectingConsumer } from '../testing/services.js'
import { templateBatch } from '../testing/template-batch.js'
import { Backoff, collectorRetryPolicy, type RetryPolicy } from './backoff.js'
import { redeliver } from './redeliver.js'

const policy: RetryPolicy = { initialMs: 100, maxMs: 1000, multiplier: 2, jitter: 0, maxElapsedMs: 10_000 }
const batch = templateBatch(3)

test('waits grow by the multiplier up to the maximum, and never undercut what the other side asked for', () => {
  const backoff = new Backoff(policy)
  assert.equal([backoff.next(), backoff.next(), backoff.next(5000), backoff.next(), backoff.next(), backoff.next()], [100, 200, 5000, 800, 1000, 1000])
})

test('jitter spreads a wait between half and one and a half', () => {
  assert.is(new Backoff(collectorRetryPolicy, () => 0).next(), 2500)
  assert.is(new Backoff(collectorRetryPolicy, () => 1).next(), 7500)
})

test('a batch is sent again until it is taken', async () => {
  const clock = new FakeClock()
  const next = new CollectingConsumer()
  let tries = 0
  const reasons: string[] = []
  next.answer = () => ++tries < 4 ? retry('full') : accepted
  const done = redeliver(next, batch, { policy, clock, signal: new AbortController().signal, onRetry: r => { reasons.push(r) } })
  await clock.advance(100 + 200 + 400)
  assert.is(await done, accepted)
  assert.equal(reasons, ['full', 'full', 'full'])
  assert.is(clock.pending, 0)
})

for (const outcome of [rejected('bad', 1), refused('closed')]) {
  test(`${outcome.status} is final`, async () => {
    const next = new CollectingConsumer()
    let tries = 0
    next.answer = () => { tries++; return outcome }
    assert.is(await redeliver(next, batch, { policy, clock: new FakeClock(), signal: new AbortController().signal }), outcome)
    assert.is(tries, 1)
  })
}

test('it gives up when the time of the policy is over, and says why', async () => {
  const clock = new FakeClock()
  const next = new CollectingConsumer()
  next.answer = () => retry('still full')
  const done = redeliver(next, batch, { policy, clock, signal: new AbortController().signal })
  await clock.advance(11_000)
  assert.equal(await done, refused('retries exhausted: still full'))
})

test('an abort ends the waiting at once and leaves no timer', async () => {
  const clock = new FakeClock()
  const next = new CollectingConsumer()
  next.answer = () => retry('full')
  const abort = new AbortController()
  const done = redeliver(next, batch, { policy, clock, signal: abort.signal })
  await clock.advance(1)
  abort.abort()
  assert.equal(await done, refused('shutdown'))
  assert.is(clock.pending, 0)
})

test.run()

/**
 * Scenario: batches submitted to an api receiver whose pipeline takes, rejects, asks to wait, refuses, is slow, or is being stopped.
 * Guarantees: the answer says what became of the batch; what is under way is bounded; whatever the bytes, there is an answer; a stop
 * waits for the pipeline until its deadline and no longer.
 */
import { Value } from '@sinclair/typebox/value'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { accepted, refused, rejected, retry, type Outcome } from '../../core/component/outcome.js'
import type { SubmitAnswer } from '../../core/component/questions.js'
import type { EventRow } from '../../core/data/row.js'
import { encodeBatch } from '../../core/data/codec.js'
import { seeded, type Random } from '../../core/data/testing/random.js'
import { deadlineIn, testBench, type TestBench } from '../../core/testing/services.js'
import { SharedPressure } from '../../core/pressure/pressure.js'
import { templateBatch } from '../../core/testing/template-batch.js'
import { schema } from './config.js'
import { factory } from './factory.js'
import type { ApiReceiver } from './receiver.js'

async function setup (config: object = {}, pressure = new SharedPressure()): Promise<TestBench & { readonly receiver: ApiReceiver, submit (rows?: number): Promise<SubmitAnswer> }> {
  const bench = testBench('receiver', 'api', Value.Default(schema, config), { pressure })
  const receiver = await factory.create(bench.services) as ApiReceiver
  receiver.start()
  return { ...bench, receiver, submit: async (rows = 5) => await receiver.answer('events.submit', encodeBatch(templateBatch(rows))) }
}

const idOf = (row: EventRow): unknown => [row.get('id'), row.get('message')]

/** With one byte changed, or cut short. */
function damaged (whole: Buffer, random: Random): Buffer {
  const at = random.below(whole.length)
  if (random.below(4) === 0) return Buffer.from(whole.subarray(0, at))
  const copy = Buffer.from(whole)
  copy[at] = (copy[at] as number) ^ (1 + random.below(255))
  return copy
}

const answers: readonly (readonly [Outcome, SubmitAnswer])[] = [
  [accepted, { status: 'accepted', rejected: 0, reason: '', retryAfterMs: 0 }],
  [rejected('no such tenant', 2), { status: 'rejected', rejected: 2, reason: 'no such tenant', retryAfterMs: 0 }],
  [retry('the store is full', 300), { status: 'retry', rejected: 0, reason: 'the store is full', retryAfterMs: 300 }],
  [retry('the store is full'), { status: 'retry', rejected: 0, reason: 'the store is full', retryAfterMs: 1000 }],
  [refused('shutting down'), { status: 'retry', rejected: 0, reason: 'shutting down', retryAfterMs: 1000 }]
]

for (const [outcome, answer] of answers) {
  test(`what the pipeline answers is what the client hears: ${outcome.status} ${'reason' in outcome ? outcome.reason : ''}`, async () => {
    const { next, submit, meter } = await setup()
    next.answer = () => outcome
    assert.equal(await submit(), answer)
    assert.is(meter.values.get(`api_submissions{outcome="${answer.status}"}`), 1)
    assert.is(meter.values.get('rejected') ?? 0, answer.rejected)
    assert.is(meter.values.get('api_pending'), 0)
  })
}

test('the batch that arrives is the one that was sent', async () => {
  const { next, receiver } = await setup()
  const batch = templateBatch(7)
  await receiver.answer('events.submit', encodeBatch(batch))
  assert.equal([...next.batches[0] ?? []].map(idOf), [...batch].map(idOf))
})

test('whatever the bytes, there is an answer, and nothing of a batch that cannot be read goes on', async () => {
  const { next, receiver, meter } = await setup()
  const random = seeded(11)
  const whole = encodeBatch(templateBatch(20), true)
  for (let i = 0; i < 200; i++) {
    const { status, rejected: rows, reason } = await receiver.answer('events.submit', damaged(whole, random))
    assert.ok(status === 'rejected' && rows > 20 && reason.startsWith('the batch cannot be read: '), `${i}: ${status} ${reason}`)
  }
  assert.is(next.rows, 0)
  assert.is(meter.values.get('api_submissions{outcome="malformed"}'), 200)
})

test('what is under way is bounded in batches and in bytes; one batch larger than the bound still passes', async () => {
  for (const [config, fit] of [[{ max_pending_batches: 2 }, 2], [{ max_pending_bytes: encodeBatch(templateBatch(5)).length * 3 }, 3], [{ max_pending_bytes: 10 }, 1]] as const) {
    const { next, submit, meter } = await setup(config)
    let finish: (outcome: Outcome) => void = () => undefined
    const outcome = new Promise<Outcome>(resolve => { finish = resolve })
    next.answer = () => outcome
    const under = Array.from({ length: fit }, () => submit())
    const { status, retryAfterMs, reason } = await submit()
    assert.equal([status, retryAfterMs], ['retry', 1000], reason)
    finish(accepted)
    assert.equal((await Promise.all(under)).map(a => a.status), Array.from({ length: fit }, () => 'accepted'))
    assert.is((await submit()).status, 'accepted')
    assert.is(meter.values.get('api_pending'), 0)
  }
})

test('a stop waits for what is under way, until its deadline; later batches are not taken', async () => {
  const { next, receiver, submit } = await setup()
  let finish: (outcome: Outcome) => void = () => undefined
  next.answer = () => new Promise<Outcome>(resolve => { finish = resolve })
  const first = submit()
  const stopped = receiver.stop(deadlineIn(10_000))
  assert.is((await submit()).status, 'retry')
  finish(accepted)
  await stopped
  assert.is((await first).status, 'accepted')

  const slow = await setup()
  slow.next.answer = () => new Promise<Outcome>(() => undefined)
  const lost = slow.submit()
  const over = new AbortController()
  const ended = slow.receiver.stop({ signal: over.signal, atMs: performance.now() })
  over.abort()
  await ended
  assert.equal(await lost, { status: 'retry', rejected: 0, reason: 'Tapio is shutting down', retryAfterMs: 1000 })
})

test('short of memory there is room for less, and at the limit nothing is decoded', async () => {
  const pressure = new SharedPressure()
  const { next, submit, receiver, meter } = await setup({ max_pending_bytes: encodeBatch(templateBatch(5)).length * 8 }, pressure)
  pressure.set('refuse', 700, 0)
  const refusal = { status: 'retry', rejected: 0, reason: 'Tapio is short of memory', retryAfterMs: 700 }
  assert.equal([await submit(), await receiver.answer('events.submit', Buffer.alloc(100, 0xff))], [refusal, refusal])
  assert.equal([next.rows, meter.values.get('api_submissions{outcome="malformed"}')], [0, undefined])
  pressure.set('shed', 700, 0)
  let finish: (outcome: Outcome) => void = () => undefined
  next.answer = () => new Promise<Outcome>(resolve => { finish = resolve })
  const first = submit()
  assert.is((await submit()).status, 'retry')
  finish(accepted)
  assert.is((await first).status, 'accepted')
})

test.run()

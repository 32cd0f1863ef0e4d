/**
 * Scenario: a processor that throws always, now and then, or before and after it has passed a batch on; that answers late or never; whose
 * analyzer fails between batches; that does not start again.
 * Guarantees: each batch goes on exactly once, marked when it was without the processor; the processor is taken out, made anew after a wait
 * and shown what it missed; health, metrics and log say so; a slow consumer behind it is no fault of its.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Consumer, Processor } from '../../component/component.js'
import { defineComponent } from '../../component/factory.js'
import { accepted, retry, type Outcome } from '../../component/outcome.js'
import { createShared, type Services } from '../../component/services.js'
import { Options } from '../../config/schema.js'
import type { EventBatch } from '../../data/batch.js'
import { BatchBuilder } from '../../data/builder.js'
import { FakeClock } from '../../testing/fake-clock.js'
import { deadlineIn, RecordingHost, testBench } from '../../testing/services.js'
import { withIsolation } from '../with-isolation.js'
import { skippedKey } from './mark.js'
import type { IsolationConfig } from './options.js'
import { partsOf } from './parts.js'

type Consume = (batch: EventBatch, next: Consumer, life: number) => Outcome | Promise<Outcome>

let names = 0
function batch (rows = 2): EventBatch {
  const builder = new BatchBuilder()
  for (let i = 0; i < rows; i++) builder.append({ name: `batch-${names}` })
  names++
  return builder.finish()
}

const isolation: IsolationConfig = { enabled: true, timeout: 1000, max_failures: 3, window: 60_000, initial_interval: 1000, max_interval: 60_000, max_deferred: 1 << 20 }

async function isolated (consume: Consume, { config = {}, learns = true, start = () => undefined }: { config?: Partial<IsolationConfig>, learns?: boolean, start?: (life: number) => void } = {}) {
  const [clock, shared] = [new FakeClock(), createShared()]
  const bench = testBench('processor', 'thinker', { isolation: { ...isolation, ...config } }, { clock, shared })
  const lives: Services[] = []
  const factory = withIsolation(defineComponent({
    kind: 'processor', type: 'thinker', description: 'Thinks.', stability: 'stable', signals: ['logs'], schema: Options({}), concurrency: 'single', isolates: learns ? 'learns' : 'forgets', shares: true, metrics: [], drops: {},
    create: services => {
      const life = lives.push(services)
      return { consume: (b: EventBatch) => consume(b, services.get('next'), life), start: () => { start(life) } }
    }
  }))
  const processor = await factory.create(bench.services) as Processor
  await processor.start?.(new RecordingHost())
  const sent: string[] = []
  const send = (b = batch()): Outcome | Promise<Outcome> => { sent.push(nameOf(b)); return processor.consume(b) }
  const count = (name: string): number => bench.meter.values.get(name) ?? 0
  return { ...bench, clock, processor, lives, send, sent, count, parts: partsOf(shared), passed: () => bench.next.batches.map(nameOf), marked: () => bench.next.batches.filter(isMarked).map(nameOf) }
}

/** What is missed is shown one batch a turn of the loop. */
async function turns (): Promise<void> { for (let i = 0; i < 10; i++) await new Promise(resolve => setImmediate(resolve)) }

const nameOf = (b: EventBatch): string => String(b.at(0).get('name'))
const isMarked = (b: EventBatch): boolean => JSON.stringify(b.attributeAt(skippedKey, 0)) === '["thinker"]' && b.attribute(skippedKey)?.edited === true

test('nothing fails: batches and outcomes pass as they are', async () => {
  const t = await isolated((b, next) => next.consume(b))
  const given = batch()
  assert.equal(await t.send(given), accepted)
  assert.is(t.next.batches[0], given)
  t.next.answer = () => retry('full', 7)
  assert.equal(await t.send(), retry('full', 7))
  assert.equal([t.clock.pending, t.logger.lines.length, t.count('recovery_skipped')], [0, 0, 0])
})

for (const how of ['before', 'after', 'rejects before', 'rejects after'] as const) {
  test(`it throws with each batch (${how} it has passed it on): each goes on once, and the processor is taken out and made anew`, async () => {
    let isWell = false
    const t = await isolated((b, next) => {
      if (isWell) return next.consume(b)
      if (how === 'before') throw new Error('told to throw')
      if (how === 'rejects before') return Promise.reject(new Error('told to throw'))
      const outcome = next.consume(b)
      if (how === 'after') throw new Error('told to throw')
      return Promise.resolve(outcome).then(() => { throw new Error('told to throw') })
    })
    for (let i = 0; i < 6; i++) assert.equal(await t.send(), accepted)
    assert.equal(t.passed(), t.sent)
    assert.equal(t.marked(), how.endsWith('before') ? t.sent : t.sent.slice(3))
    assert.is(t.count('recovery_failures{kind="throw"}'), 3)
    assert.is(t.count('recovery_isolated'), 1)
    assert.match(t.status.events.at(-1) ?? '', /degraded: left out after 3 failures, the last: throw: told to throw/)
    isWell = true
    await t.clock.advance(1300)
    await turns()
    assert.equal([t.lives.length, t.count('recovery_isolated'), t.count('recovery_restarts'), t.status.events.at(-1)], [2, 0, 1, 'ok'])
    assert.equal(await t.send(), accepted)
    assert.not(isMarked(t.next.batches.at(-1) as EventBatch))
    assert.equal(t.passed(), t.sent, 'nothing twice')
    assert.is(t.count('recovery_deferred{fate="done"}'), 6, 'the three batches that passed while it was out')
  })
}

test('it throws at every third batch: those go on marked, all others through it', async () => {
  let n = 0
  const t = await isolated((b, next) => { if (++n % 3 === 0) throw new Error('third'); return next.consume(b) }, { config: { max_failures: 1000 } })
  for (let i = 0; i < 30; i++) await t.send()
  assert.equal(t.passed(), t.sent)
  assert.equal(t.marked(), t.sent.filter((_, i) => i % 3 === 2))
  assert.match(t.status.events.at(-1) ?? '', /degraded: failed/)
  await t.clock.advance(60_001)
  assert.is(t.status.events.at(-1), 'ok')
})

test('a late answer: the batch goes on without it at the deadline, what it finds later is sent, the batch itself is not sent twice', async () => {
  const held: (() => void)[] = []
  const found = batch()
  const t = await isolated(async (b, next) => {
    await new Promise<void>(resolve => { held.push(resolve) })
    await next.consume(found)
    return await next.consume(b.withConstant('late', true))
  })
  const answer = t.send()
  await t.clock.advance(999)
  assert.is(t.next.batches.length, 0)
  await t.clock.advance(1)
  assert.equal(await answer, accepted)
  assert.equal(t.marked(), t.sent)
  held[0]?.()
  await t.clock.advance(0)
  assert.equal(t.passed(), [...t.sent, nameOf(found)])
  assert.is(t.count('recovery_failures{kind="late"}'), 1)
})

test('one that never answers is taken out after so many, and no sender waits for it', async () => {
  const t = await isolated(() => new Promise(() => undefined))
  const answers = [t.send(), t.send(), t.send(), t.send()]
  await t.clock.advance(1000)
  assert.equal(await Promise.all(answers), [accepted, accepted, accepted, accepted])
  assert.equal(t.marked(), t.sent)
  assert.is(t.count('recovery_isolated'), 1)
})

test('a slow consumer behind it is no failure', async () => {
  const t = await isolated((b, next) => next.consume(b))
  let release: (outcome: Outcome) => void = () => undefined
  t.next.answer = () => new Promise(resolve => { release = resolve })
  const answer = t.send()
  await t.clock.advance(100_000)
  release(accepted)
  assert.equal(await answer, accepted)
  assert.equal(t.status.events, [])
})

test('a thread held up for longer than the timeout counts; time behind it does not', async () => {
  const t = await isolated((b, next, life) => { if (life === 1) void t.clock.advance(0); const now = t.clock.monotonicMs.bind(t.clock); const outcome = next.consume(b); t.clock.monotonicMs = () => now() + 1001; return outcome })
  await t.send()
  assert.is(t.count('recovery_failures{kind="slow"}'), 1)
  assert.is(t.marked().length, 0)
})

test('a part of it that fails between batches counts, and is let go of when it is made anew', async () => {
  const t = await isolated((b, next) => next.consume(b))
  let ended = 0
  t.parts.began('thinker', () => { ended++ })
  for (let i = 0; i < 3; i++) t.parts.failed('thinker', new Error('tick'))
  t.parts.failed('another', new Error('tick'))
  assert.equal([t.count('recovery_failures{kind="part"}'), ended, t.count('recovery_isolated')], [3, 1, 1])
})

test('what cannot start again is tried again, with growing waits, and rows pass', async () => {
  const t = await isolated(() => { throw new Error('broken') }, { config: { max_failures: 1 }, start: life => { if (life > 1 && life < 5) throw new Error('not yet') } })
  await t.send()
  await t.clock.advance(10_000)
  assert.ok(t.lives.length >= 3 && t.lives.length <= 4, `${t.lives.length}`)
  await t.send()
  await t.clock.advance(60_000)
  assert.equal([t.lives.length >= 5, t.count('recovery_failures{kind="start"}')], [true, 3])
  assert.equal(t.passed(), t.sent)
})

test('what was missed is bounded, and what is forgotten is counted; a batch that comes again is kept once', async () => {
  let isWell = false
  const seen: string[] = []
  const t = await isolated((b, next) => { if (!isWell) throw new Error('x'); seen.push(nameOf(b)); return next.consume(b) }, { config: { max_failures: 1, max_deferred: batch().byteLength * 3 } })
  await t.send()
  const again = batch()
  t.next.answer = () => retry('full')
  for (let i = 0; i < 3; i++) await t.processor.consume(again)
  t.next.answer = () => accepted
  await t.processor.consume(again)
  for (let i = 0; i < 4; i++) await t.send()
  assert.is(t.count('recovery_deferred{fate="forgotten"}'), 4)
  isWell = true
  await t.clock.advance(2000)
  await turns()
  assert.equal(seen, t.sent.slice(-3))
  assert.is(t.next.batches.length, 6)
})

test('one that forgets is shown nothing later; stop while it is out ends all timers', async () => {
  const t = await isolated(() => { throw new Error('x') }, { learns: false, config: { max_failures: 1 } })
  for (let i = 0; i < 5; i++) await t.send()
  assert.is(t.count('recovery_deferred{fate="forgotten"}'), 0)
  await t.processor.stop?.(deadlineIn(1000))
  await t.processor.stop?.(deadlineIn(1000))
  assert.is(t.clock.pending, 0)
  await t.clock.advance(100_000)
  assert.is(t.lives.length, 1)
})

test('with isolation off, and of a factory that does not ask for it, nothing is changed', async () => {
  const t = await isolated(() => { throw new Error('told to throw') }, { config: { enabled: false } })
  assert.throws(() => t.processor.consume(batch()), /told to throw/)
})

test.run()

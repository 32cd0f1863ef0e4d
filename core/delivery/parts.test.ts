import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { accepted, refused, rejected, retry, type Outcome } from '../component/outcome.js'
import { BatchBuilder } from '../data/builder.js'
import { FakeClock } from '../testing/fake-clock.js'
import { CollectingConsumer } from '../testing/services.js'
import { deliverParts, lossesAs, type Part } from './parts.js'

const builder = new BatchBuilder()
for (let i = 0; i < 6; i++) builder.append({ name: `row ${i}` })
const whole = builder.finish()

function bench (...answers: Outcome[][]) {
  const clock = new FakeClock()
  const abort = new AbortController()
  const drops = new Map<string, number>()
  const consumers = answers.map(list => {
    const consumer = new CollectingConsumer()
    consumer.answer = () => list.length > 1 ? list.shift() as Outcome : list[0] as Outcome
    return consumer
  })
  const options = { clock, signal: abort.signal, onLoss: lossesAs({ add: (reason: string, rows: number) => { drops.set(reason, (drops.get(reason) ?? 0) + rows) } }) }
  const deliver = (parts: Omit<Part, 'consumer'>[]): Promise<Outcome> => Promise.resolve(deliverParts(parts.map((p, i) => ({ ...p, consumer: consumers[i] as CollectingConsumer })), options))
  return { clock, abort, drops, consumers, deliver }
}

const part = (...rows: number[]) => ({ batch: whole.select(Uint32Array.from(rows)), rows: Uint32Array.from(rows) })

test('while nobody has taken anything, the sender gets the batch back', async () => {
  const { deliver } = bench([retry('a', 10)], [retry('b', 20)], [refused('c')])
  assert.equal(await deliver([part(0), part(1), part(2)]), retry('a; b', 20))
  assert.equal(await bench([refused('x')], [refused('y')]).deliver([part(0), part(1)]), refused('x'))
})

test('once somebody took its part, the others are sent theirs again from here', async () => {
  const { deliver, clock, consumers } = bench([accepted], [retry('full'), retry('full'), accepted])
  const answer = deliver([part(0, 1), part(2, 3)])
  await clock.advance(1000)
  assert.equal(await answer, accepted)
  assert.equal(consumers.map(c => c.rows), [2, 2], 'each exactly once')
})

test('rejections and what was given up come back in rows of the whole, once each', async () => {
  const { deliver, drops } = bench([rejected('bad', 1, Uint32Array.of(1))], [refused('retries exhausted: gone')], [accepted])
  assert.equal(await deliver([part(0, 4), part(2, 4), part(5)]), rejected('bad; retries exhausted: gone', 2, Uint32Array.of(2, 4)))
  assert.is(drops.get('refused'), 2)
})

test('a consumer that is ending and takes nothing: the sender gets the whole back, whatever the others took', async () => {
  const { deliver, drops } = bench([accepted], [refused('shutting down')], [rejected('bad', 1)])
  assert.equal(await deliver([part(0), part(1), part(2)]), refused('shutting down'))
  assert.is(drops.size, 0)
})

test('at the end of time with a part that still waits the sender gets the whole back', async () => {
  const { deliver, abort, clock, drops } = bench([accepted], [retry('full')])
  const answer = deliver([part(0), part(1, 2)])
  await clock.advance(1)
  abort.abort()
  assert.equal(await answer, refused('shutdown'))
  assert.is(drops.size, 0)
  assert.is(clock.pending, 0)
})

test.run()

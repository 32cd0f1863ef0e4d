import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Connector } from '../../core/component/component.js'
import { retry } from '../../core/component/outcome.js'
import { randomBatch } from '../../core/data/testing/random-batch.js'
import { seeded } from '../../core/data/testing/random.js'
import { FakeClock } from '../../core/testing/fake-clock.js'
import { deadlineIn, testBench } from '../../core/testing/services.js'
import { factory } from './factory.js'

const batch = randomBatch(seeded(1), 5)

test('every output gets the same batch', async () => {
  const bench = testBench('connector', 'forward', {}, { outputs: ['traces/a', 'traces/b'] })
  const forward = await factory.create(bench.services) as Connector
  assert.is((await forward.consume(batch)).status, 'accepted')
  for (const output of bench.outputs.values()) assert.is(output.batches[0], batch)
})

test('an output that is full for a while gets the batch later, the other not twice', async () => {
  const clock = new FakeClock()
  const bench = testBench('connector', 'forward', {}, { outputs: ['a', 'b'], clock })
  const forward = await factory.create(bench.services) as Connector
  let full = true
  const slow = bench.outputs.get('b')
  assert.ok(slow)
  slow.answer = () => full ? retry('full') : { status: 'accepted' }
  const answer = forward.consume(batch)
  await clock.advance(200)
  assert.is(slow.rows, 0)
  full = false
  await clock.advance(10_000)
  assert.is((await answer).status, 'accepted')
  assert.equal([...bench.outputs.values()].map(o => o.rows), [5, 5])
  await forward.stop?.(deadlineIn(1000))
  assert.is((await forward.consume(batch)).status, 'refused')
})

test.run()

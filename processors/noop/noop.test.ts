import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Processor } from '../../core/component/component.js'
import { retry } from '../../core/component/outcome.js'
import { BatchBuilder } from '../../core/data/builder.js'
import { testBench } from '../../core/testing/services.js'
import { factory } from './factory.js'

test('the batch goes on as it is and the answer comes back as it is', async () => {
  const bench = testBench('processor', 'noop', {})
  const noop = await factory.create(bench.services) as Processor
  const builder = new BatchBuilder()
  builder.append({ name: 'one' })
  const batch = builder.finish()
  assert.is((await noop.consume(batch)).status, 'accepted')
  assert.is(bench.next.batches[0], batch)
  bench.next.answer = () => retry('full', 7)
  assert.equal(await noop.consume(batch), retry('full', 7))
})

test.run()

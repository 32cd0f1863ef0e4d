/** Scenario: the processor in its pipeline. Guarantees: rows pass untouched, links found at a tick follow as rows, and figures are counted. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Processor } from '../../core/component/component.js'
import { createShared } from '../../core/component/services.js'
import { engineOf } from '../../core/correlation/engine.js'
import type { Link } from '../../core/correlation/link.js'
import { t0 } from '../../core/correlation/testing/objects.js'
import { see, tell } from '../../core/correlation/testing/story.js'
import { BatchBuilder } from '../../core/data/builder.js'
import { deadlineIn, testBench } from '../../core/testing/services.js'
import type { TemporalCorrelationConfig } from './config.js'
import { factory } from './factory.js'

const defaults: TemporalCorrelationConfig = { time_window: 300_000, min_correlation_score: 0.7, min_occurrences: 3, clock_skew: 5000, max_pairs: 1000, emit_links: true }

async function withProcessor (config: Partial<TemporalCorrelationConfig> = {}) {
  const shared = createShared()
  const bench = testBench('processor', 'temporal_correlation', { ...defaults, ...config }, { shared })
  const processor = await factory.create(bench.services) as Processor
  const engine = engineOf(shared)
  const fail = (): void => {
    engine.advance(t0)
    see(engine, tell('app.call_failed', 'Pod/front', 0, { traceId: 't', spanId: 'a' }))
    see(engine, tell('app.span_error', 'Pod/cart', 0.01, { traceId: 't', spanId: 'b', parentSpanId: 'a' }))
    engine.flush(false, t0 + 1000)
  }
  return { ...bench, processor, engine, fail }
}

const batch = (() => {
  const builder = new BatchBuilder()
  builder.append({ name: 'any', timeUnixNano: BigInt(t0) * 1_000_000n })
  return builder.finish()
})()

test('a link follows the batch, with its words and its source', async () => {
  const { processor, next, fail, meter } = await withProcessor()
  fail()
  assert.is((await processor.consume(batch)).status, 'accepted')
  assert.is(next.batches[0], batch)
  const row = next.batches[1]?.at(0)
  assert.equal([row?.get('name'), row?.get('source'), row?.get('entityName')], ['tapio.link', 'temporal_correlation', 'front'])
  const link = JSON.parse(Buffer.from(row?.raw ?? []).toString()) as Link
  assert.equal([link.kind, link.by, link.why], ['trace', 'temporal_correlation', 'A request of Pod shop/front failed in Pod shop/cart, as a trace shows'])
  assert.is(meter.values.get('temporal_links'), 1)
})

test('what was found while no batch came goes out at the end', async () => {
  const { processor, next, fail } = await withProcessor()
  fail()
  await processor.stop?.(deadlineIn(100))
  assert.is(next.rows, 1)
})

test('nothing is told when links are not wanted, or must be surer', async () => {
  for (const config of [{ emit_links: false }, { min_correlation_score: 0.99 }]) {
    const { processor, next, fail } = await withProcessor(config)
    fail()
    await processor.consume(batch)
    assert.is(next.rows, 1)
  }
})

test.run()

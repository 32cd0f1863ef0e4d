/**
 * Scenario: an engine that `context` would feed, batches that pass, symptoms that come between. Guarantees: batches pass untouched,
 * links follow them as rows or go by themselves, and none is lost or sent twice while what follows refuses.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Processor } from '../../core/component/component.js'
import { accepted, retry } from '../../core/component/outcome.js'
import { createShared } from '../../core/component/services.js'
import { engineOf } from '../../core/correlation/engine.js'
import type { Link } from '../../core/correlation/link.js'
import { node, pod, t0 } from '../../core/correlation/testing/objects.js'
import { put, see, tell } from '../../core/correlation/testing/story.js'
import type { EventBatch } from '../../core/data/batch.js'
import { BatchBuilder } from '../../core/data/builder.js'
import { RawEncoding } from '../../core/data/enums.js'
import { FakeClock } from '../../core/testing/fake-clock.js'
import { deadlineIn, testBench } from '../../core/testing/services.js'
import type { K8sCorrelationConfig } from './config.js'
import { factory } from './factory.js'

const defaults: K8sCorrelationConfig = { time_window: 300_000, min_correlation_score: 0.7, clock_skew: 5000, emit_links: true, max_candidates: 128, max_places: 1024 }

async function withProcessor (config: Partial<K8sCorrelationConfig> = {}) {
  const shared = createShared()
  const clock = new FakeClock()
  const bench = testBench('processor', 'k8s_correlation', { ...defaults, ...config }, { shared, clock })
  const processor = await factory.create(bench.services) as Processor
  const engine = engineOf(shared)
  put(engine, [node('n1'), pod('cart-0', { node: 'n1' })])
  const evict = (lagSeconds: number): void => {
    engine.advance(t0)
    see(engine, tell('node.pressure_memory', 'Node/n1', 0))
    see(engine, tell('k8s.evicted', 'Pod/cart-0', lagSeconds))
    engine.flush(false, t0 + lagSeconds * 1000)
  }
  return { ...bench, clock, processor, engine, evict }
}

function batchOf (rows: number): EventBatch {
  const builder = new BatchBuilder()
  for (let i = 0; i < rows; i++) builder.append({ name: 'any', timeUnixNano: BigInt(t0) * 1_000_000n })
  return builder.finish()
}

test('a link follows the batch as a row with the link in its bytes', async () => {
  const { processor, next, evict } = await withProcessor()
  const batch = batchOf(2)
  evict(2)
  assert.is((await processor.consume(batch)).status, 'accepted')
  assert.is(next.batches[0], batch)
  assert.is(next.batches.length, 2)
  const row = next.batches[1]?.at(0)
  assert.is(row?.get('name'), 'tapio.link')
  assert.is(row?.get('source'), 'k8s_correlation')
  assert.is(row?.get('entityName'), 'cart-0')
  assert.is(next.batches[1]?.columns.rawEncoding?.[0], RawEncoding.tapioJson)
  const link = JSON.parse(Buffer.from(row?.raw ?? []).toString()) as Link
  assert.is(link.id, row?.get('id'))
  assert.is(link.kind, 'placement')
  assert.is(link.why, row?.get('message'))
})

test('without a batch a link goes by itself, and a processor that stopped has no timer', async () => {
  const { processor, next, evict, clock } = await withProcessor()
  evict(2)
  await clock.advance(1000)
  assert.is(next.rows, 1)
  await processor.stop?.(deadlineIn(100))
  assert.is(clock.pending, 0)
})

test('what is not taken waits, comes once, and is counted when it never goes', async () => {
  const { processor, next, drops, evict } = await withProcessor()
  evict(2)
  next.answer = () => retry('full')
  assert.is((await processor.consume(batchOf(1))).status, 'retry')
  next.answer = batch => batch.count === 3 ? accepted : retry('full')
  await processor.consume(batchOf(3))
  assert.is(next.batches.length, 1)
  next.answer = () => accepted
  await processor.consume(batchOf(3))
  assert.equal(next.batches.map(b => b.count), [3, 3, 1])
  assert.is(drops.get('links_unsent'), undefined)
})

test('at the end what nobody takes is counted', async () => {
  const { processor, next, drops, evict } = await withProcessor()
  evict(2)
  next.answer = () => retry('full')
  await processor.stop?.(deadlineIn(100))
  assert.is(drops.get('links_unsent'), 1)
})

test('links that fit less than asked are held but not told', async () => {
  for (const [config, told] of [[{}, 0], [{ min_correlation_score: 0.5 }, 1], [{ min_correlation_score: 0.5, emit_links: false }, 0]] as const) {
    const { processor, next, evict, engine } = await withProcessor(config)
    evict(300)
    await processor.consume(batchOf(1))
    assert.is(next.rows, 1 + told)
    assert.is(engine.links.size, 1)
  }
})

test('without context in front it says so once, and passes rows on', async () => {
  const { processor, next, logger, status } = await withProcessor()
  for (let i = 0; i < 3; i++) await processor.consume(batchOf(1000))
  assert.is(next.rows, 3000)
  assert.is(logger.lines.filter(l => l.level === 'error' && l.message.includes('context')).length, 1)
  assert.is(status.events.length, 1)
})

test('links and cuts are counted', async () => {
  const { evict, meter } = await withProcessor()
  evict(2)
  assert.is(meter.values.get('links'), 1)
  assert.ok((meter.values.get('compared_pairs') ?? 0) >= 1)
})

test.run()

import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Processor } from '../../core/component/component.js'
import { rejected, retry } from '../../core/component/outcome.js'
import type { EventBatch } from '../../core/data/batch.js'
import { BatchBuilder } from '../../core/data/builder.js'
import { testBench } from '../../core/testing/services.js'
import type { FilterConfig } from './config.js'
import { factory } from './factory.js'

function batchOf (...names: string[]): EventBatch {
  const builder = new BatchBuilder()
  for (const name of names) builder.append({ name })
  return builder.finish()
}

async function filterWith (config: Partial<FilterConfig>) {
  const bench = testBench('processor', 'filter', { include: [], exclude: [], ...config })
  return { ...bench, filter: await factory.create(bench.services) as Processor }
}

const namesOf = (batch: EventBatch | undefined): string => [...batch ?? []].map(r => r.get('name')).join()

test('include keeps, exclude drops, both together keep what is included and not excluded', async () => {
  const table: [Partial<FilterConfig>, string][] = [
    [{}, 'a,b,ab,c'],
    [{ include: [{ name: ['a', 'ab'] }] }, 'a,ab'],
    [{ exclude: [{ name: { regex: 'b' } }] }, 'a,c'],
    [{ include: [{ name: { regex: 'a' } }], exclude: [{ name: 'ab' }] }, 'a']
  ]
  for (const [config, kept] of table) {
    const { filter, next, drops } = await filterWith(config)
    assert.is((await filter.consume(batchOf('a', 'b', 'ab', 'c'))).status, 'accepted')
    assert.is(namesOf(next.batches[0]), kept)
    assert.is(drops.get('filtered') ?? 0, 4 - kept.split(',').length)
  }
})

test('a batch that is kept whole is passed on as it is', async () => {
  const { filter, next } = await filterWith({ exclude: [{ name: 'z' }] })
  const batch = batchOf('a', 'b')
  await filter.consume(batch)
  assert.is(next.batches[0], batch)
})

test('a batch that is dropped whole goes nowhere and is accepted', async () => {
  const { filter, next, drops } = await filterWith({ include: [{ name: 'z' }] })
  assert.is((await filter.consume(batchOf('a', 'b'))).status, 'accepted')
  assert.is(next.batches.length, 0)
  assert.is(drops.get('filtered'), 2)
})

test('rejected rows are named in the numbers of the batch that was given', async () => {
  const { filter, next } = await filterWith({ exclude: [{ name: ['a', 'c'] }] })
  next.answer = () => rejected('bad', 2, Uint32Array.of(0, 2))
  const outcome = await filter.consume(batchOf('a', 'b', 'c', 'd', 'e'))
  assert.equal(outcome, rejected('bad', 2, Uint32Array.of(1, 4)))
})

test('a batch that must be sent again is not counted until it is taken', async () => {
  const { filter, next, drops } = await filterWith({ exclude: [{ name: 'a' }] })
  next.answer = () => retry('full')
  await filter.consume(batchOf('a', 'b'))
  assert.is(drops.get('filtered'), undefined)
  next.answer = () => ({ status: 'accepted' })
  await filter.consume(batchOf('a', 'b'))
  assert.is(drops.get('filtered'), 1)
})

test('a wrong condition is a fault of the config at its path', () => {
  const faults = factory.check?.({ include: [], exclude: [{ name: 'a' }, { message: { regex: '[' } }] })
  assert.equal(faults?.map(f => f.path), [['exclude', 1, 'message']])
})

test.run()

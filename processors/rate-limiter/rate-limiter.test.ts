/**
 * Scenario: batches of several keys above and below their limit, in both ways of limiting, by events and by bytes, with rows that are exempt
 * and consumers that do not take what passes.
 * Guarantees: of each key exactly as much as an exact bucket gives, the first rows first; all else is counted; keys do not touch each other;
 * waits are exact; nothing is paid for that was not taken; the table of keys is bounded.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Processor } from '../../core/component/component.js'
import { rejected, retry, type Outcome } from '../../core/component/outcome.js'
import type { EventBatch } from '../../core/data/batch.js'
import { BatchBuilder } from '../../core/data/builder.js'
import { RawEncoding } from '../../core/data/enums.js'
import { seeded } from '../../core/data/testing/random.js'
import { FakeClock } from '../../core/testing/fake-clock.js'
import { testBench } from '../../core/testing/services.js'
import type { RateLimiterConfig } from './config.js'
import { factory } from './factory.js'

interface Row { readonly tenant?: string, readonly name?: string, readonly severity?: number, readonly bytes?: number }

function batchOf (...rows: readonly Row[]): EventBatch {
  const builder = new BatchBuilder()
  for (const { tenant, name = 'x', severity = 9, bytes } of rows) {
    builder.append({ name, severity, ...(tenant !== undefined && { resource: { tenant } }), ...(bytes !== undefined && { raw: { encoding: RawEncoding.tapioJson, bytes: new Uint8Array(bytes) } }) })
  }
  return builder.finish()
}

const rows = (count: number, row: Row = {}): Row[] => Array.from({ length: count }, () => row)

async function limiter (config: Partial<RateLimiterConfig>) {
  const clock = new FakeClock()
  const bench = testBench('processor', 'rate_limiter', { rate: 10, bytes_rate: 0, key: [], max_keys: 100, on_limit: 'drop', exempt: [], ...config }, { clock })
  return { ...bench, clock, limiter: await factory.create(bench.services) as Processor }
}

const tenants = (batch: EventBatch | undefined): string => batch === undefined ? '' : [...batch.columns.resource].map(at => String(batch.resources[at]?.attributes['tenant'] ?? '-')).join('')

test('drop: the first rows pass, the others are counted, more pass as time goes by', async () => {
  const { limiter: processor, next, drops, clock } = await limiter({})
  assert.is((await processor.consume(batchOf(...rows(25)))).status, 'accepted')
  assert.equal([next.rows, drops.get('rate_limited')], [10, 15])
  await clock.advance(350)
  await processor.consume(batchOf(...rows(25)))
  assert.equal([next.rows, drops.get('rate_limited')], [13, 37])
  await clock.advance(50)
  await processor.consume(batchOf(...rows(1)))
  assert.is(next.rows, 14, 'half tokens are kept')
})

test('a batch within the limit is passed on as it is', async () => {
  const { limiter: processor, next } = await limiter({ key: ['resource.tenant'] })
  const batch = batchOf(...rows(5, { tenant: 'a' }), ...rows(5, { tenant: 'b' }))
  await processor.consume(batch)
  assert.is(next.batches[0], batch)
})

test('each key has a limit of its own, whatever fields make it; rows without the field are one key', async () => {
  const { limiter: processor, next, drops } = await limiter({ key: ['resource.tenant'], rate: 2 })
  await processor.consume(batchOf({ tenant: 'a' }, { tenant: 'b' }, { tenant: 'a' }, { tenant: 'a' }, {}, { tenant: 'c' }, { tenant: 'b' }, { tenant: 'b' }, {}, {}))
  assert.is(tenants(next.batches[0]), 'aba-cb-')
  assert.is(drops.get('rate_limited'), 3)
  for (const key of [['name'], ['severity'], ['spanId'], ['attributes.user'], ['scope.name'], ['resource.tenant', 'name', 'severity']]) {
    const { limiter: other, next: passed } = await limiter({ key, rate: 3 })
    await other.consume(batchOf(...rows(5, { name: 'a', severity: 9 }), ...rows(5, { name: 'b', severity: 17 })))
    assert.is(passed.rows, ['name', 'severity', 'resource.tenant'].includes(key[0] as string) ? 6 : 3, key.join())
  }
})

test('exempt rows pass and are not counted', async () => {
  const { limiter: processor, next, meter, drops } = await limiter({ rate: 1, exempt: [{ severity: { min: 'error' } }] })
  await processor.consume(batchOf(...rows(5, { severity: 9 }), ...rows(7, { severity: 17 })))
  assert.equal([next.rows, drops.get('rate_limited'), meter.values.get('rate_limiter_exempt')], [8, 4, 7])
  await processor.consume(batchOf(...rows(2, { severity: 21 })))
  assert.is(next.rows, 10)
})

test('retry: whole or not at all, with the exact wait; a batch larger than the burst passes and is paid for', async () => {
  const { limiter: processor, next, clock, meter } = await limiter({ on_limit: 'retry', key: ['resource.tenant'], rate: 10 })
  const mixed = batchOf(...rows(8, { tenant: 'a' }), ...rows(2, { tenant: 'b' }))
  assert.is((await processor.consume(mixed)).status, 'accepted')
  assert.equal(await processor.consume(mixed), retry('above the rate limit', 600))
  assert.is(meter.values.get('rate_limiter_turned_back'), 10)
  await clock.advance(599)
  assert.equal(await processor.consume(mixed), retry('above the rate limit', 1))
  await clock.advance(1)
  assert.is((await processor.consume(mixed)).status, 'accepted')
  const large = batchOf(...rows(35, { tenant: 'c' }))
  assert.is((await processor.consume(large)).status, 'accepted')
  assert.equal(await processor.consume(large), retry('above the rate limit', 3500))
  assert.is(next.rows, 55)
})

test('bytes: a row larger than the burst passes when there is a whole one', async () => {
  const { limiter: processor, next, clock, drops } = await limiter({ rate: 0, bytes_rate: 1000 })
  await processor.consume(batchOf(...rows(3, { bytes: 400 })))
  assert.equal([next.rows, drops.get('rate_limited')], [2, 1])
  await clock.advance(10_000)
  await processor.consume(batchOf(...rows(2, { bytes: 5000 })))
  assert.equal([next.rows, drops.get('rate_limited')], [3, 2])
  await clock.advance(4000)
  await processor.consume(batchOf({ bytes: 1 }))
  assert.is(next.rows, 3, 'it is being paid for')
  await clock.advance(1)
  await processor.consume(batchOf({ bytes: 1 }))
  assert.is(next.rows, 4)
})

for (const answer of [retry('full', 7), { status: 'refused', reason: 'no' }] as const) {
  test(`what the next does not take (${answer.status}) is neither counted nor paid for`, async () => {
    const { limiter: processor, next, drops } = await limiter({})
    next.answer = () => answer
    for (let i = 0; i < 5; i++) assert.equal(await processor.consume(batchOf(...rows(15))), answer)
    next.answer = () => ({ status: 'accepted' })
    await processor.consume(batchOf(...rows(15)))
    assert.equal([next.rows, drops.get('rate_limited')], [10, 5])
  })
}

test('rejected rows are named in the numbers of the batch that was given', async () => {
  const { limiter: processor, next } = await limiter({ key: ['resource.tenant'], rate: 1 })
  next.answer = (): Outcome => rejected('bad', 1, Uint32Array.of(1))
  assert.equal(await processor.consume(batchOf({ tenant: 'a' }, { tenant: 'a' }, { tenant: 'b' })), rejected('bad', 1, Uint32Array.of(2)))
})

test('more keys than are remembered: the one not seen for longest is forgotten, and the table stays bounded', async () => {
  const { limiter: processor, next, meter } = await limiter({ key: ['resource.tenant'], rate: 1, max_keys: 3 })
  for (const tenant of ['a', 'b', 'c', 'a', 'd', 'a', 'b']) await processor.consume(batchOf({ tenant }))
  assert.is(next.batches.map(b => tenants(b)).join(''), 'abcdb')
  assert.equal([meter.values.get('rate_limiter_keys'), meter.values.get('rate_limiter_forgotten_keys')], [3, 2])
  await processor.consume(batchOf(...Array.from({ length: 20_000 }, (_, i) => ({ tenant: `t${i}` }))))
  assert.is(meter.values.get('rate_limiter_keys'), 3)
})

test('whatever comes: passed and dropped are all, and no key gets more than burst and rate allow', async () => {
  const random = seeded(77)
  for (let round = 0; round < 50; round++) {
    const [rate, burst] = [1 + random.below(200), 1 + random.below(50)]
    const { limiter: processor, next, drops, clock } = await limiter({ key: ['resource.tenant'], rate, burst })
    const sent = new Map<string, number>()
    for (let call = 0; call < 60; call++) {
      if (random.chance(0.7)) await clock.advance(random.below(100))
      const given = Array.from({ length: 1 + random.below(40) }, () => ({ tenant: 'abc'[random.below(3)] as string }))
      for (const { tenant } of given) sent.set(tenant, (sent.get(tenant) ?? 0) + 1)
      await processor.consume(batchOf(...given))
    }
    const passed = next.batches.map(b => tenants(b)).join('')
    assert.is(passed.length + (drops.get('rate_limited') ?? 0), [...sent.values()].reduce((a, b) => a + b))
    for (const tenant of sent.keys()) {
      const count = passed.split(tenant).length - 1
      assert.ok(count <= burst + clock.monotonicMs() / 1000 * rate + 1e-6, `${count} of ${tenant}`)
    }
  }
})

test('options that mean nothing and fields that do not exist are faults at their place', () => {
  const faults = (config: Partial<RateLimiterConfig>) => factory.check?.({ rate: 10, bytes_rate: 0, key: [], max_keys: 1, on_limit: 'drop', exempt: [], ...config })?.map(f => f.path)
  assert.equal(faults({}), [])
  assert.equal(faults({ rate: 0 }), [['rate']])
  assert.equal(faults({ rate: 0, bytes_rate: 1, burst: 1, bytes_burst: 1 }), [['burst']])
  assert.equal(faults({ bytes_burst: 1 }), [['bytes_burst']])
  assert.equal(faults({ key: ['name', 'k8s.pod'] }), [['key', 1]])
  assert.equal(faults({ exempt: [{ message: { regex: '[' } }] }), [['exempt', 0, 'message']])
})

test.run()

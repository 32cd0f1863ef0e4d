import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Processor } from '../../core/component/component.js'
import { accepted, refused, rejected, retry, type Outcome } from '../../core/component/outcome.js'
import { EventBatch } from '../../core/data/batch.js'
import { BatchBuilder } from '../../core/data/builder.js'
import type { SignalName } from '../../core/data/enums.js'
import { seeded } from '../../core/data/testing/random.js'
import { SharedPressure } from '../../core/pressure/pressure.js'
import { FakeClock } from '../../core/testing/fake-clock.js'
import { deadlineIn, testBench } from '../../core/testing/services.js'
import type { BatchConfig } from './config.js'
import { factory } from './factory.js'

const defaults: BatchConfig = {
  send_batch_size: 10, send_batch_max_size: 0, timeout: 200, max_pending_rows: 1000, max_pending_bytes: 1 << 30, retry_max_elapsed: 0, wait_for_result: false, max_concurrent_sends: 1
}

async function batcher (config: Partial<BatchConfig> = {}, pressure = new SharedPressure()) {
  const clock = new FakeClock()
  const bench = testBench('processor', 'batch', { ...defaults, ...config }, { clock, pressure })
  const processor = await factory.create(bench.services) as Processor
  return { ...bench, clock, processor, sizes: () => bench.next.batches.map(b => b.count) }
}

let serial = 0
function rows (count: number, signal: SignalName = 'traces'): EventBatch {
  const builder = new BatchBuilder()
  for (let i = 0; i < count; i++) builder.append({ signal, name: String(serial++) })
  return builder.finish()
}

const whole = (batch: EventBatch): EventBatch => new EventBatch({ count: batch.count, columns: batch.columns, strings: batch.strings, resources: batch.resources, scopes: batch.scopes, attributes: batch.attributes, raw: { buffers: [Buffer.from('x')], complete: true } })
const names = (batches: readonly EventBatch[]): number[] => batches.flatMap(b => [...b].map(r => Number(r.get('name'))))

test('rows leave when the size is reached, at once', async () => {
  const { processor, clock, sizes } = await batcher()
  for (const n of [4, 4, 4]) assert.is((await processor.consume(rows(n))).status, 'accepted')
  await clock.advance(0)
  assert.equal(sizes(), [12])
})

test('fewer rows leave when the time is over, counted from the first', async () => {
  const { processor, clock, sizes } = await batcher()
  await processor.consume(rows(3))
  await clock.advance(150)
  await processor.consume(rows(3))
  await clock.advance(49)
  assert.equal(sizes(), [])
  await clock.advance(1)
  assert.equal(sizes(), [6])
  await clock.advance(1000)
  assert.equal(sizes(), [6], 'no timer goes on')
  assert.is(clock.pending, 0)
})

test('with a largest size, batches are cut between those that came, and inside one only when it is larger', async () => {
  const { processor, clock, next, sizes } = await batcher({ send_batch_size: 8, send_batch_max_size: 10 })
  const from = serial
  for (const n of [6, 6, 25]) await processor.consume(rows(n))
  await clock.advance(200)
  assert.equal(sizes(), [6, 6, 10, 10, 5])
  assert.equal(names(next.batches), Array.from({ length: 37 }, (_, i) => from + i), 'every row once, in order')
})

test('signals, and whole requests with others, do not share a batch', async () => {
  const { processor, clock, next } = await batcher()
  const complete = whole(rows(2))
  for (const batch of [rows(2), complete, rows(3, 'logs'), rows(1)]) await processor.consume(batch)
  await clock.advance(200)
  assert.equal(next.batches.map(b => `${b.at(0).signal} ${b.count} ${b.raw.complete}`).sort(), ['logs 3 false', 'traces 2 true', 'traces 3 false'])
})

test('a batch that cannot be delivered is kept and sent again, new ones wait at the bound, nothing is lost', async () => {
  const { processor, clock, next, status, drops, meter } = await batcher({ max_pending_rows: 30 })
  const from = serial
  next.answer = () => retry('full')
  const answers: Outcome[] = []
  for (let i = 0; i < 4; i++) answers.push(await processor.consume(rows(10)))
  assert.equal(answers.map(a => a.status), ['accepted', 'accepted', 'accepted', 'retry'])
  await clock.advance(60_000)
  assert.is(next.rows, 0)
  assert.match(status.events.join(), /^recoverable/)
  next.answer = () => accepted
  await clock.advance(60_000)
  assert.equal(names(next.batches), Array.from({ length: 30 }, (_, i) => from + i))
  assert.is(status.events.at(-1), 'ok')
  assert.is(meter.values.get('pending'), 0)
  assert.ok((meter.values.get('retries') ?? 0) > 3)
  assert.is(drops.size, 0)
  assert.is((await processor.consume(rows(10))).status, 'accepted')
})

test('batches of a kind are on their way at once, begun in order, up to the bound', async () => {
  const { processor, next } = await batcher({ max_concurrent_sends: 3 })
  const first: number[] = []
  const release: (() => void)[] = []
  next.answer = batch => { first.push(names([batch])[0] as number); return new Promise(resolve => { release.push(() => resolve(accepted)) }) }
  const from = serial
  for (let i = 0; i < 5; i++) await processor.consume(rows(10))
  assert.equal(first, [from, from + 10, from + 20])
  const stopping = processor.stop?.(deadlineIn(10_000))
  for (let i = 0; i < 5; i++) { release[i]?.(); await new Promise(resolve => setImmediate(resolve)) }
  await stopping
  assert.equal(first, [0, 10, 20, 30, 40].map(n => from + n))
  assert.is(next.rows, 50)
})

test('a stuck signal does not hold up another', async () => {
  const { processor, clock, next } = await batcher()
  next.answer = batch => batch.at(0).signal === 'logs' ? retry('stuck') : accepted
  await processor.consume(rows(10, 'logs'))
  await processor.consume(rows(10))
  await clock.advance(10)
  assert.equal(next.batches.map(b => b.at(0).signal), ['traces'])
})

test('the bound counts bytes too, and one batch larger than it is let in alone', async () => {
  const { processor, next, clock } = await batcher({ max_pending_bytes: 1024, send_batch_size: 1000, timeout: 100 })
  assert.is((await processor.consume(rows(500))).status, 'accepted')
  assert.equal(await processor.consume(rows(1)), retry('the batch processor holds 500 rows', 100))
  await clock.advance(100)
  assert.is(next.rows, 500)
  assert.is((await processor.consume(rows(1))).status, 'accepted')
})

test('what is rejected or refused after it was accepted is counted and said', async () => {
  const { processor, clock, next, meter, logger, drops } = await batcher()
  const answers = [rejected('bad', 3), refused('closed')]
  next.answer = () => answers.shift() ?? accepted
  await processor.consume(rows(10))
  await processor.consume(rows(10))
  await clock.advance(1)
  assert.is(meter.values.get('late_rejections'), 3)
  assert.equal([...drops], [['refused', 10]])
  assert.equal(logger.lines.map(l => l.level), ['warn', 'error'])
})

test('after the longest time of retrying a batch is given up', async () => {
  const { processor, clock, next, drops } = await batcher({ retry_max_elapsed: 10_000 })
  next.answer = () => retry('down')
  await processor.consume(rows(10))
  await clock.advance(20_000)
  assert.equal([...drops], [['retries_exhausted', 10]])
})

test('stop sends what is held; what is not taken by the deadline is dropped as shutdown; later batches are refused', async () => {
  const { processor, next } = await batcher()
  await processor.consume(rows(3))
  await processor.stop?.(deadlineIn(1000))
  assert.is(next.rows, 3)
  assert.is((await processor.consume(rows(1))).status, 'refused')
  for (const answer of [() => retry('full'), () => new Promise<Outcome>(() => undefined)]) {
    const stuck = await batcher()
    stuck.next.answer = answer
    await stuck.processor.consume(rows(10))
    await stuck.processor.consume(rows(3))
    const over = new AbortController()
    const stopping = stuck.processor.stop?.({ signal: over.signal, atMs: 0 })
    over.abort()
    await stopping
    assert.equal([...stuck.drops], [['shutdown', 13]])
    assert.is(stuck.meter.values.get('pending'), 0)
    await stuck.clock.advance(0)
    assert.equal([...stuck.drops], [['shutdown', 13]], 'counted once')
    assert.is(stuck.clock.pending, 0)
  }
})

test('waiting for the result, each sender hears of its own rows', async () => {
  const { processor, clock, next, drops } = await batcher({ wait_for_result: true, send_batch_max_size: 10 })
  next.answer = batch => batch.count === 10 ? rejected('bad', 2, Uint32Array.of(1, 7)) : rejected('end', 1, Uint32Array.of(1))
  const answers = [processor.consume(rows(5)), processor.consume(rows(5)), processor.consume(rows(12))]
  await clock.advance(200)
  assert.equal(await Promise.all(answers), [rejected('bad', 1, Uint32Array.of(1)), rejected('bad', 1, Uint32Array.of(2)), rejected('bad; end', 3, Uint32Array.of(1, 7, 11))])
  next.answer = () => refused('closed')
  const last = processor.consume(rows(1))
  await processor.stop?.(deadlineIn(1000))
  assert.equal(await last, refused('closed'))
  assert.is(drops.size, 0, 'the sender still has them')
})

test('timeout 0 sends whatever comes; sizes that contradict are a fault', async () => {
  const { processor, clock, sizes } = await batcher({ timeout: 0 })
  await processor.consume(rows(2))
  await processor.consume(rows(1))
  await clock.advance(0)
  assert.equal(sizes(), [2, 1])
  assert.is(factory.check?.({ ...defaults, send_batch_max_size: 5 }).length, 1)
})

test('whatever happens, rows in = rows delivered + rows dropped + rows still held', async () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = seeded(seed)
    const { processor, clock, next, drops } = await batcher({ send_batch_max_size: random.pick([0, 10, 16]), max_pending_rows: 60, retry_max_elapsed: random.pick([0, 2000]) })
    next.answer = b => random.pick([accepted, accepted, retry('full'), retry('full', 300), refused('no'), rejected('bad', b.count)])
    let taken = 0
    for (let i = 0; i < 40; i++) {
      const batch = rows(1 + random.below(14), random.pick(['traces', 'logs'] as const))
      if ((await processor.consume(batch)).status === 'accepted') taken += batch.count
      await clock.advance(random.below(150))
    }
    const over = new AbortController()
    const stopping = processor.stop?.({ signal: over.signal, atMs: 0 })
    await clock.advance(random.below(5000))
    over.abort()
    await stopping
    const dropped = [...drops.values()].reduce((a, b) => a + b, 0)
    assert.is(next.rows + dropped, taken, `seed ${seed}: ${JSON.stringify([...drops])}`)
  }
})

test('short of memory nothing waits to be joined, and less is held', async () => {
  const pressure = new SharedPressure()
  const { processor, clock, next, sizes, meter } = await batcher({ max_pending_bytes: rows(8).byteLength * 8, send_batch_size: 100 }, pressure)
  await processor.consume(rows(3))
  pressure.set('shrink', 0, 0)
  await processor.consume(rows(4))
  await clock.advance(0)
  assert.equal([sizes(), meter.values.get('batch_sends{trigger="memory"}'), clock.pending], [[7], 1, 0])
  pressure.set('shed', 0, 0)
  next.answer = () => retry('full')
  assert.equal([(await processor.consume(rows(8))).status, (await processor.consume(rows(8))).status], ['accepted', 'retry'])
  pressure.set('none', 0, 0)
  assert.is((await processor.consume(rows(8))).status, 'accepted')
})

test.run()

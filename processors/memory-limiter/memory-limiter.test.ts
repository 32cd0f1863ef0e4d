/**
 * Scenario: limiters over made-up memory, in pipelines whose senders can wait and whose senders cannot, with rows of all severities, links,
 * other signals; several limiters in one process, one of which dies. Guarantees: with senders that wait nothing is dropped: a batch passes
 * whole when any row is severe enough, else it is to come again; with others rows go by severity, links last, each counted with its reason;
 * state is seen in pressure, status, metrics and, at changes only, in the log.
 */
import { Value } from '@sinclair/typebox/value'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseOptions } from '../../core/config/options.js'
import type { Processor } from '../../core/component/component.js'
import { accepted, rejected, retry } from '../../core/component/outcome.js'
import { createShared } from '../../core/component/services.js'
import type { EventBatch } from '../../core/data/batch.js'
import { BatchBuilder } from '../../core/data/builder.js'
import type { SignalName } from '../../core/data/enums.js'
import { SharedPressure } from '../../core/pressure/pressure.js'
import { FakeClock } from '../../core/testing/fake-clock.js'
import { deadlineIn, RecordingHost, testBench } from '../../core/testing/services.js'
import { factory } from './factory.js'
import { memorySourceKey, type MemorySource } from './memory-source.js'

const mib = 2 ** 20

class MadeUpMemory implements MemorySource {
  totalBytes = 1000 * mib
  of = 'the control group of this test'
  usedMib = 0
  stall = 0
  trims = 0
  groupUsedBytes (): number { return this.usedMib * mib }
  ownUsedBytes (): number { return this.usedMib * mib / 2 }
  stalled (): number { return this.stall }
  trim (): void { this.trims++ }
}

async function limiter (options: object = {}, more: { sendersWait?: boolean, pressure?: SharedPressure, clock?: FakeClock, memory?: MadeUpMemory } = {}) {
  const config = parseOptions(factory, options)
  assert.ok(config.ok, JSON.stringify(config))
  const [clock, memory, pressure, shared] = [more.clock ?? new FakeClock(), more.memory ?? new MadeUpMemory(), more.pressure ?? new SharedPressure(), createShared()]
  shared.get(memorySourceKey, () => memory)
  const bench = testBench('processor', 'memory_limiter', config.value, { clock, pressure, shared, sendersWait: more.sendersWait ?? true })
  const processor = await factory.create(bench.services) as Required<Processor>
  await processor.start(new RecordingHost())
  return { ...bench, clock, memory, pressure, processor, async use (usedMib: number, ms = 250) { memory.usedMib = usedMib; await clock.advance(ms) } }
}

function rows (severities: readonly number[], signal: SignalName = 'events', name = 'row'): EventBatch {
  const builder = new BatchBuilder()
  for (const severity of severities) builder.append({ signal, severity, name })
  return builder.finish()
}

test('a batch goes on as it is while there is memory', async () => {
  const { processor, next, use } = await limiter()
  await use(500)
  const batch = rows([0, 1, 9])
  assert.equal(await processor.consume(batch), accepted)
  assert.is(next.batches[0], batch)
})

test('with senders that can wait nothing is dropped: severe batches pass whole, others are to come again', async () => {
  const { processor, next, drops, meter, use } = await limiter({ retry_after: '3s' })
  await use(710)
  const later = retry('Tapio is short of memory: only severe events are taken', 3000)
  for (const [severities, passes] of [[[9, 9], false], [[0, 13], false], [[9, 17], true], [[21], true], [[1], false]] as const) {
    assert.equal(await processor.consume(rows(severities, 'logs')), passes ? accepted : later, String(severities))
  }
  assert.equal([next.rows, [...drops], meter.values.get('memory_limiter_deferred')], [3, [], 5])
})

test('the worse it is, the more severe a row must be', async () => {
  for (const [usedMib, passes] of [[645, [9, 13, 17, 21]], [680, [13, 17, 21]], [710, [17, 21]], [755, [21]], [780, [21]]] as const) {
    const { processor, use } = await limiter()
    await use(usedMib)
    const outcomes = await Promise.all([1, 9, 13, 17, 21].map(async s => [s, (await processor.consume(rows([s]))).status] as const))
    assert.equal(outcomes.filter(([, status]) => status === 'accepted').map(([s]) => s), passes, `${usedMib}`)
  }
})

test('of senders that cannot wait rows go by severity, counted with their reason; links and incidents stay', async () => {
  const { processor, next, drops, use } = await limiter({}, { sendersWait: false })
  await use(755)
  assert.equal(await processor.consume(rows([1, 5, 9, 0, 13, 17, 17, 21])), accepted)
  assert.equal(await processor.consume(rows([9], 'events', 'tapio.link')), accepted)
  assert.equal(await processor.consume(rows([9, 9])), accepted, 'none stays: the sender is done with it')
  assert.equal(Object.fromEntries(drops), { shed_debug: 2, shed_info: 4, shed_warning: 1, shed_error: 2 })
  assert.equal(next.batches.map(b => [...b].map(r => r.get('severity'))), [[21], [9]])
})

test('rows are counted once: not when the rest is to come again, and rejections are told in the numbers of the sender', async () => {
  const { processor, next, drops, use } = await limiter({}, { sendersWait: false })
  await use(710)
  next.answer = () => retry('full', 5)
  assert.equal(await processor.consume(rows([9, 17, 9, 17])), retry('full', 5))
  assert.equal([...drops], [])
  next.answer = () => rejected('bad', 1, Uint32Array.of(1))
  assert.equal(await processor.consume(rows([9, 17, 9, 17])), rejected('bad', 1, Uint32Array.of(3)))
  assert.equal([...drops], [['shed_info', 2]])
})

test('other signals come from clients that have them still, and shedding can be off: then all wait', async () => {
  const { processor, drops, use } = await limiter({}, { sendersWait: false })
  await use(710)
  assert.is((await processor.consume(rows([9], 'traces'))).status, 'retry')
  const off = await limiter({ shed: { enabled: false } }, { sendersWait: false })
  await off.use(710)
  assert.is((await off.processor.consume(rows([9]))).status, 'retry')
  assert.equal([[...drops], [...off.drops]], [[], []])
})

test('levels are told where people look, in the log at changes only, and end one step at a time', async () => {
  const { pressure, status, logger, meter, memory, clock, use } = await limiter()
  assert.equal([pressure.level, logger.lines], ['none', []])
  await use(700, 3000)
  assert.is(pressure.level, 'shed')
  assert.equal(status.events, ['degraded: shed: 700 of 800 MiB used, fullest heap 0 %: only severe rows are taken; others are to come again, or are dropped and counted when nobody has them any more'])
  const values = (): unknown[] => ['memory_limiter_usage', 'memory_limiter_limit{kind="hard"}', 'memory_limiter_limit{kind="soft"}', 'memory_limiter_level'].map(name => meter.values.get(name))
  assert.equal(values(), [700 * mib, 800 * mib, 640 * mib, 3])
  assert.ok(memory.trims >= 1 && memory.trims <= 2, `${memory.trims}`)
  await use(100, 6000)
  assert.equal(logger.lines.map(l => [l.level, l.fields?.['pressure'], l.fields?.['before']]), [['warn', 'shed', 'none'], ['info', 'spill', 'shed'], ['info', 'shrink', 'spill'], ['info', 'none', 'shrink']])
  assert.equal([pressure.level, status.events.at(-1), meter.values.get('memory_limiter_level')], ['none', 'ok', 0])
  assert.is(clock.pending, 1)
})

test('limits: in MiB it is the process that counts, in percent the control group; the smaller wins', async () => {
  const cases: [object, number, number, number][] = [
    // options, hard and soft limit in MiB, the level at 500 MiB in the group and 250 in the process
    [{ limit_mib: 300 }, 300, 240, 3], [{ limit_mib: 2000 }, 800, 640, 1], [{ limit_percentage: 50 }, 500, 400, 4], [{ limit_mib: 1000, limit_percentage: 0, spike_limit_mib: 100 }, 1000, 900, 0], [{ limit_percentage: 60, spike_limit_percentage: 20 }, 600, 400, 3]
  ]
  for (const [options, hard, soft, level] of cases) {
    const { meter, use } = await limiter(options)
    await use(500)
    const seen = ['memory_limiter_limit{kind="hard"}', 'memory_limiter_limit{kind="soft"}'].map(name => Math.round((meter.values.get(name) ?? 0) / mib))
    assert.equal([...seen, meter.values.get('memory_limiter_level')], [hard, soft, level], JSON.stringify(options))
  }
})

test('stalls and full heaps of any thread count', async () => {
  const { pressure, memory, clock, use } = await limiter()
  memory.stall = 0.3
  await use(10)
  assert.is(pressure.level, 'shrink')
  memory.stall = 0
  pressure.reportHeap(7, 0.89, Math.floor(clock.unixMs() / 1000))
  await use(10)
  assert.is(pressure.level, 'refuse')
  const blind = await limiter({ stall_percentage: 0 })
  blind.memory.stall = 1
  await blind.use(10)
  assert.is(blind.pressure.level, 'none')
})

test('of several limiters one measures; another goes on when it stops, or dies without a word', async () => {
  const [pressure, clock, memory] = [new SharedPressure(), new FakeClock(), new MadeUpMemory()]
  const first = await limiter({}, { pressure, clock, memory })
  const second = await limiter({}, { pressure, clock, memory })
  await first.use(700)
  assert.equal([first.status.events.length, second.status.events.length], [1, 0])
  assert.is((await second.processor.consume(rows([9]))).status, 'retry', 'it reads what the other has measured')
  await first.processor.stop(deadlineIn(1000))
  assert.is(pressure.level, 'none')
  await clock.advance(250)
  assert.equal([pressure.level, second.status.events.length], ['shed', 1])
  await second.processor.stop(deadlineIn(1000))

  const dead = new SharedPressure()
  dead.claim(42, Math.floor(clock.unixMs() / 1000), 5)
  dead.set('refuse', 1000, Math.floor(clock.unixMs() / 1000), 21)
  const heir = await limiter({}, { pressure: dead, clock, memory: new MadeUpMemory() })
  await clock.advance(4000)
  assert.is(dead.level, 'refuse')
  await clock.advance(10_000)
  assert.is(dead.level, 'none')
  await heir.processor.stop(deadlineIn(1000))
})

test('options that contradict each other are faults, with their place', () => {
  const faults = (options: object): unknown => {
    return factory.check?.(Value.Default(factory.schema, options)).map(f => f.path)
  }
  for (const [options, path] of [[{ limit_percentage: 0 }, 'limit_percentage'], [{ limit_mib: 100, spike_limit_mib: 100 }, 'spike_limit_mib'], [{ limit_percentage: 50, spike_limit_percentage: 60 }, 'spike_limit_percentage']] as const) {
    assert.equal(faults(options), [[path]])
  }
  assert.equal(faults({ limit_mib: 100, spike_limit_mib: 20, limit_percentage: 0 }), [])
})

test.run()

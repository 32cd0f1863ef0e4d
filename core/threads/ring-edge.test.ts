/** The two ends of an edge between threads, over a real ring but in one thread. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { systemClock } from '../component/clock.js'
import { accepted, retry } from '../component/outcome.js'
import type { EventBatch } from '../data/batch.js'
import { BatchBuilder } from '../data/builder.js'
import { encodeBatch } from '../data/codec.js'
import { localRetryPolicy } from '../delivery/backoff.js'
import { CollectingConsumer, RecordingLogger } from '../testing/services.js'
import { templateBatch } from '../testing/template-batch.js'
import { createRing, RingConsumer, RingMonitor, RingProducer, type PeerRef } from './ring.js'
import { SharedPressure, type Pressure } from '../pressure/pressure.js'
import { RingView } from './ring-memory.js'
import { RingPump } from './ring-pump.js'
import { RingSender } from './ring-sender.js'

interface Setup { readonly monitor: RingMonitor, readonly producer: RingProducer, readonly sender: RingSender, readonly pump: RingPump, readonly next: CollectingConsumer, readonly drops: string[], readonly memory: ReturnType<typeof createRing> }

function setup (options: { capacityBytes?: number, batchSize?: number, parallel?: number, lend?: boolean, whenFull?: 'retry' | 'drop', pressure?: Pressure } = {}): Setup {
  const memory = createRing({ capacityBytes: options.capacityBytes ?? 2 ** 20, maxProducers: 1, maxConsumers: 2 })
  const drops: string[] = []
  const onDrop = (reason: string, rows: number): void => { drops.push(`${reason} ${rows}`) }
  const producer = RingProducer.attach(memory)
  const next = new CollectingConsumer()
  const pump = new RingPump('test', RingConsumer.attach(memory), next, { batchSize: options.batchSize ?? 1000, parallel: options.parallel ?? 1, lend: options.lend ?? false, clock: systemClock, policy: { ...localRetryPolicy, initialMs: 1 }, logger: new RecordingLogger(), onDrop, ...(options.pressure !== undefined && { pressure: options.pressure }) })
  const sender = new RingSender([producer], { whenFull: options.whenFull ?? 'retry', enqueueTimeoutMs: 20, onDrop })
  return { monitor: new RingMonitor(memory), producer, sender, pump, next, drops, memory }
}

async function until (condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setImmediate(resolve))
}

/** Timers and waits on shared memory do not keep the process alive; turns of the loop do. */
async function ends (pump: RingPump): Promise<void> {
  let ended = false
  void pump.ended.then(() => { ended = true })
  await until(() => ended)
}

const names = (batches: readonly EventBatch[]): string[] => batches.flatMap(b => [...b].map(r => r.get('message') ?? ''))

function numbered (from: number, count: number, size = 10): EventBatch {
  const builder = new BatchBuilder(count)
  for (let i = 0; i < count; i++) builder.append({ type: 'log', message: `${from + i}`.padEnd(size, '.') })
  return builder.finish()
}

test('rows come out as they went in, in order, and the pump ends when the ring is closed', async () => {
  const { sender, pump, next, monitor } = setup()
  const sent = [numbered(0, 10), numbered(10, 1), numbered(11, 300)]
  for (const batch of sent) assert.is(await sender.consume(batch), accepted)
  pump.start()
  monitor.close()
  await pump.ended
  assert.equal(names(next.batches), names(sent))
})

test('what is waiting is joined until half the batch size is reached', async () => {
  const { sender, pump, next, monitor } = setup({ batchSize: 100 })
  for (let i = 0; i < 10; i++) await sender.consume(numbered(i * 30, 30))
  pump.start()
  monitor.close()
  await pump.ended
  assert.equal(next.batches.map(b => b.count), [60, 60, 60, 60, 60])
})

test('the ring keeps a batch until its outcome is known', async () => {
  const { sender, pump, next, monitor } = setup()
  let release: () => void = () => undefined
  const held = new Promise<void>(resolve => { release = resolve })
  let asked: () => void = () => undefined
  const given = new Promise<void>(resolve => { asked = resolve })
  next.answer = async () => { asked(); await held; return accepted }
  await sender.consume(numbered(0, 5))
  pump.start()
  await given
  assert.ok(monitor.stats().usedBytes > 0)
  release()
  monitor.close()
  await pump.ended
  assert.is(monitor.stats().usedBytes, 0)
})

test('several batches are on their way at once, and the ring gives back what is done with up to the first that is not', async () => {
  const { sender, pump, next, monitor, memory } = setup({ batchSize: 1, parallel: 3 })
  const release: (() => void)[] = []
  next.answer = () => new Promise(resolve => { release.push(() => resolve(accepted)) })
  const used: number[] = [monitor.stats().usedBytes]
  for (let i = 0; i < 4; i++) {
    await sender.consume(numbered(i, 1))
    used.push(monitor.stats().usedBytes)
  }
  pump.start()
  await until(() => release.length === 3)
  release[2]?.()
  await until(() => release.length === 4)
  assert.is(monitor.stats().usedBytes, used[4], 'the third is done with, and kept for the two before it')
  release[0]?.()
  await until(() => monitor.stats().usedBytes < (used[4] as number))
  assert.is(monitor.stats().usedBytes, (used[4] as number) - (used[1] as number), 'only the first')
  const consumer = monitor.peers().find(p => p.kind === 'consumer' && p.status === 'alive')
  monitor.markDead(consumer as PeerRef, { keepCursor: true })
  const heir = RingConsumer.takeOver(memory, consumer?.index ?? -1)
  assert.equal([heir?.take(), heir?.take(), heir?.take(), heir?.take()].map(s => s?.status), ['copy', 'copy', 'copy', 'empty'], 'all whose outcome is not known, and the one behind')
  monitor.close()
  for (const end of release) end()
  await ends(pump)
})

test('what ends in any order is all given back, and the pump ends', async () => {
  const { sender, pump, next, monitor } = setup({ batchSize: 1, parallel: 4 })
  let nth = 0
  next.answer = async () => {
    for (let turns = (nth++ * 7) % 5; turns > 0; turns--) await new Promise(resolve => setImmediate(resolve))
    return nth % 3 === 0 ? retry('again') : accepted
  }
  for (let i = 0; i < 40; i++) await sender.consume(numbered(i, 2))
  pump.start()
  monitor.close()
  await ends(pump)
  assert.equal(names(next.batches).sort(), names(Array.from({ length: 40 }, (_, i) => numbered(i, 2))).sort())
  assert.is(monitor.stats().usedBytes, 0)
})

test('lent batches are views of the ring until their outcome is known, and the same batches as copies', async () => {
  const { sender, pump, next, monitor, memory } = setup({ batchSize: 1, parallel: 2, lend: true })
  const seen: string[] = []
  const release: (() => void)[] = []
  const given: EventBatch[] = []
  next.answer = batch => new Promise(resolve => { given.push(batch); release.push(() => { seen.push(...names([batch])); resolve(accepted) }) })
  for (let i = 0; i < 2; i++) await sender.consume(numbered(i, 3))
  pump.start()
  await until(() => release.length === 2)
  assert.is(given[0]?.columns.timeUnixNano.buffer, new RingView(memory).words.buffer, 'no copy')
  // The ring takes more meanwhile, and goes round over what was given back.
  for (let i = 2; i < 60; i++) {
    await sender.consume(numbered(i, 3))
    release.shift()?.()
    await until(() => release.length >= 1)
  }
  monitor.close()
  while (seen.length < 180) { release.shift()?.(); await new Promise(resolve => setImmediate(resolve)) }
  await pump.ended
  assert.equal(seen, names(Array.from({ length: 60 }, (_, i) => numbered(i, 3))))
})

test('a mark that a resync has passed over gives nothing back', async () => {
  const { sender, memory, monitor } = setup()
  for (let i = 0; i < 3; i++) await sender.consume(numbered(i, 1))
  const consumer = RingConsumer.attach(memory)
  consumer.take()
  const mark = consumer.taken
  consumer.resync()
  const { cursor } = consumer.taken
  consumer.settle(mark)
  consumer.take()
  assert.is(consumer.taken.cursor, cursor)
  assert.is(monitor.peers().filter(p => p.kind === 'consumer' && p.status === 'alive').length, 2)
})

test('a successor of a reader that died in the middle gets what it had taken again', async () => {
  const { sender, memory, monitor } = setup()
  for (let i = 0; i < 3; i++) await sender.consume(numbered(i, 1))
  const first = RingConsumer.attach(memory)
  assert.is(first.take().status, 'copy')
  first.settle()
  assert.is(first.take().status, 'copy')
  assert.is(first.take().status, 'copy')
  monitor.markDead(first.ref, { keepCursor: true })
  const heir = RingConsumer.takeOver(memory, first.ref.index)
  const again = [heir?.take(), heir?.take(), heir?.take()].map(s => s?.status)
  assert.equal(again, ['copy', 'copy', 'empty'])
})

test('a full ring answers retry and takes the batch when there is room again', async () => {
  const { sender, pump, next, monitor } = setup({ capacityBytes: 2 ** 16 })
  let taken = 0
  while ((await sender.consume(numbered(taken, 20, 100))).status === 'accepted') taken += 20
  assert.ok(taken > 0)
  const waiting = sender.consume(numbered(taken, 20, 100))
  pump.start()
  assert.is((await waiting).status, 'accepted')
  monitor.close()
  await pump.ended
  assert.is(next.rows, taken + 20)
})

test('with when_full drop, what does not fit is counted', async () => {
  const { sender, drops } = setup({ capacityBytes: 2 ** 16, whenFull: 'drop' })
  while (drops.length === 0) assert.is((await sender.consume(numbered(0, 20, 100))).status, 'accepted')
  assert.equal(drops, ['ring_full 20'])
})

test('a batch larger than a slot goes in parts, a row that is larger is rejected and counted', async () => {
  const { sender, pump, next, monitor, drops } = setup({ capacityBytes: 2 ** 16, batchSize: 1 })
  pump.start()
  const big = numbered(0, 64, 1500)
  assert.ok(encodeBatch(big).length > 2 ** 16)
  assert.is((await sender.consume(big)).status, 'accepted')
  const outcome = await sender.consume(numbered(64, 1, 100_000))
  assert.is(outcome.status, 'rejected')
  assert.equal(drops, ['record_too_large 1'])
  monitor.close()
  await pump.ended
  assert.equal(names(next.batches), names([big]))
})

test('a closed ring refuses', async () => {
  const { sender, monitor } = setup()
  monitor.close()
  assert.is((await sender.consume(templateBatch(1))).status, 'refused')
})

test('a slot that is no batch is counted with its rows, and the rest goes on', async () => {
  const { producer, sender, pump, next, monitor, drops } = setup()
  await sender.consume(numbered(0, 1))
  producer.tryWrite(Buffer.from('garbage that is no batch'), 7)
  await sender.consume(numbered(1, 1))
  pump.start()
  monitor.close()
  await pump.ended
  assert.is(next.rows, 2)
  assert.equal(drops, ['undecodable 7'])
})

test('an aborted pump gives up a batch that nobody takes, and counts it', async () => {
  const { sender, pump, next, monitor, drops } = setup()
  let asked: () => void = () => undefined
  const given = new Promise<void>(resolve => { asked = resolve })
  next.answer = () => { asked(); return retry('full', 60_000) }
  await sender.consume(numbered(0, 4))
  pump.start()
  await given
  pump.abort()
  monitor.close()
  await pump.ended
  assert.equal(drops, ['shutdown 4'])
})

test('short of memory less is joined', async () => {
  const pressure = new SharedPressure()
  const sizes: number[] = []
  for (const level of ['none', 'shrink'] as const) {
    pressure.set(level, 0, 0)
    const { sender, pump, next, monitor } = setup({ batchSize: 80, pressure })
    for (let i = 0; i < 20; i++) await sender.consume(numbered(i * 10, 10))
    pump.start()
    monitor.close()
    await ends(pump)
    assert.is(next.rows, 200)
    sizes.push(Math.max(...next.batches.map(b => b.count)))
  }
  assert.equal(sizes, [40, 10])
})

test.run()

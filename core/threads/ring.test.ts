import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Word } from './layout.js'
import { createRing, RingConsumer, RingMonitor, RingProducer, type RingOptions } from './ring.js'
import { bytesOf, readAll, wordsOf, writeAll } from './testing/ring-fixture.js'

function ringOf (options: Partial<RingOptions> = {}, from: 'start' | 'now' = 'start') {
  const memory = createRing({ capacityBytes: 1024, ...options })
  return { memory, producer: RingProducer.attach(memory), consumer: RingConsumer.attach(memory, { from }), monitor: new RingMonitor(memory) }
}

/** Fills the ring with slots of 64 bytes (32 of payload) until it is full; answers how many went in. */
function fill (producer: RingProducer): number {
  let count = 0
  while (producer.tryWrite(new Uint8Array(32), 1) === 'written') count++
  return count
}

const making = suite('making a ring')

making('refuses sizes that are no power of two, too small, or too large', () => {
  for (const capacityBytes of [0, 512, 1000, 1025, 2 ** 31, NaN, -1024]) {
    assert.throws(() => createRing({ capacityBytes }), (e: Error) => e instanceof RangeError && /capacityBytes/.test(e.message))
  }
})

making('refuses peer counts and slot sizes that can not work', () => {
  assert.throws(() => createRing({ capacityBytes: 1024, maxProducers: 0 }), /maxProducers must be an integer from 1 to 64, found 0/)
  assert.throws(() => createRing({ capacityBytes: 1024, maxConsumers: 65 }), /maxConsumers/)
  assert.throws(() => createRing({ capacityBytes: 1024, maxSlotBytes: 481 }), /maxSlotBytes must be an integer from 0 to 480, found 481/)
})

making('survives structured cloning of its handle, which still means the same memory', () => {
  const { memory, producer } = ringOf()
  const clone = structuredClone(memory)
  const consumer = RingConsumer.takeOver(clone, 0)
  assert.is(consumer, undefined)
  writeAll(producer, 'x')
  assert.is(new RingMonitor(clone).stats().usedSlots, 1)
})

making('refuses a handle that does not fit its memory', () => {
  const { memory } = ringOf()
  assert.throws(() => RingProducer.attach({ ...memory, capacityBytes: 2048 }), /not the memory of a ring/)
  wordsOf(memory)[Word.magic] = 7
  assert.throws(() => new RingMonitor(memory), /not the memory of a ring/)
})

making('refuses more peers than it has places, and gives a place back on detach', () => {
  const { memory, producer, consumer } = ringOf()
  assert.throws(() => RingProducer.attach(memory), /all 1 producer places of the ring are taken/)
  assert.throws(() => RingConsumer.attach(memory), /all 1 consumer places of the ring are taken/)
  producer.detach()
  producer.detach()
  consumer.detach()
  consumer.detach()
  assert.is(RingProducer.attach(memory).ref.index, 0)
  assert.is(RingConsumer.attach(memory).ref.index, 0)
})

const passing = suite('writing and reading')

passing('delivers payloads of every length in order, with rows, producer and sequence', () => {
  const { producer, consumer } = ringOf({ capacityBytes: 4096 })
  for (let length = 0; length <= 2016; length++) {
    const payload = Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 255)
    assert.is(producer.tryWrite(payload, length * 3), 'written')
    const slot = consumer.peek()
    assert.is(slot.status, 'slot')
    if (slot.status !== 'slot') return
    assert.equal([slot.bytes.length, slot.rows, slot.producer, slot.sequence], [length, length * 3, 0, BigInt(length)])
    assert.is(Buffer.compare(slot.bytes, payload), 0)
    assert.is(slot.bytes.byteOffset % 8, 0)
    consumer.release()
  }
})

passing('keeps every payload in one piece when it wraps around', () => {
  const { producer, consumer, monitor } = ringOf()
  for (let i = 0; i < 500; i++) {
    const text = `${i}:`.padEnd(1 + (i * 37) % 480, 'x')
    assert.equal(writeAll(producer, text), ['written'])
    assert.equal(readAll(consumer), [text, 'empty'])
  }
  assert.equal([monitor.stats().usedBytes, monitor.stats().claimedSlots], [0, 500])
})

passing('carries positions and the sequence over the wrap of their words', () => {
  const memory = createRing({ capacityBytes: 1024 })
  const words = wordsOf(memory)
  // 32 granules below the wrap of the position, 3 slots below the wrap of the low word of the sequence.
  words[Word.head] = words[Word.tail] = -32
  words[Word.seqLo] = -3
  words[Word.seqHi] = 7
  const producer = RingProducer.attach(memory)
  const consumer = RingConsumer.attach(memory)
  const sequences: bigint[] = []
  for (let i = 0; i < 40; i++) {
    assert.equal(writeAll(producer, `p${i}`.padEnd(90)), ['written'])
    const slot = consumer.peek()
    if (slot.status !== 'slot') throw new Error(slot.status)
    assert.is(slot.bytes.toString().trim(), `p${i}`)
    sequences.push(slot.sequence)
    consumer.release()
  }
  assert.equal(sequences, Array.from({ length: 40 }, (_, i) => (7n << 32n) + 2n ** 32n - 3n + BigInt(i)))
})

passing('shows the same slot until it is released, and its copy is memory of its own', () => {
  const { memory, producer, consumer } = ringOf()
  writeAll(producer, 'one', 'two')
  assert.is(consumer.peek(), consumer.peek())
  const copy = consumer.readCopy()
  assert.is(copy.status, 'copy')
  if (copy.status !== 'copy') return
  wordsOf(memory).fill(0, 300)
  assert.is(copy.bytes.toString(), 'one')
  assert.not(copy.bytes.buffer instanceof SharedArrayBuffer)
  assert.equal([copy.bytes.byteOffset % 8, copy.bytes.buffer.byteLength, copy.sequence], [0, 3, 0n])
  assert.throws(() => consumer.release(), /nothing to release/)
})

passing('shows a slot filled in place only after its commit, with the length and rows of the commit', () => {
  const { producer, consumer } = ringOf()
  const space = producer.claim(100, 9)
  if (typeof space === 'string') throw new Error(space)
  assert.equal([space.length, space.byteOffset % 8], [100, 0])
  space.write('short')
  assert.is(consumer.peek().status, 'empty')
  assert.throws(() => producer.claim(1, 1), /one claim at a time/)
  assert.throws(() => producer.commit(129), /more bytes than were claimed/)
  producer.commit(5, 2)
  const slot = consumer.peek()
  assert.ok(slot.status === 'slot' && slot.bytes.toString() === 'short' && slot.rows === 2)
  assert.throws(() => producer.commit(), /nothing is claimed/)
})

passing('skips a cancelled claim, whose number stays a gap, and counts nothing as lost', () => {
  const { producer, consumer, monitor } = ringOf()
  producer.claim(64, 5)
  producer.cancel()
  writeAll(producer, 'next')
  const slot = consumer.peek()
  assert.ok(slot.status === 'slot' && slot.sequence === 1n && slot.bytes.toString() === 'next')
  assert.equal([monitor.stats().lostSlots, monitor.stats().lostRows], [0, 0])
})

passing('holds slots of other producers back until an earlier claim is settled', () => {
  const { memory, producer, consumer } = ringOf({ maxProducers: 2 })
  const other = RingProducer.attach(memory)
  const space = producer.claim(5, 1)
  writeAll(other, 'later')
  assert.equal(readAll(consumer), ['empty'])
  if (typeof space !== 'string') space.write('first')
  producer.commit()
  assert.equal(readAll(consumer), ['first', 'later', 'empty'])
})

passing('shows every slot to every consumer, and the slowest gates the producers', () => {
  const { memory, producer, consumer, monitor } = ringOf({ maxConsumers: 2 })
  const slow = RingConsumer.attach(memory)
  assert.is(fill(producer), 16)
  assert.is(readAll(consumer).length, 17)
  assert.equal(writeAll(producer, 'more'), ['full'])
  assert.equal([monitor.stats().usedBytes, monitor.stats().usedSlots], [1024, 16])
  slow.peek()
  slow.release()
  assert.equal(writeAll(producer, 'more', 'again'), ['written', 'full'])
  assert.equal(readAll(consumer), ['more', 'empty'])
  assert.is(readAll(slow).length, 17)
})

passing('keeps what was written before the first consumer came, and presses back meanwhile', () => {
  const memory = createRing({ capacityBytes: 1024 })
  const producer = RingProducer.attach(memory)
  assert.is(fill(producer), 16)
  assert.is(fill(producer), 0)
  assert.is(new RingMonitor(memory).stats().usedSlots, 16)
  assert.is(readAll(RingConsumer.attach(memory)).length, 17)
})

passing('does not show again what a consumer that left had read', () => {
  const { memory, producer, consumer } = ringOf()
  writeAll(producer, 'a', 'b', 'c')
  consumer.peek()
  consumer.release()
  consumer.peek()
  consumer.detach()
  assert.equal(readAll(consumer), ['end'])
  assert.equal(readAll(RingConsumer.attach(memory)), ['b', 'c', 'empty'])
})

passing('starts a consumer attached "now" at the oldest claim still open, never in the middle of one', () => {
  const { memory, producer, consumer } = ringOf({ maxProducers: 2, maxConsumers: 2 })
  const other = RingProducer.attach(memory)
  writeAll(producer, 'old')
  const space = producer.claim(4, 1)
  writeAll(other, 'new')
  const late = RingConsumer.attach(memory, { from: 'now' })
  if (typeof space !== 'string') space.write('open')
  producer.commit()
  assert.equal(readAll(late), ['open', 'new', 'empty'])
  assert.equal(readAll(consumer), ['old', 'open', 'new', 'empty'])
  consumer.detach()
  assert.equal(readAll(RingConsumer.attach(memory, { from: 'now' })), ['empty'])
})

const limits = suite('limits and ends')

limits('answers too_large, and never mistakes it for full', () => {
  const { producer } = ringOf({ maxSlotBytes: 100 })
  assert.equal([producer.tryWrite(new Uint8Array(101), 1), producer.claim(101, 1), producer.tryWrite(new Uint8Array(100), 1)], ['too_large', 'too_large', 'written'])
})

limits('drops by policy with an exact count that any thread can read, and does not count back-pressure', async () => {
  const { memory, producer, monitor } = ringOf({ maxProducers: 2 })
  const other = RingProducer.attach(memory)
  const written = fill(producer)
  for (let i = 0; i < 5; i++) assert.is(await producer.write(new Uint8Array(32), 10 + i, { onFull: 'drop' }), 'dropped')
  assert.is(other.writeSync(new Uint8Array(32), 7, { onFull: 'drop' }), 'dropped')
  assert.is(await producer.write(new Uint8Array(32), 1000, { onFull: 'block', timeoutMs: 1 }), 'full')
  const { droppedSlots, droppedRows, claimedSlots } = monitor.stats()
  assert.equal({ droppedSlots, droppedRows, claimedSlots }, { droppedSlots: 6, droppedRows: 67, claimedSlots: written })
  assert.equal(monitor.peers().filter(p => p.kind === 'producer').map(p => p.droppedRows), [60, 7])
})

limits('lets readers drain after close, then says end; writers see closed', () => {
  const { producer, consumer, monitor } = ringOf()
  writeAll(producer, 'a')
  producer.claim(1, 1)
  monitor.close()
  assert.is(readAll(consumer).join(), 'a,empty')
  producer.commit()
  assert.equal(writeAll(producer, 'b'), ['closed'])
  assert.equal(readAll(consumer), ['\0', 'end'])
  assert.is(monitor.stats().state, 'closed')
})

limits('does not say end while somebody who may have passed the check for closed holds the latch', () => {
  const { memory, consumer, monitor } = ringOf()
  monitor.close()
  wordsOf(memory)[Word.latch] = 4711
  assert.is(consumer.peek().status, 'empty')
  wordsOf(memory)[Word.latch] = 0
  assert.is(consumer.peek().status, 'end')
})

limits('shows aborted to both sides at once, whatever is unread or held', () => {
  const { producer, consumer, monitor } = ringOf()
  writeAll(producer, 'a', 'b')
  consumer.peek()
  monitor.abort()
  assert.equal([consumer.peek().status, consumer.readCopy().status, ...writeAll(producer, 'c')], ['aborted', 'aborted', 'aborted'])
  monitor.close()
  assert.is(monitor.stats().state, 'aborted')
})

limits('cancels an open claim when its producer detaches', () => {
  const { producer, consumer, monitor } = ringOf()
  producer.claim(8, 1)
  producer.detach()
  monitor.close()
  assert.equal([consumer.peek().status, ...writeAll(producer, 'x')], ['end', 'closed'])
})

limits('refuses to block the main thread', () => {
  const { producer, consumer } = ringOf()
  fill(producer)
  assert.throws(() => producer.waitForSpaceSync(1, 1), /would block the event loop/)
  assert.throws(() => consumer.waitForDataSync(1), /would block the event loop/)
})

const waiting = suite('waiting')

waiting('wakes a reader for a commit, for close and for abort', async () => {
  const { producer, consumer, monitor } = ringOf()
  const first = consumer.waitForData(60_000)
  writeAll(producer, 'a')
  assert.is(await first, 'slot')
  consumer.release()
  const second = consumer.waitForData(60_000)
  monitor.close()
  assert.is(await second, 'end')
  monitor.abort()
  assert.is(await consumer.waitForData(60_000), 'aborted')
})

waiting('wakes a writer for room, and writes', async () => {
  const { producer, consumer } = ringOf()
  fill(producer)
  const write = producer.write(bytesOf('late'), 1, { onFull: 'block', timeoutMs: 60_000 })
  assert.is(readAll(consumer).length, 17)
  assert.is(await write, 'written')
  assert.equal(readAll(consumer), ['late', 'empty'])
})

waiting('wakes a waiting writer when the last consumer that gates leaves room by attaching "now"', async () => {
  const memory = createRing({ capacityBytes: 1024 })
  const producer = RingProducer.attach(memory, { recheckMs: 60_000 })
  fill(producer)
  const space = producer.waitForSpace(32, 60_000)
  RingConsumer.attach(memory, { from: 'now' })
  assert.is(await space, 'ready')
})

waiting('ends a writer\'s wait at close, abort, time-out and its own detach', async () => {
  for (const [end, expected] of [['close', 'closed'], ['abort', 'aborted']] as const) {
    const { producer, monitor } = ringOf()
    fill(producer)
    const space = producer.waitForSpace(32, 60_000)
    const write = producer.write(new Uint8Array(32), 1, { onFull: 'block', timeoutMs: 60_000 })
    monitor[end]()
    assert.equal([await space, await write], [expected, expected])
  }
  const { producer } = ringOf()
  fill(producer)
  assert.is(await producer.waitForSpace(32, 5), 'timeout')
  const space = producer.waitForSpace(32, 60_000)
  producer.detach()
  assert.is(await space, 'closed')
})

waiting('ends a reader\'s wait at time-out and at its own detach', async () => {
  const { consumer } = ringOf()
  assert.is(await consumer.waitForData(5), 'timeout')
  const wait = consumer.waitForData(60_000)
  consumer.detach()
  assert.is(await wait, 'end')
})

waiting('has at most one waitAsync pending, however often it waits, and none after detach', async () => {
  const { memory, producer, consumer } = ringOf()
  const words = wordsOf(memory)
  for (let i = 0; i < 50; i++) assert.is(await consumer.waitForData(1), 'timeout')
  const several = Promise.all([consumer.waitForData(60_000), consumer.waitForData(60_000), consumer.waitForData(60_000)])
  await new Promise(resolve => setImmediate(resolve))
  assert.is(Atomics.notify(words, Word.dataSignal), 1)
  writeAll(producer, 'for all')
  assert.equal(await several, ['slot', 'slot', 'slot'])
  consumer.release()
  const last = consumer.waitForData(60_000)
  consumer.detach()
  assert.is(await last, 'end')
  assert.is(Atomics.notify(words, Word.dataSignal), 0)
})

waiting('tells when a closed ring is drained', async () => {
  const { producer, consumer, monitor } = ringOf()
  writeAll(producer, 'a', 'b')
  assert.is(await monitor.waitDrained(1), false)
  monitor.close()
  const drained = monitor.waitDrained(60_000)
  assert.equal(readAll(consumer), ['a', 'b', 'end'])
  assert.is(await drained, true)
})

for (const s of [making, passing, limits, waiting]) s.run()

/** Garbage in the shared memory: readers and writers answer with a value, within bounds, and never hang. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Header, Mark, Word, granuleWords } from './layout.js'
import { createRing, RingConsumer, RingMonitor, RingProducer, type RingMemory } from './ring.js'
import { readAll, wordsOf, writeAll } from './testing/ring-fixture.js'
import { randomSource } from './testing/ring-payload.js'
import { RingWorker, within } from './testing/ring-workers.js'

const long = process.env['TAPIO_TEST_LONG'] === '1'
const capacityBytes = 1024
type Random = (below: number) => number

function openRing () {
  const memory = createRing({ capacityBytes, maxConsumers: 2, maxProducers: 2 })
  return { memory, words: wordsOf(memory), producer: RingProducer.attach(memory), consumer: RingConsumer.attach(memory), monitor: new RingMonitor(memory) }
}

/** Word offset of the slots. */
function slotsOf (memory: RingMemory): number {
  return (memory.buffer.byteLength - capacityBytes) / 4
}

const table = suite('a corrupt slot header')
const broken: readonly (readonly [string, number, number, RegExp])[] = [
  ['a mark that is none', Header.mark, 0x12345678, /mark 0x12345678 is none of a slot's states/],
  ['a mark of zeros', Header.mark, 0, /mark 0x0 is none/],
  ['the position of another lap', Header.position, 32, /position 32 where 0 belongs/],
  ['a negative length', Header.length, -1, /length -1 in a span of 2/],
  ['a length beyond the span', Header.length, 33, /length 33 in a span of 2/],
  ['a length beyond the ring', Header.length, 0x7fffffff, /length 2147483647 in a span of 2/],
  ['a span of nothing', Header.span, 0, /span 0 leaves the ring/],
  ['a negative span', Header.span, -2, /span -2 leaves the ring/],
  ['a span beyond the end of the ring', Header.span, 33, /span 33 leaves the ring/],
  ['a span beyond what was claimed', Header.span, 5, /span 5 goes beyond what was claimed/],
  ['a span shorter than its payload', Header.span, 1, /length 5 in a span of 1/],
  ['a producer that does not exist', Header.producer, 2, /producer 2 does not exist/]
]

for (const [name, field, value, reason] of broken) {
  table(`with ${name} is found, counted once, and reading goes on behind it after a resync`, () => {
    const { memory, words, producer, consumer, monitor } = openRing()
    writeAll(producer, 'first', 'after')
    words[slotsOf(memory) + field] = value
    const found = consumer.peek()
    assert.ok(found.status === 'corrupt' && reason.test(found.reason), JSON.stringify(found))
    assert.equal([consumer.peek().status, consumer.readCopy().status], ['corrupt', 'corrupt'])
    assert.is(monitor.stats().corruptSlots, 1)
    assert.is(consumer.resync(), 2)
    assert.equal(writeAll(producer, 'later'), ['written'])
    assert.equal(readAll(consumer), ['later', 'empty'])
    assert.equal([monitor.stats().lostSlots, monitor.stats().usedBytes], [2, 0])
  })
}

table('does not make a resync pass a claim that is still being filled', () => {
  const { memory, words, producer, consumer } = openRing()
  writeAll(producer, 'first')
  const other = RingProducer.attach(memory)
  const space = other.claim(4, 1)
  writeAll(producer, 'after')
  words[slotsOf(memory) + Header.mark] = 1
  assert.is(consumer.peek().status, 'corrupt')
  assert.is(consumer.resync(), 1)
  if (typeof space !== 'string') space.write('open')
  other.commit()
  assert.equal(readAll(consumer), ['open', 'after', 'empty'])
})

table('wakes a waiting reader with the status corrupt', async () => {
  const { memory, words, producer, consumer } = openRing()
  const wait = consumer.waitForData(60_000)
  producer.claim(4, 1)
  words[slotsOf(memory) + Header.span] = -1
  producer.commit()
  assert.is(await wait, 'corrupt')
})

const control = suite('corrupt control words')

control('head out of reach: the reader says corrupt, the writer too, and neither touches the slots', () => {
  for (const head of [33, -1, 0x7fffffff, -0x80000000]) {
    const { memory, words, producer, consumer } = openRing()
    words[Word.head] = head
    assert.is(consumer.peek().status, 'corrupt')
    assert.equal(writeAll(producer, 'x'), ['corrupt'])
    assert.ok(words.subarray(slotsOf(memory)).every(w => w === 0))
  }
})

control('a latch held by nobody: a writer is told full after a bounded time, a reader does not need it', () => {
  const { words, producer, consumer } = openRing()
  writeAll(producer, 'a')
  words[Word.latch] = 0x0bad
  assert.equal(writeAll(producer, 'b'), ['full'])
  assert.equal(readAll(consumer), ['a', 'empty'])
})

control('a state that is none counts as aborted', () => {
  const { words, producer, consumer, monitor } = openRing()
  words[Word.state] = 77
  assert.equal([consumer.peek().status, ...writeAll(producer, 'b'), monitor.stats().state], ['aborted', 'aborted', 'aborted'])
})

const random = suite('random garbage')

/** A value that is often near something real: small, a mark, a neighbour of what is there. */
function garbage (dice: Random, now: number): number {
  const marks = Object.values(Mark)
  return [dice(2 ** 32), dice(40), -dice(40), marks[dice(marks.length)], now + 1 - dice(3), now ^ (1 << dice(32))][dice(6)] | 0
}

function scribble (memory: RingMemory, words: Int32Array, dice: Random): void {
  const slots = slotsOf(memory)
  const header = slots + dice(capacityBytes / 32) * granuleWords + dice(8)
  // The latch is left out here: it has a test of its own, and would only turn every write into a wait.
  const word = dice(4) > 0 ? header : Word.state + dice(slots - Word.state)
  if (word !== Word.latch) words[word] = garbage(dice, words[word])
}

function checkBounds (memory: RingMemory, bytes: Uint8Array): void {
  const from = bytes.byteOffset
  assert.ok(bytes.buffer === memory.buffer && from >= slotsOf(memory) * 4 && from + bytes.length <= memory.buffer.byteLength && bytes.length <= memory.maxSlotBytes)
}

function step (ring: ReturnType<typeof openRing>, dice: Random, seen: Record<string, number>): void {
  const { memory, producer, consumer, monitor } = ring
  const action = dice(12)
  if (action < 5) {
    const status = producer.tryWrite(new Uint8Array(dice(200)).fill(dice(256)), dice(100))
    seen[status] = (seen[status] ?? 0) + 1
  } else if (action < 6) {
    const space = producer.claim(dice(480), 1)
    if (typeof space === 'string') return
    checkBounds(memory, space)
    if (dice(2) === 0) producer.commit()
    else producer.cancel()
  } else if (action < 10) {
    const slot = consumer.peek()
    seen[slot.status] = (seen[slot.status] ?? 0) + 1
    if (slot.status === 'corrupt' && dice(3) === 0) consumer.resync()
    if (slot.status !== 'slot') return
    checkBounds(memory, slot.bytes)
    assert.is(typeof slot.sequence, 'bigint')
    consumer.release()
  } else if (action < 11) {
    const { usedBytes, usedSlots } = monitor.stats()
    assert.ok(usedBytes >= 0 && usedBytes <= capacityBytes && usedSlots >= 0 && usedSlots <= capacityBytes)
  } else {
    monitor.peers()
    if (dice(20) === 0) monitor.markDead({ kind: 'consumer', index: 1 })
    if (dice(20) === 0) monitor.markDead({ kind: 'producer', index: 1 })
  }
}

random('between any two steps is answered with values, within bounds', () => {
  const rings = long ? 60_000 : 4_000
  const dice = randomSource(20_260_101)
  const seen: Record<string, number> = {}
  for (let round = 0; round < rings; round++) {
    const ring = openRing()
    const every = 2 + dice(30)
    for (let i = 0; i < 60; i++) {
      if (dice(every) === 0) scribble(ring.memory, ring.words, dice)
      step(ring, dice, seen)
    }
  }
  for (const status of ['written', 'full', 'slot', 'corrupt', 'aborted']) assert.ok((seen[status] ?? 0) > 100, `${status} was seen ${seen[status] ?? 0} times`)
  console.log(`\nREPORT ring fuzz: ${rings} rings x 60 steps; ${Object.entries(seen).map(([k, n]) => `${k} ${n}`).join(', ')}`)
})

random('written by one thread while others write and read ends in a status, not in a crash or a hang', async () => {
  const rounds = long ? 100 : 5
  const dice = randomSource(42)
  const ends: Record<string, number> = {}
  for (let round = 0; round < rounds; round++) {
    const memory = createRing({ capacityBytes, maxProducers: 2 })
    const words = wordsOf(memory)
    const reader = new RingWorker(memory, { role: 'consume', spin: true })
    await within(60_000, 'attaching', reader.ready)
    const writer = new RingWorker(memory, { role: 'produce', tag: 0, slots: Infinity, uniform: true })
    try {
      await within(60_000, 'attaching', writer.ready)
      let over = false
      const end = within(60_000, 'the reader', reader.done).finally(() => { over = true })
      while (!over) {
        scribble(memory, words, dice)
        await new Promise(resolve => setImmediate(resolve))
      }
      const { status } = await end
      // `aborted` and `end`: the state word itself was hit.
      assert.ok(['corrupt', 'aborted', 'end'].includes(status), status)
      ends[status] = (ends[status] ?? 0) + 1
      new RingMonitor(memory).abort()
      await within(60_000, 'the writer', writer.done)
    } finally {
      await Promise.all([reader.kill(), writer.kill()])
    }
  }
  console.log(`\nREPORT ring fuzz: ${rounds} rings scribbled over while two threads ran: ${JSON.stringify(ends)}`)
})

for (const s of [table, control, random]) s.run()

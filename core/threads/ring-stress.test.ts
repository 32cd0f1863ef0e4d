/**
 * Real threads, random sizes, many laps of a small ring. The waiters' own re-check is set to ten minutes, so that a lost
 * wake-up is a hang that the limit turns into a failure, and not a delay that nobody sees.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createRing, RingConsumer, RingMonitor, RingProducer } from './ring.js'
import { dawdle, randomSource } from './testing/ring-payload.js'
import { RingWorker, within, type RingDone } from './testing/ring-workers.js'

const long = process.env['TAPIO_TEST_LONG'] === '1'
const recheckMs = 600_000
/** Long form: 12 combinations of 4.2 million slots make 50.4 million. */
const slotsPerCombination = long ? 4_200_000 : 20_000
const limitMs = long ? 600_000 : 60_000
const total = { written: 0, seen: 0 }

interface Shape {
  readonly capacityBytes: number
  readonly maxSlotBytes: number
  readonly uniform: boolean
  /** Readers poll, so that they look at a slot at every moment of its making; else they sleep and are woken. */
  readonly spin: boolean
}

const ordinary: Shape = { capacityBytes: 1 << 15, maxSlotBytes: 6000, uniform: false, spin: false }
/** Two or three slots fill it: both sides run into each other, and wait for each other, all the time. */
const tiny: Shape = { capacityBytes: 1 << 10, maxSlotBytes: 480, uniform: true, spin: false }

async function stress (producers: number, consumers: number, slots: number, shape: Shape): Promise<void> {
  const { capacityBytes, maxSlotBytes, uniform, spin } = shape
  const memory = createRing({ capacityBytes, maxProducers: producers, maxConsumers: consumers, maxSlotBytes })
  const monitor = new RingMonitor(memory)
  const share = Math.ceil(slots / producers)
  const readers = Array.from({ length: consumers }, () => new RingWorker(memory, { role: 'consume', recheckMs, spin }))
  let writers: RingWorker[] = []
  try {
    await within(limitMs, 'attaching', Promise.all(readers.map(r => r.ready)))
    writers = Array.from({ length: producers }, (_, tag) => new RingWorker(memory, { role: 'produce', tag, slots: share, recheckMs, uniform }))
    const written = await within(limitMs, 'writing', Promise.all(writers.map(w => w.done)))
    assert.equal(written.map(w => [w.status, w.written]), written.map(() => ['written', share]))
    monitor.close()
    for (const reader of readers) wholeAndInOrder(await within(limitMs, 'reading', reader.done), Array.from({ length: producers }, () => share))
    const { usedBytes, claimedSlots, lostSlots, corruptSlots, droppedSlots } = monitor.stats()
    assert.equal({ usedBytes, claimedSlots, lostSlots, corruptSlots, droppedSlots }, { usedBytes: 0, claimedSlots: share * producers, lostSlots: 0, corruptSlots: 0, droppedSlots: 0 })
    total.written += share * producers
    total.seen += share * producers * consumers
  } finally {
    await Promise.all([...readers, ...writers].map(w => w.kill()))
  }
}

/** `shares`: how many slots each producer wrote. */
function wholeAndInOrder ({ status, verdict }: RingDone, shares: readonly number[]): void {
  const { slots, torn, lost, reordered, wrongRows, next } = verdict
  const expected = { status: 'end', slots: shares.reduce((a, b) => a + b, 0), torn: 0, lost: 0, reordered: 0, wrongRows: 0 }
  assert.equal({ status, slots, torn, lost, reordered, wrongRows }, expected)
  assert.equal(shares.map((_, tag) => next[tag] ?? 0), shares)
}

for (const producers of [1, 2, 3, 4]) {
  for (const consumers of [1, 2, 3]) {
    test(`${producers} producer(s) and ${consumers} consumer(s) lose, tear and reorder nothing`, () => stress(producers, consumers, slotsPerCombination, ordinary))
  }
}

for (const [producers, consumers] of [[1, 1], [2, 2], [4, 1]] as const) {
  test(`a ring of two slots serves ${producers} producer(s) and ${consumers} sleeping consumer(s) without a lost wake-up`, () => {
    return stress(producers, consumers, long ? 1_000_000 : 15_000, tiny)
  })
}

for (const [producers, capacityBytes] of [[1, 1 << 10], [1, 1 << 15], [2, 1 << 12]] as const) {
  test(`a consumer that polls ${producers} producer(s) over ${capacityBytes} bytes never sees a slot in the making`, () => {
    return stress(producers, 1, long ? 2_000_000 : 60_000, { ...tiny, capacityBytes, spin: true })
  })
}

test('two threads that wait for each other\'s every slot never sleep through one', async () => {
  const there = createRing({ capacityBytes: 1024 })
  const back = createRing({ capacityBytes: 1024 })
  const slots = long ? 500_000 : 10_000
  const players = (['echo', 'serve'] as const).map(role => new RingWorker(there, { role, reply: back, slots, recheckMs }))
  try {
    for (const { status, verdict } of await within(limitMs, 'the volley', Promise.all(players.map(p => p.done)))) {
      assert.equal({ status, slots: verdict.slots, torn: verdict.torn, lost: verdict.lost }, { status: 'slot', slots, torn: 0, lost: 0 })
    }
  } finally {
    await Promise.all(players.map(p => p.kill()))
  }
})

test('a thread on its event loop and one that blocks never sleep through each other\'s slots', async () => {
  const there = createRing({ capacityBytes: 1024 })
  const back = createRing({ capacityBytes: 1024 })
  const slots = long ? 500_000 : 10_000
  const consumer = RingConsumer.attach(there, { recheckMs })
  const producer = RingProducer.attach(back, { recheckMs })
  const random = randomSource(7)
  const server = new RingWorker(there, { role: 'serve', reply: back, slots, recheckMs })
  const echo = async (): Promise<void> => {
    for (let turn = 0; turn < slots; turn++) {
      assert.is(await consumer.waitForData(limitMs), 'slot')
      const copy = consumer.readCopy()
      if (copy.status !== 'copy') throw new Error(copy.status)
      dawdle(random(2000))
      assert.is(await producer.write(copy.bytes, copy.rows, { onFull: 'block', timeoutMs: limitMs }), 'written')
    }
  }
  try {
    const [{ status, verdict }] = await within(limitMs, 'the volley', Promise.all([server.done, echo()]))
    assert.equal({ status, slots: verdict.slots, torn: verdict.torn, lost: verdict.lost }, { status: 'slot', slots, torn: 0, lost: 0 })
  } finally {
    consumer.detach()
    producer.detach()
    await server.kill()
  }
})

test('a ring closed in the middle of the writing delivers exactly what its producers were told is written', async () => {
  for (let round = 0; round < (long ? 200 : 6); round++) {
    const memory = createRing({ capacityBytes: 1 << 12, maxProducers: 2, maxConsumers: 2 })
    const readers = [false, true].map(spin => new RingWorker(memory, { role: 'consume', recheckMs, spin }))
    await within(limitMs, 'attaching', Promise.all(readers.map(r => r.ready)))
    const writers = [0, 1].map(tag => new RingWorker(memory, { role: 'produce', tag, slots: Infinity, recheckMs }))
    try {
      await within(limitMs, 'attaching', Promise.all(writers.map(w => w.ready)))
      new RingMonitor(memory).close()
      const written = await within(limitMs, 'writing', Promise.all(writers.map(w => w.done)))
      assert.equal(written.map(w => w.status), ['closed', 'closed'])
      for (const reader of readers) wholeAndInOrder(await within(limitMs, 'reading', reader.done), written.map(w => w.written))
    } finally {
      await Promise.all([...readers, ...writers].map(w => w.kill()))
    }
  }
})

test.after(() => {
  console.log(`\nREPORT ring stress: ${total.written} slots written, ${total.seen} seen and checked, 0 lost, torn or reordered`)
})

test.run()

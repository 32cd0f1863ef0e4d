/**
 * Real threads, random sizes, many laps of a small ring. The waiters' own re-check is set to ten minutes, so that a lost
 * wake-up is a hang that the limit turns into a failure, and not a delay that nobody sees.
 */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createRing, RingMonitor } from './ring.js'
import { RingWorker, within } from './testing/ring-workers.js'

const long = process.env['TAPIO_TEST_LONG'] === '1'
const recheckMs = 600_000
/** Long form: 12 combinations of 4.2 million slots make 50.4 million. */
const slotsPerCombination = long ? 4_200_000 : 60_000
const limitMs = long ? 600_000 : 60_000
let total = { written: 0, seen: 0 }

async function stress (producers: number, consumers: number): Promise<void> {
  const memory = createRing({ capacityBytes: 1 << 15, maxProducers: producers, maxConsumers: consumers, maxSlotBytes: 6000 })
  const monitor = new RingMonitor(memory)
  const share = Math.ceil(slotsPerCombination / producers)
  const readers = Array.from({ length: consumers }, () => new RingWorker(memory, { role: 'consume', recheckMs }))
  let writers: RingWorker[] = []
  try {
    await within(limitMs, 'attaching', Promise.all(readers.map(r => r.ready)))
    writers = Array.from({ length: producers }, (_, tag) => new RingWorker(memory, { role: 'produce', tag, slots: share, recheckMs }))
    const written = await within(limitMs, 'writing', Promise.all(writers.map(w => w.done)))
    assert.equal(written.map(w => [w.status, w.written]), written.map(() => ['written', share]))
    monitor.close()
    const read = await within(limitMs, 'reading', Promise.all(readers.map(r => r.done)))
    for (const { status, verdict } of read) {
      const { slots, torn, lost, reordered, wrongRows, next } = verdict
      assert.equal({ status, slots, torn, lost, reordered, wrongRows }, { status: 'end', slots: share * producers, torn: 0, lost: 0, reordered: 0, wrongRows: 0 })
      assert.equal(next, Array.from({ length: producers }, () => share))
    }
    const { usedBytes, claimedSlots, lostSlots, corruptSlots, droppedSlots } = monitor.stats()
    assert.equal({ usedBytes, claimedSlots, lostSlots, corruptSlots, droppedSlots }, { usedBytes: 0, claimedSlots: share * producers, lostSlots: 0, corruptSlots: 0, droppedSlots: 0 })
    total = { ...total, written: total.written + share * producers, seen: total.seen + share * producers * consumers }
  } finally {
    await Promise.all([...readers, ...writers].map(w => w.kill()))
  }
}

for (const producers of [1, 2, 3, 4]) {
  for (const consumers of [1, 2, 3]) {
    test(`${producers} producer(s) and ${consumers} consumer(s) lose, tear and reorder nothing`, () => stress(producers, consumers))
  }
}

test.after(() => {
  console.log(`\nREPORT ring stress: ${total.written} slots written, ${total.seen} seen and checked, 0 lost, torn or reordered`)
})

test.run()

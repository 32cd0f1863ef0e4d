/** Threads that are killed at one end of a ring: the others go on, and what was lost is known exactly. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Peer, Word } from './layout.js'
import { createRing, RingConsumer, RingMonitor, RingProducer, type RingMemory } from './ring.js'
import { readAll, wordsOf, writeAll } from './testing/ring-fixture.js'
import { randomSource, rowsOf, Verifier } from './testing/ring-payload.js'
import { Progress } from './testing/ring-progress.js'
import { RingWorker, within } from './testing/ring-workers.js'

const long = process.env['TAPIO_TEST_LONG'] === '1'
const limitMs = long ? 900_000 : 60_000
const small = { capacityBytes: 4096, maxProducers: 4, maxConsumers: 2 }

const producers = suite('a dead producer')

producers('killed between claim and commit leaves one lost slot, its rows are counted, and the slots behind it come through', async () => {
  const memory = createRing(small)
  const monitor = new RingMonitor(memory)
  const consumer = RingConsumer.attach(memory)
  const mine = RingProducer.attach(memory)
  writeAll(mine, 'before')
  const worker = new RingWorker(memory, { role: 'claim_and_hang', rows: 42 })
  await within(limitMs, 'the claim', worker.ready)
  writeAll(mine, 'behind')
  assert.equal(readAll(consumer), ['before', 'empty'])
  const wait = consumer.waitForData(limitMs)
  await worker.kill()
  assert.equal(monitor.markThreadDead(worker.threadId), { slots: 1, rows: 42 })
  assert.is(await wait, 'slot')
  assert.equal(readAll(consumer), ['behind', 'empty'])
  assert.equal([monitor.stats().lostSlots, monitor.stats().lostRows], [1, 42])
  assert.equal(monitor.markThreadDead(worker.threadId), { slots: 0, rows: 0 })
})

producers('killed while it holds the latch stops nobody for good: others are told full, and go on once it is marked dead', async () => {
  const memory = createRing(small)
  const monitor = new RingMonitor(memory)
  const consumer = RingConsumer.attach(memory)
  const mine = RingProducer.attach(memory)
  writeAll(mine, 'a')
  const worker = new RingWorker(memory, { role: 'latch_and_hang' })
  await within(limitMs, 'the latch', worker.ready)
  assert.equal(writeAll(mine, 'b'), ['full'])
  const write = mine.write(new TextEncoder().encode('c'), 1, { onFull: 'block', timeoutMs: limitMs })
  assert.throws(() => RingConsumer.attach(memory), /latch is held by a thread that does not run/)
  assert.equal(monitor.peers().filter(p => p.kind === 'consumer').map(p => p.status), ['alive', 'free'])
  await worker.kill()
  assert.equal(monitor.markThreadDead(worker.threadId), { slots: 0, rows: 0 })
  assert.is(await within(limitMs, 'the write', write), 'written')
  assert.equal(readAll(consumer), ['a', 'c', 'empty'])
})

producers('killed at any step of a claim leaves the sequence without a gap and nothing claimed, or all of it', () => {
  for (const died of ['before head moved', 'before the sequence moved', 'before the latch was freed']) {
    const memory = createRing(small)
    const words = wordsOf(memory)
    const monitor = new RingMonitor(memory)
    const consumer = RingConsumer.attach(memory)
    const other = RingProducer.attach(memory)
    writeAll(other, 'first')
    const dying = RingProducer.attach(memory)
    const head = words[Word.head]
    const line = Word.firstPeer + 32 * dying.ref.index
    dying.claim(40, 5)
    words[line + Peer.owner] = words[Word.latch] = 4712
    if (died !== 'before the latch was freed') words[Word.seqLo]--
    if (died === 'before head moved') words[Word.head] = head
    const lost = monitor.markThreadDead(4711)
    assert.equal(lost, died === 'before head moved' ? { slots: 0, rows: 0 } : { slots: 1, rows: 5 }, died)
    assert.equal(writeAll(other, 'next'), ['written'], died)
    assert.is(words[Word.seqLo], lost.slots + 2, died)
    assert.equal(readAll(consumer), ['first', 'next', 'empty'], died)
  }
})

/** Reads on the main thread until `until` answers true; `gaps` counts numbers of the ring that never came. */
async function readUntil (consumer: RingConsumer, verifier: Verifier, state: { next: bigint; gaps: number }, until: () => boolean): Promise<void> {
  while (!until()) {
    for (let i = 0; i < 500 && !until(); i++) {
      const slot = consumer.peek()
      if (slot.status !== 'slot') break
      state.gaps += Number(slot.sequence - state.next)
      state.next = slot.sequence + 1n
      verifier.see(slot.bytes, slot.rows)
      consumer.release()
    }
    await new Promise(resolve => setImmediate(resolve))
  }
}

producers('killed at random moments, again and again, loses at most the slot it was making, exactly counted', async () => {
  const memory = createRing(small)
  const monitor = new RingMonitor(memory)
  const consumer = RingConsumer.attach(memory)
  const random = randomSource(11)
  const verifier = new Verifier()
  const ring = { next: 0n, gaps: 0 }
  const rounds = long ? 400 : 20
  let tag = 0
  const start = (): { tag: number; worker: RingWorker } => ({ tag, worker: new RingWorker(memory, { role: 'produce', tag: tag++, slots: Infinity, slow: true }) })
  const running = [start(), start(), start()]
  let lostSlots = 0
  for (let round = 0; round < rounds; round++) {
    const [victim] = running.splice(random(running.length), 1)
    const target = verifier.verdict.slots + 1 + random(100)
    await within(limitMs, 'reading', readUntil(consumer, verifier, ring, () => verifier.verdict.slots >= target && (verifier.verdict.next[victim.tag] ?? 0) > 0))
    await victim.worker.kill()
    const lost = monitor.markThreadDead(victim.worker.threadId)
    // Whatever it had committed is still to be read, so its lost slot's rows are known only after the others went past it.
    const end = Number(monitor.stats().claimedSlots)
    running.push(start())
    await within(limitMs, 'reading on', readUntil(consumer, verifier, ring, () => Number(ring.next) > end))
    assert.equal(lost, lost.slots === 0 ? { slots: 0, rows: 0 } : { slots: 1, rows: rowsOf(verifier.verdict.next[victim.tag] ?? 0) })
    lostSlots += lost.slots
  }
  for (const { worker } of running) {
    await worker.kill()
    lostSlots += monitor.markThreadDead(worker.threadId).slots
  }
  monitor.close()
  await readUntil(consumer, verifier, ring, () => consumer.peek().status === 'end')
  const { slots, torn, lost, reordered, wrongRows } = verifier.verdict
  assert.equal({ torn, lost, reordered, wrongRows }, { torn: 0, lost: 0, reordered: 0, wrongRows: 0 })
  const stats = monitor.stats()
  ring.gaps += stats.claimedSlots - Number(ring.next)
  assert.equal([stats.lostSlots, ring.gaps, stats.claimedSlots], [lostSlots, lostSlots, slots + lostSlots])
  console.log(`\nREPORT ring deaths: ${rounds} producers killed at random, ${slots} slots read, ${lostSlots} lost in the making, all counted`)
})

const consumers = suite('a dead consumer')

async function killedReader (memory: RingMemory, released: number): Promise<RingWorker> {
  const worker = new RingWorker(memory, { role: 'peek_and_hang', slots: released })
  await within(limitMs, 'peeking', worker.ready)
  await worker.kill()
  return worker
}

consumers('whose cursor is kept goes on gating, and its successor gets the slot it had peeked again', async () => {
  const memory = createRing({ ...small, maxConsumers: 1 })
  const monitor = new RingMonitor(memory)
  const producer = RingProducer.attach(memory)
  writeAll(producer, 'a', 'b', 'c')
  const worker = await killedReader(memory, 1)
  assert.equal(monitor.markThreadDead(worker.threadId, { keepCursor: true }), { slots: 0, rows: 0 })
  assert.equal(monitor.peers().filter(p => p.kind === 'consumer').map(p => [p.status, p.threadId]), [['dead_kept', undefined]])
  while (writeAll(producer, 'd'.repeat(1000))[0] === 'written');
  const before = monitor.stats().usedSlots
  assert.is(RingConsumer.takeOver(memory, 1), undefined)
  const successor = RingConsumer.takeOver(memory, 0)
  assert.is(RingConsumer.takeOver(memory, 0), undefined)
  assert.ok(successor !== undefined)
  const seen = readAll(successor)
  assert.equal([seen[0], seen[1], seen.length - 1], ['b', 'c', before])
  assert.equal([monitor.stats().lostSlots, monitor.stats().lostRows], [0, 0])
})

consumers('that is given up stops gating; its unread slots and rows are counted, up to the first not yet committed', async () => {
  const memory = createRing(small)
  const monitor = new RingMonitor(memory)
  const producer = RingProducer.attach(memory)
  const claiming = RingProducer.attach(memory)
  const other = RingConsumer.attach(memory)
  for (const rows of [1, 10, 100]) producer.tryWrite(new Uint8Array(8), rows)
  claiming.claim(8, 5000)
  producer.tryWrite(new Uint8Array(8), 1000)
  const worker = await killedReader(memory, 1)
  assert.equal(monitor.markThreadDead(worker.threadId), { slots: 2, rows: 110 })
  claiming.commit()
  assert.is(readAll(other).length, 6)
  assert.is(monitor.stats().usedBytes, 0)
  assert.equal([monitor.stats().lostSlots, monitor.stats().lostRows], [2, 110])
})

consumers('kept and later given up loses then what it had not read', async () => {
  const memory = createRing(small)
  const monitor = new RingMonitor(memory)
  const producer = RingProducer.attach(memory)
  for (const rows of [1, 10, 100]) producer.tryWrite(new Uint8Array(8), rows)
  const worker = await killedReader(memory, 0)
  monitor.markThreadDead(worker.threadId, { keepCursor: true })
  assert.equal(monitor.markDead({ kind: 'consumer', index: 0 }), { slots: 3, rows: 111 })
  assert.is(RingConsumer.takeOver(memory, 0), undefined)
  assert.equal(readAll(RingConsumer.attach(memory)), ['empty'])
})

consumers('that only stopped reading bounds the memory: writers are told full, and nothing grows', () => {
  const memory = createRing(small)
  const monitor = new RingMonitor(memory)
  const stopped = RingConsumer.attach(memory)
  const reading = RingConsumer.attach(memory)
  const producer = RingProducer.attach(memory)
  let written = 0
  for (let i = 0; i < 20_000; i++) {
    if (writeAll(producer, 'x'.repeat(200))[0] === 'written') written++
    readAll(reading)
  }
  assert.is(written, 16)
  assert.equal([monitor.stats().claimedSlots, monitor.stats().usedBytes <= 4096, memory.buffer.byteLength < 8192], [16, true, true])
  assert.is(readAll(stopped).length, 17)
})

/** Kills a reader of one steady writer at random moments; `succeed` marks it dead, and starts and checks the next. */
async function relay (rounds: number, succeed: (memory: RingMemory, dead: RingWorker, progress: SharedArrayBuffer) => Promise<RingWorker>): Promise<number> {
  const memory = createRing({ capacityBytes: 4096 })
  const progress = new SharedArrayBuffer(12)
  const noted = new Int32Array(progress)
  noted[Progress.first] = -1
  const random = randomSource(23)
  let reader = new RingWorker(memory, { role: 'resume', progress })
  const writer = new RingWorker(memory, { role: 'produce', tag: 0, slots: Infinity })
  try {
    for (let round = 0; round < rounds; round++) {
      const target = Atomics.load(noted, Progress.last) + 1 + random(500)
      await within(limitMs, 'reading', until(() => Atomics.load(noted, Progress.last) >= target))
      await reader.kill()
      reader = await succeed(memory, reader, progress)
    }
    new RingMonitor(memory).close()
    const { written } = await within(limitMs, 'writing', writer.done)
    assert.is((await within(limitMs, 'the rest', reader.done)).status, 'end')
    assert.equal([noted[Progress.last], noted[Progress.faults]], [written - 1, 0])
    return written
  } finally {
    await Promise.all([reader.kill(), writer.kill()])
  }
}

async function until (condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setImmediate(resolve))
}

consumers('killed at random moments, again and again, is continued by its successors without a loss', async () => {
  const rounds = long ? 250 : 15
  const written = await relay(rounds, async (memory, dead, progress) => {
    const noted = new Int32Array(progress)
    assert.equal(new RingMonitor(memory).markThreadDead(dead.threadId, { keepCursor: true }), { slots: 0, rows: 0 })
    const last = noted[Progress.last]
    noted[Progress.first] = -1
    const next = new RingWorker(memory, { role: 'resume', takeOver: 0, progress })
    await within(limitMs, 'the successor', until(() => Atomics.load(noted, Progress.first) >= 0))
    const first = noted[Progress.first]
    assert.ok(first === last || first === last + 1, `the successor started at ${first} after ${last}`)
    return next
  })
  console.log(`\nREPORT ring deaths: ${rounds} consumers killed at random and succeeded, ${written} slots, 0 lost`)
})

consumers('killed at random moments, again and again, without a successor at its cursor, loses exactly what is counted', async () => {
  const rounds = long ? 250 : 15
  let lostSlots = 0
  const written = await relay(rounds, async (memory, dead, progress) => {
    const noted = new Int32Array(progress)
    const lost = new RingMonitor(memory).markThreadDead(dead.threadId)
    const last = noted[Progress.last]
    noted[Progress.first] = -1
    const next = new RingWorker(memory, { role: 'resume', progress })
    await within(limitMs, 'the next reader', until(() => Atomics.load(noted, Progress.first) >= 0))
    const first = noted[Progress.first]
    const unread = first - lost.slots
    assert.ok(unread === last || unread === last + 1, `${lost.slots} lost, yet the next reader started at ${first} after ${last}`)
    let rows = 0
    for (let number = unread; number < first; number++) rows += rowsOf(number)
    assert.is(lost.rows, rows)
    lostSlots += lost.slots
    return next
  })
  console.log(`\nREPORT ring deaths: ${rounds} consumers killed at random and given up, ${written} slots, ${lostSlots} lost, all counted`)
})

for (const s of [producers, consumers]) s.run()

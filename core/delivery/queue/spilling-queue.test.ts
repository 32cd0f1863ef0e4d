/**
 * Scenario: a queue in memory that may spill, whose other side is slow or away while memory gets short and is there again, whose disk is
 * full, and which ends with batches in it. Guarantees: what spilled is delivered, first; severe rows stay in memory and are delivered before
 * others, out of batches that hold both; nothing is lost or delivered twice, over the end of the process too; nobody waits beside a batch.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { EventBatch } from '../../data/batch.js'
import { BatchBuilder } from '../../data/builder.js'
import { Severity } from '../../data/enums.js'
import { seeded } from '../../data/testing/random.js'
import { SharedPressure } from '../../pressure/pressure.js'
import { FakeClock } from '../../testing/fake-clock.js'
import { DiskQueue } from './disk-queue.js'
import { MemoryQueue, type MemoryQueueOptions } from './memory-queue.js'
import { SpillingQueue } from './spilling-queue.js'

const test = suite<{ directory: string }>('spilling queue')
test.before.each(context => { context.directory = mkdtempSync(join(tmpdir(), 'tapio-spill-')) })
test.after.each(({ directory }) => { rmSync(directory, { recursive: true, force: true }) })

async function open (directory: string, more: { memoryBytes?: number, diskBytes?: number, pressure?: SharedPressure, options?: Partial<MemoryQueueOptions> } = {}) {
  const [clock, pressure] = [new FakeClock(), more.pressure ?? new SharedPressure()]
  const lost: number[] = []
  let spilled = 0
  const common = { maxAgeMs: 0, whenFull: 'refuse' as const, clock, onDrop: (_: string, rows: number) => { lost.push(rows) } }
  const memory = new MemoryQueue({ ...common, maxBytes: more.memoryBytes ?? 1 << 20, severeFrom: Severity.error, ...more.options })
  const disk = await DiskQueue.open({ ...common, directory, maxBytes: more.diskBytes ?? 1 << 24, fsync: 'never', fsyncIntervalMs: 0, maxCachedBytes: 0, onDamage: (_file, _offset, _bytes, reason) => { throw new Error(reason) } })
  return { queue: new SpillingQueue({ memory, disk, pressure, clock, onSpill: rows => { spilled += rows } }), memory, disk, pressure, clock, lost, spilled: () => spilled }
}

/** Rows named 0, 1, 2, … from `from` on, each with a severity. */
function batch (from: number, severities: readonly number[], padding = 100): EventBatch {
  const builder = new BatchBuilder()
  severities.forEach((severity, i) => { builder.append({ signal: 'events', severity, name: String(from + i), message: String(from + i).padEnd(padding, 'x') }) })
  return builder.finish()
}

const info = (from: number, rows = 3, padding = 100): EventBatch => batch(from, Array.from({ length: rows }, () => 9), padding)
const names = (b: EventBatch): number[] => [...b].map(row => Number(row.get('name')))

async function takeAll (queue: SpillingQueue): Promise<number[][]> {
  const out: number[][] = []
  while (queue.waiting > 0) {
    const taken = await queue.take()
    if (taken === undefined) break
    out.push(names(taken.batch))
    taken.done()
  }
  return out
}

test('with memory nothing goes to disk', async ({ directory }) => {
  const { queue, disk, spilled } = await open(directory)
  for (const n of [0, 3, 6]) assert.equal(await queue.put(info(n)), { status: 'queued' })
  assert.equal([disk.waiting, spilled(), await takeAll(queue)], [0, 0, [[0, 1, 2], [3, 4, 5], [6, 7, 8]]])
  await queue.close()
})

test('short of memory what waits goes to disk without anybody asking, what comes as well, and both come back in order', async ({ directory }) => {
  const { queue, memory, disk, pressure, clock, spilled } = await open(directory)
  await queue.put(info(0))
  await queue.put(info(3))
  pressure.set('spill', 0, 0)
  await clock.advance(250)
  while (memory.waiting > 0) await new Promise(resolve => setImmediate(resolve))
  await queue.put(info(6))
  assert.equal([memory.waiting, memory.bytes, disk.waiting, spilled()], [0, 0, 3, 9])
  pressure.set('none', 0, 0)
  await queue.put(info(9))
  assert.equal([memory.waiting, disk.waiting], [1, 3])
  assert.equal(await takeAll(queue), [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]])
  assert.is(queue.bytes, disk.bytes)
  await queue.close()
})

test('severe rows stay in memory and go first, out of batches that hold both', async ({ directory }) => {
  const { queue, memory, pressure } = await open(directory, { memoryBytes: 100_000 })
  await queue.put(info(0, 100, 200))
  pressure.set('spill', 0, 0)
  await queue.put(batch(100, [9, 17, 9, 21]))
  await queue.put(batch(104, [17]))
  assert.is(memory.waitingSevere, 2)
  assert.equal((await takeAll(queue)).slice(0, 4).map(rows => rows.slice(0, 2)), [[101, 103], [104], [100, 102], [0, 1]])
  await queue.close()
})

test('a full memory spills whatever the pressure; when the disk is full too, senders are to come again', async ({ directory }) => {
  const { queue, disk } = await open(directory, { memoryBytes: 30_000, diskBytes: 1 << 20 })
  let n = 0
  while ((await queue.put(info(n, 20, 500))).status === 'queued') n += 20
  assert.ok(disk.waiting > 10 && n > 500, `${disk.waiting} ${n}`)
  const rows = (await takeAll(queue)).flat().sort((a, b) => a - b)
  assert.equal(rows, Array.from({ length: n }, (_, i) => i))
  assert.equal(await queue.put(info(n)), { status: 'queued' })
  await queue.close()
})

test('what waits at the end, and what was put back, is there in the next life', async ({ directory }) => {
  const first = await open(directory)
  for (const n of [0, 3, 6]) await first.queue.put(info(n))
  await first.queue.put(batch(9, [21]))
  const taken = await first.queue.take()
  taken?.putBack()
  assert.equal([await first.queue.close(), first.lost], [0, []])
  assert.equal(await first.queue.put(info(99)), { status: 'failed', reason: 'the queue is closed' })
  assert.is(await first.queue.take(), undefined)
  const second = await open(directory)
  assert.equal((await takeAll(second.queue)).flat().sort((a, b) => a - b), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  await second.queue.close()
})

test('what does not fit on the disk at the end is lost, and told', async ({ directory }) => {
  const { queue } = await open(directory, { memoryBytes: 8 << 20, diskBytes: 1 << 20 })
  for (let n = 0; n < 40; n++) assert.equal(await queue.put(info(n * 100, 100, 500)), { status: 'queued' })
  const lost = await queue.close()
  assert.ok(lost > 1000 && lost < 4000 && lost % 100 === 0, `${lost}`)
})

test('whoever waits gets what comes, from wherever; a close ends the waiting', async ({ directory }) => {
  const { queue, pressure } = await open(directory)
  const got: number[][] = []
  const lane = async (): Promise<void> => { for (let t = await queue.take(); t !== undefined; t = await queue.take()) { got.push(names(t.batch)); t.done() } }
  const lanes = [lane(), lane(), lane()]
  for (let i = 0; i < 60; i++) {
    pressure.set(i % 3 === 0 ? 'spill' : 'none', 0, 0)
    await queue.put(info(i, 1))
    if (i % 5 === 0) await new Promise(resolve => setImmediate(resolve))
  }
  while (got.length < 60) await new Promise(resolve => setImmediate(resolve))
  await queue.close()
  await Promise.all(lanes)
  assert.equal(got.flat().sort((a, b) => a - b), Array.from({ length: 60 }, (_, i) => i))
})

test('whatever happens, every row taken over is delivered once', async ({ directory }) => {
  for (let seed = 1; seed <= 6; seed++) {
    const random = seeded(seed)
    const { queue, pressure, clock, lost } = await open(join(directory, String(seed)), { memoryBytes: 40_000 })
    const got: number[] = []
    let [next, left] = [0, 0]
    for (let i = 0; i < 150; i++) {
      pressure.set(random.pick(['none', 'shrink', 'spill', 'shed'] as const), 0, 0)
      const rows = 1 + random.below(8)
      if ((await queue.put(batch(next, Array.from({ length: rows }, () => random.pick([1, 9, 17, 21]))))).status === 'queued') { left += rows; next += rows }
      if (random.below(3) === 0) await clock.advance(250)
      for (let n = random.below(3); n > 0 && queue.waiting > 0; n--) {
        const taken = await queue.take()
        if (random.below(4) === 0) taken?.putBack()
        else if (taken !== undefined) { got.push(...names(taken.batch)); taken.done() }
      }
    }
    got.push(...(await takeAll(queue)).flat())
    await queue.close()
    assert.equal([got.length, new Set(got).size, lost], [left, left, []], `seed ${seed}`)
  }
})

test.run()

/**
 * Scenario: a queue on disk in all its lives: put and delivered in any order, closed, killed, full, too old, cut off, damaged, on a disk
 * that fails.
 * Guarantees: what was queued is delivered at least once and in order; what is damaged is told with its place, and nothing beside it is
 * lost; the bounds hold; each row that is dropped is counted with its reason.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { seeded } from '../../data/testing/random.js'
import { headerLength } from '../../data/file-format.js'
import { readFrames } from '../../data/read-frames.js'
import { FakeClock } from '../../testing/fake-clock.js'
import { DiskQueue, type DiskQueueOptions } from './disk-queue.js'
import type { Taken } from './queue.js'
import { encodeDone } from './segment-files.js'
import { numberOf, numberedBatch } from './testing/numbered.js'

interface Context { directory: string }
const queues = suite<Context>('disk queue')
queues.before.each(context => { context.directory = mkdtempSync(join(tmpdir(), 'tapio-queue-')) })
queues.after.each(({ directory }) => { rmSync(directory, { recursive: true, force: true }) })

interface Opened { readonly queue: DiskQueue, readonly dropped: Map<string, number>, readonly damage: string[] }

async function open (directory: string, more: Partial<DiskQueueOptions> = {}): Promise<Opened> {
  const dropped = new Map<string, number>()
  const damage: string[] = []
  const queue = await DiskQueue.open({
    directory, fsync: 'never', fsyncIntervalMs: 1000, maxBytes: 1 << 30, maxAgeMs: 0, whenFull: 'refuse', maxCachedBytes: 1 << 20, clock: new FakeClock(),
    onDrop: (reason, rows) => { dropped.set(reason, (dropped.get(reason) ?? 0) + rows) },
    onDamage: (file, offset, bytes, reason) => { damage.push(`${file.slice(directory.length + 1)} ${offset}+${bytes} ${reason}`) },
    ...more
  })
  return { queue, dropped, damage }
}

async function put (queue: DiskQueue, numbers: readonly number[]): Promise<void> {
  for (const number of numbers) assert.equal(await queue.put(numberedBatch(number)), { status: 'queued' })
}

/** All that wait: a last one is put behind them, so that damage at the end cannot be waited for. */
async function takeAll (queue: DiskQueue): Promise<number[]> {
  const last = 999_999_999
  await put(queue, [last])
  const numbers: number[] = []
  for (;;) {
    const taken = await queue.take() as Taken
    const number = numberOf(taken.batch)
    taken.done()
    if (number === last) return numbers
    numbers.push(number)
  }
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)

for (const fsync of ['always', 'interval', 'never'] as const) {
  queues(`what is put comes out in order, in this life or the next (fsync: ${fsync})`, async ({ directory }) => {
    const first = await open(directory, { fsync })
    await put(first.queue, range(0, 10))
    for (const number of range(0, 4)) {
      const taken = await first.queue.take() as Taken
      assert.is(numberOf(taken.batch), number)
      taken.done()
    }
    await first.queue.close()
    const second = await open(directory, { fsync })
    assert.is(second.queue.waiting, 6)
    await put(second.queue, range(10, 13))
    assert.equal(await takeAll(second.queue), range(4, 13))
    await second.queue.close()
    assert.equal([second.damage, [...second.dropped]], [[], []])
    assert.equal(readdirSync(directory), [], 'nothing is left of what is delivered')
  })
}

queues('what is put back comes again in its place, and what was under way at the end comes in the next life', async ({ directory }) => {
  const { queue } = await open(directory)
  await put(queue, range(0, 5))
  const [a, b, c] = [await queue.take(), await queue.take(), await queue.take()] as [Taken, Taken, Taken]
  b.putBack()
  a.putBack()
  a.putBack()
  assert.is(numberOf(((await queue.take()) as Taken).batch), 0)
  c.done()
  await queue.close()
  const again = await open(directory)
  assert.equal(await takeAll(again.queue), [0, 1, 3, 4])
  await again.queue.close()
})

queues('whoever waits is given the next one, or the end', async ({ directory }) => {
  const { queue } = await open(directory)
  const waiting = [queue.take(), queue.take()]
  await put(queue, [7])
  assert.is(numberOf((await waiting[0] as Taken).batch), 7)
  await queue.close()
  assert.is(await waiting[1], undefined)
  assert.equal(await queue.put(numberedBatch(8)), { status: 'failed', reason: 'the queue is closed' })
})

queues('notes that outlived their segment are not taken for those of the next', async ({ directory }) => {
  const first = await open(directory)
  await put(first.queue, [0])
  ;((await first.queue.take()) as Taken).done()
  await first.queue.close()
  // As if the process had ended between the removal of a segment and that of its notes: each segment's first batch is at one place.
  writeFileSync(join(directory, 'queue-0000000001.done'), encodeDone(headerLength))
  const second = await open(directory)
  await put(second.queue, [1])
  await second.queue.close()
  const third = await open(directory)
  assert.equal(await takeAll(third.queue), [1])
  await third.queue.close()
})

queues('a directory has one queue', async ({ directory }) => {
  const { queue } = await open(directory)
  const failed = await open(directory).then(() => '', (error: Error) => error.message)
  assert.match(failed, new RegExp(`is in use by process ${process.pid}`))
  await queue.close()
  writeFileSync(join(directory, 'file'), '')
  assert.match(await open(join(directory, 'file', 'x')).then(() => '', (error: Error) => error.message), /cannot be used: ENOTDIR/)
})

queues('a full queue takes no more until something is delivered', async ({ directory }) => {
  const { queue, dropped } = await open(directory, { maxBytes: 64 * 1024 })
  let queued = 0
  while ((await queue.put(numberedBatch(queued, 20))).status === 'queued') queued++
  assert.ok(queued > 5 && queue.bytes <= 64 * 1024)
  ;((await queue.take()) as Taken).done()
  // A batch in the middle of a file makes no room: files go as a whole.
  assert.equal(await queue.put(numberedBatch(queued, 20)), { status: 'full' })
  for (let number = 1; number < queued; number++) {
    const taken = await queue.take() as Taken
    assert.is(numberOf(taken.batch), number)
    taken.done()
  }
  assert.equal(await queue.put(numberedBatch(queued, 20)), { status: 'queued' })
  assert.is(dropped.size, 0)
  await queue.close()
})

queues('with drop_oldest the oldest file makes room, its rows are counted, also those of an earlier life', async ({ directory }) => {
  const maxBytes = 4 << 20
  const first = await open(directory, { maxBytes, whenFull: 'drop_oldest' })
  let number = 0
  while (first.dropped.size === 0) { await first.queue.put(numberedBatch(number++, 500)); assert.ok(first.queue.bytes <= maxBytes) }
  const left = first.queue.waiting
  assert.is(first.dropped.get('overflow'), (number - left) * 500)
  await first.queue.close()
  const second = await open(directory, { maxBytes, whenFull: 'drop_oldest' })
  for (let i = 0; i < number; i++) await second.queue.put(numberedBatch(number + i, 500))
  const kept = second.queue.waiting
  assert.ok(second.queue.bytes <= maxBytes)
  const rest: number[] = []
  for (let i = 0; i < kept; i++) { const taken = await second.queue.take() as Taken; rest.push(numberOf(taken.batch)); taken.done() }
  assert.equal(rest, range(2 * number - kept, 2 * number), 'the newest are there')
  await second.queue.close()
  assert.is(second.dropped.get('overflow'), (left + number - kept) * 500)
})

queues('what waits too long is dropped and counted', async ({ directory }) => {
  const clock = new FakeClock(Date.now())
  const first = await open(directory, { clock, maxAgeMs: 60_000 })
  await put(first.queue, range(0, 4))
  await clock.advance(59_000)
  assert.is(first.queue.waiting, 4)
  await first.queue.close()
  const second = await open(directory, { clock, maxAgeMs: 60_000 })
  await clock.advance(10_000)
  await put(second.queue, [9])
  assert.equal(await takeAll(second.queue), [9])
  await clock.advance(1000)
  await put(second.queue, [10])
  await clock.advance(61_000)
  await put(second.queue, [11])
  assert.equal(await takeAll(second.queue), [11])
  await second.queue.close()
  assert.equal([...second.dropped], [['expired', 15]])
})

queues('cut off at any byte: every whole batch is there, and the rest is told', async ({ directory }) => {
  const { queue } = await open(directory)
  await put(queue, range(0, 3))
  await queue.close()
  const name = 'queue-0000000001.tapio'
  const whole = readFileSync(join(directory, name))
  const ends: number[] = []
  for await (const item of readFrames((async function * () { yield whole })(), 1 << 20)) ends.push(item.offset)
  ends.push(whole.length)
  for (let size = whole.length; size >= 0; size -= 7) {
    writeFileSync(join(directory, name), whole)
    truncateSync(join(directory, name), size)
    const { queue: cut, damage } = await open(directory)
    const expected = ends.slice(1).filter(end => end <= size).length
    assert.equal(await takeAll(cut), range(0, expected), `${size} bytes`)
    assert.is(damage.length, ends.includes(size) || size === 0 ? 0 : 1, `${size} bytes: ${damage.join()}`)
    await cut.close()
    rmSync(join(directory, 'queue-0000000001.done'), { force: true })
  }
})

queues('a changed byte costs the batch it is in, and no other', async ({ directory }) => {
  const { queue } = await open(directory)
  await put(queue, range(0, 6))
  await queue.close()
  const name = join(directory, 'queue-0000000001.tapio')
  const whole = readFileSync(name)
  const random = seeded(7)
  for (let round = 0; round < 300; round++) {
    const bytes = Buffer.from(whole)
    const at = random.below(bytes.length)
    bytes[at] = (bytes[at] as number) ^ (1 + random.below(255))
    writeFileSync(name, bytes)
    const { queue: damaged, damage } = await open(directory)
    const numbers = await takeAll(damaged)
    assert.ok(numbers.length >= 5, `byte ${at}: ${numbers.join()}`)
    // A wrong byte in the file's own head costs nothing: the first batch says it too.
    if (numbers.length === 5) assert.is(damage.length, 1, `byte ${at}`)
    await damaged.close()
    rmSync(join(directory, 'queue-0000000001.done'), { force: true })
  }
})

queues('a list of what is delivered that is torn or damaged costs a repetition', async ({ directory }) => {
  const { queue } = await open(directory)
  await put(queue, range(0, 4))
  for (let i = 0; i < 3; i++) ((await queue.take()) as Taken).done()
  await queue.close()
  const done = join(directory, 'queue-0000000001.done')
  const bytes = readFileSync(done)
  assert.is(bytes.length, 24)
  const kept = join(directory, 'kept')
  copyFileSync(join(directory, 'queue-0000000001.tapio'), kept)
  for (const [content, expected] of [[bytes.subarray(0, 21), [2, 3]], [Buffer.concat([Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]), bytes.subarray(8)]), [0, 3]]] as const) {
    copyFileSync(kept, join(directory, 'queue-0000000001.tapio'))
    writeFileSync(done, content)
    const again = await open(directory)
    assert.equal(await takeAll(again.queue), expected)
    await again.queue.close()
  }
})

queues('a disk without room answers so, and goes on when there is some', async () => {
  // /dev/full cannot hold a directory: the limit on the size of a file is the next best full disk.
  const directory = mkdtempSync(join(tmpdir(), 'tapio-queue-full-'))
  try {
    const script = fileURLToPath(new URL('./testing/full-disk.js', import.meta.url))
    const child = spawn('sh', ['-c', `ulimit -f 64; trap '' XFSZ; exec "$0" "$@"`, process.execPath, script, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (d: Buffer) => { output += d.toString() })
    await once(child, 'close')
    assert.equal(JSON.parse(output), { failed: true, reason: true, inOrder: true, allBack: true })
    assert.ok(readdirSync(directory).every(name => statSync(join(directory, name)).size === 0 || name.endsWith('.sock')))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})

const rounds = process.env.TAPIO_TEST_LONG === '1' ? 50 : 8

queues(`killed ${rounds} times while it is written: what was queued is there`, async ({ directory }) => {
  const random = seeded(11)
  const writer = fileURLToPath(new URL('./testing/kill-writer.js', import.meta.url))
  const queued = new Set<number>()
  for (let round = 0; round < rounds; round++) {
    const child = spawn(process.execPath, [writer, directory, ['always', 'interval', 'never'][round % 3] as string, String(round * 1_000_000)], { stdio: ['ignore', 'pipe', 'inherit'] })
    const lines = 1 + random.below(300)
    let output = ''
    child.stdout.on('data', (d: Buffer) => {
      output += d.toString()
      if (output.split('\n').length > lines) child.kill('SIGKILL')
    })
    assert.is((await once(child, 'close'))[1], 'SIGKILL')
    for (const line of output.slice(0, output.lastIndexOf('\n')).split('\n')) queued.add(Number(line))
  }
  const { queue, damage } = await open(directory, { maxCachedBytes: 0 })
  const found = new Set(await takeAll(queue))
  await queue.close()
  for (const number of queued) assert.ok(found.has(number), `${number} is lost`)
  assert.ok(damage.every(d => d.includes('cut off')), damage.join('; '))
})

queues.run()

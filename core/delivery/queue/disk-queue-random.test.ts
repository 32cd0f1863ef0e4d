/**
 * Scenario: random histories of a queue on disk: batches put by several at once, taken, delivered, put back; then the process is gone (the
 * files as they are at that moment are what the next life finds), with the end of a file cut off or a byte of it changed, or without.
 * Some batches come in lent memory that is overwritten as soon as they are queued, and whoever takes one reads it until it is done.
 * Guarantees: every batch whose sender was answered is delivered, in this life or a later one, or it is in a part that was told as damaged;
 * nothing is delivered that was never put, and what is given out has the bytes that were put.
 */
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { encodeBatch } from '../../data/codec.js'
import { decodeBatch } from '../../data/decode.js'
import type { EventBatch } from '../../data/batch.js'
import { seeded, type Random } from '../../data/testing/random.js'
import { systemClock } from '../../component/clock.js'
import { DiskQueue } from './disk-queue.js'
import { numberOf, numberedBatch } from './testing/numbered.js'

const histories = process.env['TAPIO_TEST_LONG'] === '1' ? 300 : 12
const lives = 4

interface Context { folder: string }
const random = suite<Context>('disk queue, random histories')
random.before.each(context => { context.folder = mkdtempSync(join(tmpdir(), 'tapio-queue-random-')) })
random.after.each(({ folder }) => { rmSync(folder, { recursive: true, force: true }) })

/** What is true of all lives together. */
interface Book { next: number, readonly queued: Set<number>, readonly delivered: Set<number>, damagedParts: number }

const rowsOf = (number: number): number => 1 + number % 40

function open (directory: string, dice: Random, book: Book): Promise<DiskQueue> {
  return DiskQueue.open({
    directory, fsync: dice.pick(['never', 'interval', 'always']), fsyncIntervalMs: 10, maxBytes: 1 << 20, maxAgeMs: 0, whenFull: 'refuse',
    maxCachedBytes: dice.pick([0, 20_000, 1 << 20]), lends: dice.chance(0.7), clock: systemClock,
    onDrop: (reason, rows) => { if (reason !== 'damaged') throw new Error(`${rows} rows dropped: ${reason}`) },
    onDamage: () => { book.damagedParts++ }
  })
}

/** In memory that is somebody else's after the answer. */
function lent (batch: EventBatch): { readonly batch: EventBatch, overwrite(): void } {
  const document = encodeBatch(batch)
  const decoded = decodeBatch(document, true, true)
  if (!decoded.ok) throw new Error(decoded.error)
  return { batch: decoded.batch, overwrite: () => { document.fill(0xee) } }
}

async function putSome (queue: DiskQueue, dice: Random, book: Book, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const number = book.next++
    const own = numberedBatch(number, rowsOf(number))
    const given = dice.chance(0.5) ? lent(own) : { batch: own, overwrite: () => undefined }
    const result = await queue.put(given.batch)
    given.overwrite()
    if (result.status === 'queued') book.queued.add(number)
  }
}

async function takeSome (queue: DiskQueue, dice: Random, book: Book, count: number): Promise<void> {
  for (let i = 0; i < count && queue.waiting > 0; i++) {
    const taken = await queue.take()
    // The life ended while it waited.
    if (taken === undefined) return
    await new Promise(resolve => { setImmediate(resolve) })
    check(taken.batch, book)
    if (dice.chance(0.15)) { taken.putBack(); continue }
    book.delivered.add(numberOf(taken.batch))
    taken.done()
  }
}

function check (batch: EventBatch, book: Book): void {
  const number = numberOf(batch)
  assert.ok(number < book.next, `${number} was never put`)
  assert.is(batch.count, rowsOf(number))
  for (let row = 0; row < batch.count; row++) assert.equal([batch.at(row).get('name'), batch.at(row).attribute('row')], [`${number}`, row])
}

/** As a crash leaves it, in a directory of its own; the queue itself is closed, for its descriptors. */
async function crash (queue: DiskQueue, from: string, to: string, dice: Random): Promise<number> {
  cpSync(from, to, { recursive: true, filter: path => !path.endsWith('.sock') })
  await queue.close()
  const files = readdirSync(to).filter(name => name.endsWith('.tapio'))
  if (files.length === 0 || dice.chance(0.6)) return 0
  const path = join(to, dice.pick(files))
  const bytes = readFileSync(path)
  if (bytes.length === 0) return 0
  const at = dice.below(bytes.length)
  if (dice.chance(0.5)) {
    truncateSync(path, at)
    return Infinity
  }
  bytes[at] = (bytes[at] as number) ^ (1 + dice.below(255))
  writeFileSync(path, bytes)
  return 1
}

random(`${histories} histories of ${lives} lives: nothing that was queued is lost`, async ({ folder }) => {
  for (let seed = 1; seed <= histories; seed++) {
    const dice = seeded(seed)
    const book: Book = { next: 0, queued: new Set(), delivered: new Set(), damagedParts: 0 }
    let mayMiss = 0
    let directory = join(folder, `${seed}-0`)
    for (let life = 1; life <= lives; life++) {
      const queue = await open(directory, dice, book)
      const puts = [putSome(queue, dice, book, dice.below(40)), putSome(queue, dice, book, dice.below(40))]
      const takes = dice.chance(0.8) ? [takeSome(queue, dice, book, dice.below(60)), takeSome(queue, dice, book, dice.below(20))] : []
      await Promise.all(puts)
      const next = join(folder, `${seed}-${life}`)
      mayMiss += await crash(queue, directory, next, dice)
      await Promise.all(takes)
      directory = next
    }
    const last = await open(directory, dice, book)
    await last.known
    // What waits may be damaged: `take` would wait for more.
    for (let taken = await last.takeNow(); taken !== undefined; taken = await last.takeNow()) {
      check(taken.batch, book)
      book.delivered.add(numberOf(taken.batch))
      taken.done()
    }
    await last.close()
    const missing = [...book.queued].filter(number => !book.delivered.has(number))
    assert.ok(missing.length <= mayMiss, `seed ${seed}: ${missing.join()} missing, damage may have cost ${mayMiss}`)
    if (missing.length > 0) assert.ok(book.damagedParts > 0 || mayMiss === Infinity, `seed ${seed}: ${missing.join()} missing and nothing said`)
  }
})

random.run()

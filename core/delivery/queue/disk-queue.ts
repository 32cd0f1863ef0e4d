/**
 * Batches on disk until they are delivered: first in, first out, at least once. A batch is `queued` when it is in a file as the fsync
 * policy says, and is forgotten when `done` is called for it. What a life of the process leaves is there for the next one.
 *
 *   policy     survives kill -9   survives a power cut
 *   always     yes                yes
 *   interval   yes                but for the last interval
 *   never      yes                as far as the system has written back
 *
 * Memory: batches that were put lately (`maxCachedBytes`) and 48 bytes for each that waits.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../component/clock.js'
import type { EventBatch } from '../../data/batch.js'
import { decodeBatch } from '../../data/decode.js'
import { headerLength } from '../../data/file-format.js'
import type { Letter } from '../../data/letter.js'
import { lockDirectory, lockHolder, type DirectoryLock } from '../../net/directory-lock.js'
import { roomUnder, type Pressure } from '../../pressure/pressure.js'
import { wait } from '../insist.js'
import type { BatchQueue, PutResult, Taken, WhenFull } from './queue.js'
import { Segment, type Entry } from './segment.js'
import { freeNumber, listSegments, readDone, removeSegment, scanSegment, segmentName } from './segment-files.js'
import { SegmentWriter, type FsyncPolicy } from './segment-writer.js'

export interface DiskQueueOptions {
  /** Made with mode 0700 when it is missing. One queue a directory. */
  readonly directory: string
  /** Of all files. */
  readonly maxBytes: number
  /** What waits longer is dropped; 0 = never. */
  readonly maxAgeMs: number
  readonly fsync: FsyncPolicy
  readonly fsyncIntervalMs: number
  /** `drop_oldest`: the oldest file makes room. */
  readonly whenFull: WhenFull
  readonly maxCachedBytes: number
  /** Short of memory, less is cached. */
  readonly pressure?: Pressure
  readonly clock: Clock
  /** Rows that are lost and why: `overflow`, `expired`, `damaged` (as far as it is known how many they were). */
  readonly onDrop: (reason: string, rows: number) => void
  /** Bytes that cannot be read; how many rows they were nobody knows any more. */
  readonly onDamage: (file: string, offset: number, bytes: number, reason: string) => void
}

/** So many files at most: what `drop_oldest` drops at once, and what stays on disk for a batch that is not delivered. */
const shareOfSegment = 16
const minSegmentBytes = 4096
const maxSegmentBytes = 64 << 20
const maxFrameBytes = 0x7fffffff

/** A file that cannot be read now may be readable soon: too many open files, a disk that comes back. */
const readAttempts = 30
const readAgainMs = 1000

export class DiskQueue implements BatchQueue {
  /** Oldest first; the last may be the writer's. */
  readonly #segments: Segment[] = []
  readonly #waiters: (() => void)[] = []
  readonly #removing = new Set<Promise<void>>()
  readonly #closing = new AbortController()
  #writer!: SegmentWriter
  #cachedBytes = 0
  #reservedBytes = 0
  #closed = false

  private constructor (readonly options: DiskQueueOptions, readonly lock: DirectoryLock) {}

  /** Rejects with an error for people when the directory cannot be used or another process has it. */
  static async open (options: DiskQueueOptions): Promise<DiskQueue> {
    const { directory } = options
    let lock: DirectoryLock | undefined
    try {
      await makeDirectory(directory)
      lock = await lockDirectory(directory)
    } catch (error) {
      throw new Error(`the queue's directory ${directory} cannot be used: ${(error as Error).message}`, { cause: error })
    }
    if (lock === undefined) throw new Error(`the queue's directory ${directory} is in use by ${await lockHolder(directory) ?? 'another process'}: give each exporter one of its own, or end that process first`)
    const queue = new DiskQueue(options, lock)
    try {
      await queue.#load()
      return queue
    } catch (error) {
      await lock.release()
      throw new Error(`the queue in ${directory} cannot be read: ${(error as Error).message}`, { cause: error })
    }
  }

  /** On disk, without a file that has been delivered and waits for more to come. */
  get bytes (): number { return this.#segments.reduce((sum, s) => sum + (s.isDelivered ? 0 : s.bytes), 0) }
  /** Batches that wait. */
  get waiting (): number { return this.#segments.reduce((sum, s) => sum + s.waiting, 0) }
  get underWay (): number { return this.#segments.reduce((sum, s) => sum + s.underWay, 0) }
  readonly rowsInMemory = 0

  /** `letter`: why it lies here for good. */
  async put (batch: EventBatch, letter?: Letter): Promise<PutResult> {
    if (this.#closed) return { status: 'failed', reason: 'the queue is closed' }
    const frame = this.#writer.encode(batch, letter)
    this.#expire()
    // Room for the header of a file that may have to be begun, too.
    const needed = frame.length + headerLength
    if (!this.#makeRoom(needed)) return this.#noRoom(batch)
    this.#reservedBytes += needed
    try {
      const result = await this.#writer.write(batch, frame)
      return result.status === 'written' ? { status: 'queued' } : result
    } finally {
      this.#reservedBytes -= needed
    }
  }

  /** The oldest batch that waits; waits for one. undefined: the queue is closed. */
  async take (): Promise<Taken | undefined> {
    while (!this.#closed) {
      this.#expire()
      const entry = this.#next()
      if (entry === undefined) { await new Promise<void>(resolve => this.#waiters.push(resolve)); continue }
      const batch = await this.#batchOf(entry)
      if (batch !== undefined) return this.#taken(entry, batch)
    }
    return undefined
  }

  /** The same without waiting: undefined when there is none. */
  async takeNow (): Promise<Taken | undefined> {
    this.#expire()
    for (let entry = this.#next(); entry !== undefined && !this.#closed; entry = this.#next()) {
      const batch = await this.#batchOf(entry)
      if (batch !== undefined) return this.#taken(entry, batch)
    }
    return undefined
  }

  /** What waits stays on disk. Batches under way are as if they waited: nothing is lost. */
  async close (): Promise<number> {
    if (this.#closed) return 0
    this.#closed = true
    this.#closing.abort()
    this.#wake(Infinity)
    await this.#writer.close()
    for (const segment of this.#segments) await segment.close()
    this.#removeDelivered()
    await Promise.all(this.#removing)
    await this.lock.release()
    return 0
  }

  async #load (): Promise<void> {
    const { directory, onDamage } = this.options
    const numbers = await listSegments(directory)
    for (const number of numbers) {
      const found = await scanSegment(join(directory, segmentName(number)), maxFrameBytes)
      const done = await readDone(directory, number)
      const atMs = this.#monotonic(found.changedMs)
      const segment = new Segment(directory, number, found.bytes)
      for (const { offset, bytes, reason } of found.damage) onDamage(segment.path, offset, bytes, reason)
      for (const { offset, length } of found.frames) if (!done.has(offset)) segment.add({ segment, offset, length, atMs, rows: -1, batch: undefined })
      this.#segments.push(segment)
    }
    const { fsync, fsyncIntervalMs, clock, maxBytes } = this.options
    this.#writer = new SegmentWriter({
      directory, fsync, fsyncIntervalMs, clock,
      segmentBytes: Math.min(maxSegmentBytes, Math.max(minSegmentBytes, Math.floor(maxBytes / shareOfSegment))),
      firstNumber: await freeNumber(directory),
      onSegment: segment => { this.#segments.push(segment) },
      onWritten: entry => { this.#cache(entry); this.#wake(1) }
    })
    this.#removeDelivered()
  }

  /** Batches put lately are given out from memory; older ones are read again. */
  #cache (entry: Entry): void {
    const { maxCachedBytes, pressure } = this.options
    const room = pressure === undefined ? maxCachedBytes : roomUnder(pressure, maxCachedBytes)
    if (this.#cachedBytes + entry.length > room || entry.batch?.raw.lent !== undefined) { entry.batch = undefined; return }
    this.#cachedBytes += entry.length
  }

  #next (): Entry | undefined {
    for (const segment of this.#segments) {
      const entry = segment.take()
      if (entry !== undefined) return entry
    }
    return undefined
  }

  /** undefined: it cannot be read, and is told as damage. */
  async #batchOf (entry: Entry): Promise<EventBatch | undefined> {
    if (entry.batch !== undefined) return entry.batch
    const decoded = await this.#read(entry)
    if (decoded === 'closed') return undefined
    if (decoded.ok) {
      entry.rows = decoded.batch.count
      return decoded.batch
    }
    this.options.onDamage(entry.segment.path, entry.offset, entry.length, decoded.error)
    if (entry.rows > 0) this.options.onDrop('damaged', entry.rows)
    this.#finish(entry)
    return undefined
  }

  /** What the system refuses is asked for again for a while: only what is read can be known to be damaged. */
  async #read (entry: Entry): Promise<ReturnType<typeof decodeBatch> | 'closed'> {
    for (let attempt = 1; !this.#closed; attempt++) {
      try {
        return decodeBatch(await entry.segment.read(entry))
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException
        if (code === undefined || code === 'ENOENT' || attempt === readAttempts) return { ok: false, error: message }
        await wait(readAgainMs, this.options.clock, this.#closing.signal)
      }
    }
    return 'closed'
  }

  #taken (entry: Entry, batch: EventBatch): Taken {
    let over = false
    const once = (act: () => void) => () => {
      if (over) return
      over = true
      act()
    }
    return {
      batch,
      atMs: entry.atMs,
      done: once(() => { this.#finish(entry) }),
      putBack: once(() => { this.#putBack(entry) })
    }
  }

  #putBack (entry: Entry): void {
    if (entry.segment.isGone) {
      this.options.onDrop('overflow', entry.rows)
      this.#finish(entry)
      return
    }
    entry.segment.putBack(entry)
    this.#wake(1)
  }

  #finish (entry: Entry): void {
    this.#uncache(entry)
    entry.segment.finish(entry)
    if (entry.segment.isDelivered && !entry.segment.isGone && !this.#closed) this.#removeDelivered()
  }

  #uncache (entry: Entry): void {
    if (entry.batch === undefined) return
    this.#cachedBytes -= entry.length
    entry.batch = undefined
  }

  #removeDelivered (): void {
    for (const segment of this.#segments.filter(s => s.isDelivered)) {
      // The writer's own goes when it is large enough to be worth a new file, or nobody writes any more.
      if (segment === this.#writer.segment) continue
      this.#remove(segment)
    }
  }

  #remove (segment: Segment, after: Promise<unknown> = Promise.resolve()): void {
    segment.isGone = true
    this.#segments.splice(this.#segments.indexOf(segment), 1)
    this.#track(after.then(() => segment.close()).then(() => removeSegment(segment.directory, segment.number)))
  }

  /** Waited for by `close`. A file that cannot be removed is found again by the next life, with nothing in it to deliver. */
  #track (work: Promise<unknown>): void {
    const tracked = work.then(() => undefined).catch(() => undefined).finally(() => { this.#removing.delete(tracked) })
    this.#removing.add(tracked)
  }

  #makeRoom (bytes: number): boolean {
    const { maxBytes, whenFull } = this.options
    const fits = (): boolean => this.#segments.reduce((sum, s) => sum + s.bytes, 0) + this.#reservedBytes + bytes <= maxBytes
    while (!fits() && this.#dropDelivered());
    if (whenFull === 'drop_oldest') while (!fits() && this.#dropOldest());
    return fits()
  }

  /** A file of the writer's that is delivered to the last batch is only kept for what comes: it may go. */
  #dropDelivered (): boolean {
    const { segment } = this.#writer
    if (segment === undefined || !segment.isDelivered || this.#writer.pendingBytes > 0) return false
    this.#remove(segment, this.#writer.rotate())
    return true
  }

  /** Unless senders are to wait, what finds no room is dropped. */
  #noRoom (batch: EventBatch): PutResult {
    if (this.options.whenFull === 'refuse') return { status: 'full' }
    this.options.onDrop('overflow', batch.count)
    return { status: 'dropped' }
  }

  #expire (): void {
    const { maxAgeMs, clock, onDrop } = this.options
    if (maxAgeMs === 0) return
    const before = clock.monotonicMs() - maxAgeMs
    for (const segment of this.#segments.filter(s => s.waiting > 0)) {
      const { oldest } = segment
      if (oldest === undefined || oldest.atMs >= before) return
      // Of an earlier life only the age of the whole file is known.
      if (oldest.rows < 0) { this.#expireWhole(segment); continue }
      let rows = 0
      for (let entry = segment.oldest; entry !== undefined && entry.atMs < before; entry = segment.oldest) {
        segment.take()
        rows += entry.rows
        this.#finish(entry)
      }
      onDrop('expired', rows)
    }
  }

  #expireWhole (segment: Segment): void {
    const counted = this.#drop(segment, 'expired')
    if (segment.underWay === 0) this.#remove(segment, counted)
    else this.#track(counted)
  }

  /** A time of the wall clock, which may jump, on the clock that does not. */
  #monotonic (unixMs: number): number {
    const { clock } = this.options
    return clock.monotonicMs() - Math.max(0, clock.unixMs() - unixMs)
  }

  /** The oldest file that something waits in or is under way from, for its room. What is under way may still be delivered. False: there is none. */
  #dropOldest (): boolean {
    const segment = this.#segments.find(s => !s.isDelivered)
    if (segment === undefined || (segment === this.#writer.segment && this.#writer.pendingBytes > 0)) return false
    const counted = this.#drop(segment, 'overflow')
    this.#remove(segment, segment === this.#writer.segment ? Promise.all([counted, this.#writer.rotate()]) : counted)
    return true
  }

  /** Resolves when its rows are counted: then its file may go. */
  #drop (segment: Segment, reason: string): Promise<unknown> {
    const entries = segment.drain()
    const { onDrop } = this.options
    const known = entries.filter(e => e.rows >= 0)
    const unread = entries.filter(e => e.rows < 0)
    if (known.length > 0) onDrop(reason, known.reduce((sum, e) => sum + e.rows, 0))
    for (const entry of entries) this.#uncache(entry)
    // Rows of what nobody has read are counted before their file goes; it leaves the bound now, and the disk in a moment.
    return unread.length === 0 ? Promise.resolve() : this.#countRows(segment, unread).then(rows => { if (rows > 0) onDrop(reason, rows) })
  }

  async #countRows (segment: Segment, entries: readonly Entry[]): Promise<number> {
    let rows = 0
    for (const entry of entries) {
      const decoded = await segment.read(entry).then(d => decodeBatch(d), () => undefined)
      if (decoded?.ok === true) rows += decoded.batch.count
    }
    return rows
  }

  #wake (most: number): void {
    for (const resolve of this.#waiters.splice(0, Math.min(most, this.#waiters.length))) resolve()
  }
}

async function makeDirectory (directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch(async (error: NodeJS.ErrnoException) => {
    // Of a read-only file system, too; the simple form tells why.
    if (error.code !== 'ENOENT') throw error
    await mkdir(directory, { mode: 0o700 })
  })
}

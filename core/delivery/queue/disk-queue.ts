/**
 * Batches on disk until they are delivered: first in, first out, at least once. A batch is `queued` when it is in a file as the fsync
 * policy says, and is forgotten when `done` is called for it. What a life of the process leaves is there for the next one.
 *
 *   policy     survives kill -9   survives a power cut
 *   always     yes                yes
 *   interval   yes                but for the last interval
 *   never      yes                as far as the system has written back
 *
 * Memory: batches that were put lately (`maxCachedBytes`) and some 100 bytes for each that waits. What an earlier life left is looked
 * through behind, oldest first, and given out as soon as the first file is known.
 */
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Clock } from '../../component/clock.js'
import { EventBatch } from '../../data/batch.js'
import { decodeBatch } from '../../data/decode.js'
import { frameHeadLength, headerLength } from '../../data/file-format.js'
import type { Letter } from '../../data/letter.js'
import { lockDirectory, lockHolder, type DirectoryLock } from '../../net/directory-lock.js'
import { roomUnder, type Pressure } from '../../pressure/pressure.js'
import { wait } from '../insist.js'
import { FrameMemory, type Frame } from './frame-memory.js'
import type { BatchQueue, PutResult, Taken, WhenFull } from './queue.js'
import { Segment, type Entry } from './segment.js'
import { giveUpAll, giveUpOld } from './give-up.js'
import { findSegments, freeNumber } from './segment-files.js'
import { SegmentList } from './segment-list.js'
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
  /** Of batches put lately, given out without reading them again. */
  readonly maxCachedBytes: number
  /** Whoever takes a batch does not touch it once it is done: it says that its memory is lent, and that is used anew. */
  readonly lends?: boolean
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
/** Of backlogs up to this size all is known when the queue is open. */
const readyBytes = 64 << 20
/** 1 MiB each: what is cached, written and under way, with some that a few old frames hold. */
const memoryBlocks = 32

/** A file that cannot be read now may be readable soon: too many open files, a disk that comes back. */
const readAttempts = 30
const readAgainMs = 1000

export class DiskQueue implements BatchQueue {
  readonly #segments = new SegmentList()
  readonly #waiters: (() => void)[] = []
  readonly #closing = new AbortController()
  readonly #memory: FrameMemory
  #writer!: SegmentWriter
  #cachedBytes = 0
  #reservedBytes = 0
  #closed = false
  known: Promise<void> = Promise.resolve()

  private constructor (readonly options: DiskQueueOptions, readonly lock: DirectoryLock) {
    this.#memory = new FrameMemory(options.lends === true ? memoryBlocks : 0)
  }

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
  get bytes (): number { return this.#segments.undeliveredBytes }
  /** Batches that wait; of an earlier life's files that have not been looked through yet, one each. */
  get waiting (): number { return this.#segments.waiting }
  get underWay (): number { return this.#segments.underWay }
  readonly rowsInMemory = 0

  /** `letter`: why it lies here for good. */
  async put (batch: EventBatch, letter?: Letter): Promise<PutResult> {
    if (this.#closed) return { status: 'failed', reason: 'the queue is closed' }
    const frame = this.#writer.encode(batch, letter)
    this.#expire()
    // Room for the header of a file that may have to be begun, too.
    const needed = frame.byteLength + headerLength
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
      const taken = await this.takeNow()
      if (taken !== undefined) return taken
      // What came meanwhile woke nobody.
      if (!this.#closed && this.#segments.next === undefined) await new Promise<void>(resolve => this.#waiters.push(resolve))
    }
    return undefined
  }

  /** The same without waiting: undefined when there is none. */
  async takeNow (): Promise<Taken | undefined> {
    this.#expire()
    for (let segment = this.#segments.next; segment !== undefined && !this.#closed; segment = this.#segments.next) {
      if (!segment.isLoaded) { await this.#look(segment); continue }
      const entry = segment.take()
      const taken = entry === undefined ? undefined : await this.#taken(entry)
      if (taken !== undefined) return taken
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
    await this.known
    for (const segment of this.#segments.all) await segment.close(segment.isDelivered ? 'dropped' : 'kept')
    this.#removeDelivered()
    await this.#segments.settled()
    await this.lock.release()
    return 0
  }

  async #load (): Promise<void> {
    const { directory, onDamage, clock } = this.options
    const found = await findSegments(directory)
    for (const { number, bytes, changedMs } of found) {
      const segment = Segment.found(directory, number, clock, bytes, this.#monotonic(changedMs), damage => { onDamage(segment.path, damage.offset, damage.bytes, damage.reason) })
      this.#segments.add(segment)
    }
    let ready = 0
    for (const segment of [...this.#segments.all]) if ((ready += segment.bytes) <= readyBytes) await segment.load()
    const { fsync, fsyncIntervalMs, maxBytes } = this.options
    this.#writer = new SegmentWriter({
      directory, fsync, fsyncIntervalMs, clock, memory: this.#memory,
      segmentBytes: Math.min(maxSegmentBytes, Math.max(minSegmentBytes, Math.floor(maxBytes / shareOfSegment))),
      firstNumber: await freeNumber(directory),
      onSegment: segment => { this.#segments.add(segment) },
      onWritten: (entry, batch, frame) => { this.#cache(entry, batch, frame); this.#wake(1) }
    })
    this.#removeDelivered()
    this.known = this.#lookThrough()
  }

  /** One file after the other: how much there is to do is known soon, and no disk is kept from serving. */
  async #lookThrough (): Promise<void> {
    for (;;) {
      const segment = this.#segments.unread
      if (segment === undefined || this.#closed) return
      await this.#look(segment)
    }
  }

  /** A file that cannot be looked through is left alone, for the next life: it may be the disk that is at fault. */
  async #look (segment: Segment): Promise<void> {
    try {
      await segment.load()
      if (segment.isDelivered && !segment.isGone) this.#segments.remove(segment)
    } catch (error) {
      if (!this.#segments.forget(segment)) return
      this.options.onDamage(segment.path, 0, segment.bytes, (error as Error).message)
    }
    this.#wake(Infinity)
  }

  /** Batches put lately are given out from memory; older ones are read again. What is lent to us we have in the frame. */
  #cache (entry: Entry, batch: EventBatch, frame: Frame): void {
    const { maxCachedBytes, pressure } = this.options
    const room = pressure === undefined ? maxCachedBytes : roomUnder(pressure, maxCachedBytes)
    if (this.#cachedBytes + entry.length > room) return
    this.#cachedBytes += entry.length
    if (batch.raw.lent === undefined) { entry.young = batch; return }
    frame.hold()
    entry.young = frame
  }

  /** undefined: it cannot be read, and is told as damage. */
  async #taken (entry: Entry): Promise<Taken | undefined> {
    const { young } = entry
    if (young instanceof EventBatch) return this.#handOut(entry, young)
    const frame = young ?? this.#memory.claim(frameHeadLength + entry.length)
    if (young !== undefined) frame.hold()
    const decoded = young === undefined ? await this.#read(entry, frame) : decodeBatch(frame.bytes.subarray(frameHeadLength), 'in memory', this.#memory.lends)
    if (decoded === 'closed') return undefined
    if (decoded.ok) {
      entry.rows = decoded.batch.count
      return this.#handOut(entry, decoded.batch, frame)
    }
    frame.release()
    this.options.onDamage(entry.segment.path, entry.offset, entry.length, decoded.error)
    if (entry.rows > 0) this.options.onDrop('damaged', entry.rows)
    this.#finish(entry)
    return undefined
  }

  /** What the system refuses is asked for again for a while: only what is read can be known to be damaged. */
  async #read (entry: Entry, frame: Frame): Promise<ReturnType<typeof decodeBatch> | 'closed'> {
    const document = frame.bytes.subarray(frameHeadLength)
    for (let attempt = 1; !this.#closed; attempt++) {
      try {
        await entry.segment.read(entry, document)
        // What another life wrote is checked as what comes from outside is.
        return decodeBatch(document, entry.rows >= 0, this.#memory.lends)
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException
        if (code === undefined || code === 'ENOENT' || attempt === readAttempts) return { ok: false, error: message }
        await wait(readAgainMs, this.options.clock, this.#closing.signal)
      }
    }
    return 'closed'
  }

  #handOut (entry: Entry, batch: EventBatch, frame?: Frame): Taken {
    let over = false
    const once = (act: () => void) => () => {
      if (over) return
      over = true
      act()
      frame?.release()
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
    const { young } = entry
    if (young === undefined) return
    this.#cachedBytes -= entry.length
    entry.young = undefined
    if (!(young instanceof EventBatch)) young.release()
  }

  /** The writer's own goes when it is large enough to be worth a new file, or nobody writes any more. */
  #removeDelivered (): void { this.#segments.removeDelivered(this.#writer.segment) }

  #makeRoom (bytes: number): boolean {
    const { maxBytes, whenFull } = this.options
    const fits = (): boolean => this.#segments.bytes + this.#reservedBytes + bytes <= maxBytes
    while (!fits() && this.#dropDelivered());
    if (whenFull === 'drop_oldest') while (!fits() && this.#dropOldest());
    return fits()
  }

  /** A file of the writer's that is delivered to the last batch is only kept for what comes: it may go. */
  #dropDelivered (): boolean {
    const { segment } = this.#writer
    if (segment === undefined || !segment.isDelivered || this.#writer.pendingBytes > 0) return false
    this.#segments.remove(segment, this.#writer.rotate())
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
    const beforeMs = clock.monotonicMs() - maxAgeMs
    for (const segment of this.#segments.all.filter(s => s.waiting > 0)) {
      if ((segment.oldestMs ?? beforeMs) >= beforeMs) return
      // Of an earlier life only the age of the whole file is known.
      if ((segment.oldest?.rows ?? -1) < 0) this.#expireWhole(segment)
      else onDrop('expired', giveUpOld(segment, beforeMs, entry => { this.#finish(entry) }))
    }
  }

  #expireWhole (segment: Segment): void {
    const counted = this.#giveUp(segment, 'expired')
    if (segment.underWay === 0) this.#segments.remove(segment, counted)
    else this.#segments.track(counted)
  }

  /** A time of the wall clock, which may jump, on the clock that does not. */
  #monotonic (unixMs: number): number {
    const { clock } = this.options
    return clock.monotonicMs() - Math.max(0, clock.unixMs() - unixMs)
  }

  /** The oldest file, for its room. What is under way from it may still be delivered. False: there is none. */
  #dropOldest (): boolean {
    const segment = this.#segments.undelivered
    if (segment === undefined || (segment === this.#writer.segment && this.#writer.pendingBytes > 0)) return false
    const counted = this.#giveUp(segment, 'overflow')
    this.#segments.remove(segment, segment === this.#writer.segment ? Promise.all([counted, this.#writer.rotate()]) : counted)
    return true
  }

  #giveUp (segment: Segment, reason: string): Promise<void> {
    const { onDrop, onDamage } = this.options
    return giveUpAll(segment, reason, { onDrop, onDamage, onEntry: entry => { this.#uncache(entry) } })
  }

  #wake (most: number): void {
    for (const resolve of this.#waiters.splice(0, Math.min(most, this.#waiters.length))) resolve()
  }
}

/** With its parents. Not `recursive`: Node tries forever where the system says ENOENT for good (/proc), and hides why elsewhere (read-only). */
async function makeDirectory (directory: string): Promise<void> {
  try {
    await mkdir(directory, { mode: 0o700 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || dirname(directory) === directory) throw error
    await makeDirectory(dirname(directory))
    await mkdir(directory, { mode: 0o700 }).catch((late: NodeJS.ErrnoException) => { if (late.code !== 'EEXIST') throw late })
  }
}

/** One file of a queue: which of its batches wait, which are under way, which are done. */
import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../component/clock.js'
import type { EventBatch } from '../../data/batch.js'
import { frameHeadLength } from '../../data/file-format.js'
import { openToWrite } from '../../files/safe-open.js'
import type { Frame } from './frame-memory.js'
import { doneName, encodeDone, readDone, scanSegment, segmentName, type FoundDamage } from './segment-files.js'

export interface Entry {
  readonly segment: Segment
  readonly offset: number
  /** Of the document. */
  readonly length: number
  /** When it was put, on the monotonic clock; of what an earlier life wrote, when its file was last written. */
  readonly atMs: number
  /** -1: it was written in an earlier life and has not been read. */
  rows: number
  /** Still in memory, as the batch that was put or as its frame; undefined: only on disk. */
  young: EventBatch | Frame | undefined
}

/**
 * Notes of what is done are written together, this long after the first: at full load that saves one write a batch. A kill -9 has as
 * many batches come again as were delivered in this time, beside those under way.
 */
const noteDelayMs = 5

interface Unread { readonly atMs: number, readonly onDamage: (damage: FoundDamage) => void }

export class Segment {
  /** In order; from `#head` on they wait. */
  #waiting: Entry[] = []
  #head = 0
  #underWay = 0
  #reader: Promise<FileHandle> | undefined
  #done: FileHandle | undefined
  #notes: number[] = []
  #cancelNotes: (() => void) | undefined
  #writingNotes: Promise<void> | undefined
  /** undefined: what is in it is known. */
  #unread: Unread | undefined
  #reading: Promise<void> | undefined
  readonly #reads = new Set<Promise<unknown>>()
  #closed = false
  bytes: number
  /** Its file is being removed: what is under way from it is in memory alone. */
  isGone = false

  constructor (readonly directory: string, readonly number: number, readonly clock: Clock, bytes: number) {
    this.bytes = bytes
  }

  /** A file of an earlier life, last written at `atMs` of the monotonic clock. What is in it is known after `load`. */
  static found (directory: string, number: number, clock: Clock, bytes: number, atMs: number, onDamage: (damage: FoundDamage) => void): Segment {
    const segment = new Segment(directory, number, clock, bytes)
    segment.#unread = { atMs, onDamage }
    return segment
  }

  get path (): string { return join(this.directory, segmentName(this.number)) }
  get isLoaded (): boolean { return this.#unread === undefined }
  /** One that is not loaded has at least one, as far as anybody knows. */
  get waiting (): number { return this.isLoaded ? this.#waiting.length - this.#head : 1 }
  get underWay (): number { return this.#underWay }
  get isDelivered (): boolean { return this.waiting === 0 && this.#underWay === 0 }

  /** Looks through it, once. Rejects with the system's error; what is in it is then unknown still. */
  load (): Promise<void> {
    if (this.#unread === undefined) return Promise.resolve()
    this.#reading ??= this.#load(this.#unread).finally(() => { this.#reading = undefined })
    return this.#reading
  }

  add (entry: Entry): void { this.#waiting.push(entry) }

  /** The one that `take` gives next. */
  get oldest (): Entry | undefined { return this.#waiting[this.#head] }

  /** When that was put; undefined when none waits. */
  get oldestMs (): number | undefined { return this.#unread?.atMs ?? this.oldest?.atMs }

  /** The oldest that waits. */
  take (): Entry | undefined {
    const entry = this.#waiting[this.#head]
    if (entry === undefined) return undefined
    this.#head++
    // Forgotten in stretches: shifting one by one would cost the length each time.
    if (this.#head === this.#waiting.length || this.#head > 1024) { this.#waiting = this.#waiting.slice(this.#head); this.#head = 0 }
    this.#underWay++
    return entry
  }

  /** What was taken waits again, in its old place. */
  putBack (entry: Entry): void {
    this.#underWay--
    let at = this.#head
    while (at < this.#waiting.length && (this.#waiting[at] as Entry).offset < entry.offset) at++
    this.#waiting.splice(at, 0, entry)
  }

  /** Written behind, never forced to the disk: what is lost of it by a power cut is delivered once more. */
  finish (entry: Entry): void {
    this.#underWay--
    if (this.isGone || this.#closed) return
    this.#notes.push(entry.offset)
    this.#cancelNotes ??= this.clock.after(noteDelayMs, () => {
      this.#cancelNotes = undefined
      // A write that was under way may have taken them along.
      if (this.#notes.length > 0) this.#writingNotes ??= this.#writeNotes()
    })
  }

  /** All that wait, taken out for good. */
  drain (): Entry[] {
    const entries = this.#waiting.slice(this.#head)
    this.#waiting = []
    this.#head = 0
    return entries
  }

  /** The document of a frame, at the start of `target`. Rejects with the system's error, or when the file ends before. */
  async read (entry: Entry, target: Buffer): Promise<void> {
    const read = this.#read(entry, target)
    this.#reads.add(read)
    try {
      await read
    } finally {
      this.#reads.delete(read)
    }
  }

  /** With the last notes, unless they are of no use any more. */
  async close (notes: 'kept' | 'dropped' = 'kept'): Promise<void> {
    this.#closed = true
    this.#cancelNotes?.()
    this.#cancelNotes = undefined
    await this.#writingNotes
    if (notes === 'kept' && this.#notes.length > 0) await this.#writeNotes()
    await Promise.allSettled(this.#reads)
    await (await this.#reader?.catch(() => undefined))?.close()
    await this.#done?.close()
    this.#reader = this.#done = undefined
  }

  async #read ({ offset, length }: Entry, target: Buffer): Promise<void> {
    const reader = await this.#open()
    const { bytesRead } = await reader.read(target, 0, length, offset + frameHeadLength)
    if (bytesRead < length) throw new Error(`${this.path} ends at ${offset + frameHeadLength + bytesRead}, inside a batch of ${length} bytes`)
  }

  /** Once for all who read at the same time. One that cannot be opened now may be later. */
  async #open (): Promise<FileHandle> {
    const opening = this.#reader ??= open(this.path, 'r')
    try {
      return await opening
    } catch (error) {
      if (this.#reader === opening) this.#reader = undefined
      throw error
    }
  }

  async #load ({ atMs, onDamage }: Unread): Promise<void> {
    const { frames, damage } = await scanSegment(this.path)
    const done = await readDone(this.directory, this.number)
    this.#unread = undefined
    for (const found of damage) onDamage(found)
    for (const { offset, length } of frames) if (!done.has(offset)) this.add({ segment: this, offset, length, atMs, rows: -1, young: undefined })
  }

  async #writeNotes (): Promise<void> {
    try {
      this.#done ??= await openToWrite(join(this.directory, doneName(this.number)), 'a')
      while (this.#notes.length > 0) {
        const bytes = Buffer.concat(this.#notes.map(encodeDone))
        this.#notes = []
        await this.#done.appendFile(bytes)
      }
    } catch {
      // On a full disk: those batches come once more after a restart, and the file goes with its segment.
      this.#notes = []
    } finally {
      this.#writingNotes = undefined
    }
  }
}

/** One file of a queue: which of its batches wait, which are under way, which are done. */
import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { EventBatch } from '../../data/batch.js'
import { frameHeadLength } from '../../data/file-format.js'
import { doneName, encodeDone, segmentName } from './segment-files.js'

export interface Entry {
  readonly segment: Segment
  readonly offset: number
  /** Of the document. */
  readonly length: number
  /** When it was put, on the monotonic clock; of what an earlier life wrote, when its file was last written. */
  readonly atMs: number
  /** -1: it was written in an earlier life and has not been read. */
  rows: number
  /** Still in memory; undefined: only on disk. */
  batch: EventBatch | undefined
}

export class Segment {
  /** In order; from `#head` on they wait. */
  #waiting: Entry[] = []
  #head = 0
  #underWay = 0
  #reader: Promise<FileHandle> | undefined
  #done: FileHandle | undefined
  #doneQueue: Buffer[] = []
  #writingDone: Promise<void> | undefined
  bytes: number
  /** Its file is being removed: what is under way from it is in memory alone. */
  isGone = false

  constructor (readonly directory: string, readonly number: number, bytes: number) {
    this.bytes = bytes
  }

  get path (): string { return join(this.directory, segmentName(this.number)) }
  get waiting (): number { return this.#waiting.length - this.#head }
  get underWay (): number { return this.#underWay }
  get isDelivered (): boolean { return this.waiting === 0 && this.#underWay === 0 }

  add (entry: Entry): void { this.#waiting.push(entry) }

  /** The one that `take` gives next. */
  get oldest (): Entry | undefined { return this.#waiting[this.#head] }

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
    if (this.isGone) return
    this.#doneQueue.push(encodeDone(entry.offset))
    this.#writingDone ??= this.#writeDone()
  }

  /** All that wait, taken out for good. */
  drain (): Entry[] {
    const entries = this.#waiting.slice(this.#head)
    this.#waiting = []
    this.#head = 0
    return entries
  }

  /** The document of a frame, in memory of its own. Rejects with the system's error, or when the file ends before. */
  async read ({ offset, length }: Entry): Promise<Buffer> {
    const reader = await this.#open()
    const document = Buffer.allocUnsafeSlow(length)
    const { bytesRead } = await reader.read(document, 0, length, offset + frameHeadLength)
    if (bytesRead < length) throw new Error(`${this.path} ends at ${offset + frameHeadLength + bytesRead}, inside a batch of ${length} bytes`)
    return document
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

  /** Resolves when what is done is written, as far as it can be. */
  async settle (): Promise<void> { await this.#writingDone }

  async close (): Promise<void> {
    await this.settle()
    await this.#reader?.then(reader => reader.close(), () => undefined)
    await this.#done?.close()
    this.#reader = this.#done = undefined
  }

  async #writeDone (): Promise<void> {
    try {
      this.#done ??= await open(join(this.directory, doneName(this.number)), 'a', 0o600)
      while (this.#doneQueue.length > 0) {
        const bytes = Buffer.concat(this.#doneQueue)
        this.#doneQueue = []
        await this.#done.appendFile(bytes)
      }
    } catch {
      // On a full disk: those batches come once more after a restart, and the file goes with its segment.
      this.#doneQueue = []
    } finally {
      this.#writingDone = undefined
    }
  }
}

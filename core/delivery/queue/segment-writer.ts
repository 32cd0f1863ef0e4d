/** The one writer of a queue: appends groups of batches to the newest segment and answers when the policy says that they are safe. */
import { open, rm, type FileHandle } from 'node:fs/promises'
import type { Clock } from '../../component/clock.js'
import type { EventBatch } from '../../data/batch.js'
import { encodeFrame, fileHeader, frameHeadLength, newMarker } from '../../data/file-format.js'
import type { Letter } from '../../data/letter.js'
import { Segment, type Entry } from './segment.js'

export type FsyncPolicy = 'always' | 'interval' | 'never'

export interface SegmentWriterOptions {
  readonly directory: string
  readonly fsync: FsyncPolicy
  readonly fsyncIntervalMs: number
  /** A segment is not begun anew before it has so many bytes. */
  readonly segmentBytes: number
  readonly clock: Clock
  /** The first number that is free. */
  readonly firstNumber: number
  /** A new segment, before anything is in it. */
  readonly onSegment: (segment: Segment) => void
  /** A batch that is written: it may be delivered. */
  readonly onWritten: (entry: Entry) => void
}

export type WriteResult = { readonly status: 'written' } | { readonly status: 'failed', readonly reason: string }

interface Pending { readonly frame: Buffer, readonly batch: EventBatch, readonly resolve: (result: WriteResult) => void }

/** Written and forced to the disk together. */
const groupBytes = 8 << 20

export class SegmentWriter {
  readonly #pending: Pending[] = []
  #pendingBytes = 0
  #number: number
  #marker = newMarker()
  #file: FileHandle | undefined
  #segment: Segment | undefined
  #writing: Promise<void> | undefined
  #unsynced = false
  #cancelSync: (() => void) | undefined
  #syncFault = ''

  constructor (readonly options: SegmentWriterOptions) { this.#number = options.firstNumber }

  /** Bytes that wait to be written. */
  get pendingBytes (): number { return this.#pendingBytes }
  get segment (): Segment | undefined { return this.#segment }

  /** The size of a batch in the file: asked before `write`, so that the queue can say that it has no room. */
  encode (batch: EventBatch, letter?: Letter): Buffer { return encodeFrame(batch, this.#marker, letter) }

  write (batch: EventBatch, frame: Buffer): Promise<WriteResult> {
    return new Promise(resolve => {
      this.#pending.push({ frame, batch, resolve })
      this.#pendingBytes += frame.length
      this.#writing ??= this.#run().finally(() => { this.#writing = undefined })
    })
  }

  /** The next batch goes into a new file, from now on. Only while nothing waits to be written. Resolves when the current one may be removed. */
  rotate (): Promise<void> { return this.#closeFile() }

  async close (): Promise<void> {
    await this.#writing
    this.#cancelSync?.()
    await this.#closeFile()
  }

  async #run (): Promise<void> {
    while (this.#pending.length > 0) {
      const group = this.#takeGroup()
      const result = await this.#writeGroup(group)
      for (const { frame, resolve } of group) {
        this.#pendingBytes -= frame.length
        resolve(result)
      }
    }
  }

  #takeGroup (): Pending[] {
    let [n, bytes] = [0, 0]
    while (n < this.#pending.length && (n === 0 || bytes < groupBytes)) bytes += (this.#pending[n++] as Pending).frame.length
    return this.#pending.splice(0, n)
  }

  async #writeGroup (group: readonly Pending[]): Promise<WriteResult> {
    let at = 0
    try {
      if (this.#syncFault !== '') throw new Error(this.#syncFault)
      const { file, segment } = await this.#openFile()
      at = segment.bytes
      await writeAll(file, group.map(p => p.frame), at)
      if (this.options.fsync === 'always') await file.datasync()
      this.#note(segment, group)
      if (segment.bytes >= this.options.segmentBytes) await this.#closeFile()
      return { status: 'written' }
    } catch (error) {
      await this.#undo(at)
      return { status: 'failed', reason: (error as Error).message }
    }
  }

  #note (segment: Segment, group: readonly Pending[]): void {
    const atMs = this.options.clock.monotonicMs()
    for (const { frame, batch } of group) {
      const entry: Entry = { segment, atMs, offset: segment.bytes, length: frame.length - frameHeadLength, rows: batch.count, batch }
      segment.bytes += frame.length
      segment.add(entry)
      this.options.onWritten(entry)
    }
    this.#unsynced = true
    if (this.options.fsync === 'interval') this.#armSync()
  }

  /** What a failed write left is cut off; where that fails too, the next batch goes into another file. */
  async #undo (at: number): Promise<void> {
    if (this.#file === undefined || at === 0) return
    try {
      await this.#file.truncate(at)
    } catch {
      await this.#closeFile()
    }
  }

  async #openFile (): Promise<{ readonly file: FileHandle, readonly segment: Segment }> {
    if (this.#file !== undefined && this.#segment !== undefined) return { file: this.#file, segment: this.#segment }
    const { directory, onSegment, fsync } = this.options
    const segment = new Segment(directory, this.#number, 0)
    const file = await open(segment.path, 'wx', 0o600)
    this.#number++
    try {
      // Frames that wait were encoded with this marker: it stays for the life of the writer.
      await writeAll(file, [fileHeader(this.#marker)], 0)
      if (fsync !== 'never') await syncDirectory(directory)
    } catch (error) {
      await file.close()
      // Every attempt on a full disk would leave one behind.
      await rm(segment.path, { force: true }).catch(() => undefined)
      throw error
    }
    segment.bytes = fileHeader(this.#marker).length
    this.#file = file
    this.#segment = segment
    onSegment(segment)
    return { file, segment }
  }

  async #closeFile (): Promise<void> {
    const file = this.#file
    this.#file = this.#segment = undefined
    if (file === undefined) return
    await this.#sync(file)
    await file.close()
  }

  #armSync (): void {
    this.#cancelSync ??= this.options.clock.after(this.options.fsyncIntervalMs, () => {
      this.#cancelSync = undefined
      const file = this.#file
      if (file !== undefined) void this.#sync(file)
    })
  }

  /** A disk that cannot keep what it was given is told to whoever writes next, once. */
  async #sync (file: FileHandle): Promise<void> {
    if (!this.#unsynced || this.options.fsync === 'never') return
    this.#unsynced = false
    try {
      await file.datasync()
      this.#syncFault = ''
    } catch (error) {
      this.#syncFault = `what was written cannot be forced to the disk: ${(error as Error).message}`
    }
  }
}

/** `writev` may write less than it was given. */
async function writeAll (file: FileHandle, parts: readonly Buffer[], position: number): Promise<void> {
  let rest = parts
  for (let at = position; rest.length > 0;) {
    const { bytesWritten } = await file.writev(rest as Buffer[], at)
    at += bytesWritten
    rest = after(rest, bytesWritten)
  }
}

function after (parts: readonly Buffer[], bytes: number): Buffer[] {
  let left = bytes
  const rest: Buffer[] = []
  for (const part of parts) {
    if (left >= part.length) left -= part.length
    else { rest.push(part.subarray(left)); left = 0 }
  }
  return rest
}

async function syncDirectory (directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

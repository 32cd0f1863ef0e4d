/** The one writer of a queue: appends groups of batches to the newest segment and answers when the policy says that they are safe. */
import { open, rm, type FileHandle } from 'node:fs/promises'
import type { Clock } from '../../component/clock.js'
import type { EventBatch } from '../../data/batch.js'
import { fileHeader, frameHeadLength, newMarker, prepareFrame, type PreparedFrame } from '../../data/file-format.js'
import type { Letter } from '../../data/letter.js'
import { openToWrite } from '../../files/safe-open.js'
import { FrameMemory, type Frame } from './frame-memory.js'
import { Segment, type Entry } from './segment.js'

export type FsyncPolicy = 'always' | 'interval' | 'never'

export interface SegmentWriterOptions {
  readonly directory: string
  readonly fsync: FsyncPolicy
  readonly fsyncIntervalMs: number
  /** A segment is not begun anew before it has so many bytes. */
  readonly segmentBytes: number
  readonly clock: Clock
  /** Left out: every frame has memory of its own. */
  readonly memory?: FrameMemory
  /** The first number that is free. */
  readonly firstNumber: number
  /** A new segment, before anything is in it. */
  readonly onSegment: (segment: Segment) => void
  /** A batch that is written: it may be delivered. Its frame is let go after this call, unless it is held. */
  readonly onWritten: (entry: Entry, batch: EventBatch, frame: Frame) => void
}

export type WriteResult = { readonly status: 'written' } | { readonly status: 'failed', readonly reason: string }

interface Pending { readonly frame: Frame, readonly batch: EventBatch, readonly resolve: (result: WriteResult) => void }

/** Written and forced to the disk together. */
const groupBytes = 8 << 20

export class SegmentWriter {
  readonly #pending: Pending[] = []
  #pendingBytes = 0
  #number: number
  #marker = newMarker()
  readonly #memory: FrameMemory
  #file: FileHandle | undefined
  #segment: Segment | undefined
  #writing: Promise<void> | undefined
  #unsynced = false
  #cancelSync: (() => void) | undefined
  #syncFault = ''

  constructor (readonly options: SegmentWriterOptions) {
    this.#number = options.firstNumber
    this.#memory = options.memory ?? new FrameMemory(0)
  }

  /** Bytes that wait to be written. */
  get pendingBytes (): number { return this.#pendingBytes }
  get segment (): Segment | undefined { return this.#segment }

  /** The size of a batch in the file: asked before `write`, so that the queue can say that it has no room. */
  encode (batch: EventBatch, letter?: Letter): PreparedFrame { return prepareFrame(batch, this.#marker, letter) }

  write (batch: EventBatch, prepared: PreparedFrame): Promise<WriteResult> {
    const frame = this.#memory.claim(prepared.byteLength)
    prepared.writeTo(frame.bytes)
    return new Promise(resolve => {
      this.#pending.push({ frame, batch, resolve })
      this.#pendingBytes += frame.bytes.length
      this.#writing ??= this.#run()
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
        this.#pendingBytes -= frame.bytes.length
        frame.release()
        resolve(result)
      }
    }
    // At once: whoever writes next in this turn must not take it for running.
    this.#writing = undefined
  }

  #takeGroup (): Pending[] {
    let [n, bytes] = [0, 0]
    while (n < this.#pending.length && (n === 0 || bytes < groupBytes)) bytes += (this.#pending[n++] as Pending).frame.bytes.length
    return this.#pending.splice(0, n)
  }

  async #writeGroup (group: readonly Pending[]): Promise<WriteResult> {
    let at = 0
    try {
      this.#tellSyncFault()
      const { file, segment } = await this.#openFile()
      at = segment.bytes
      await writeAll(file, runs(group.map(p => p.frame.bytes)), at)
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
      const entry: Entry = { segment, atMs, offset: segment.bytes, length: frame.bytes.length - frameHeadLength, rows: batch.count, young: undefined }
      segment.bytes += frame.bytes.length
      segment.add(entry)
      this.options.onWritten(entry, batch, frame)
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
    const { directory, clock, onSegment, fsync } = this.options
    const segment = new Segment(directory, this.#number, clock, 0)
    const file = await openToWrite(segment.path, 'wx')
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

  /** A disk that cannot keep what it was given is told to whoever writes next, once: what comes then is tried anew. */
  #tellSyncFault (): void {
    const fault = this.#syncFault
    this.#syncFault = ''
    if (fault !== '') throw new Error(fault)
  }

  async #sync (file: FileHandle): Promise<void> {
    if (!this.#unsynced || this.options.fsync === 'never') return
    this.#unsynced = false
    try {
      await file.datasync()
    } catch (error) {
      this.#syncFault = `what was written cannot be forced to the disk: ${(error as Error).message}`
    }
  }
}

/** Neighbours in memory as one. */
function runs (parts: readonly Buffer[]): Buffer[] {
  const joined: Buffer[] = []
  for (const part of parts) {
    const last = joined.at(-1)
    if (last !== undefined && last.buffer === part.buffer && last.byteOffset + last.length === part.byteOffset) joined[joined.length - 1] = Buffer.from(last.buffer, last.byteOffset, last.length + part.length)
    else joined.push(part)
  }
  return joined
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

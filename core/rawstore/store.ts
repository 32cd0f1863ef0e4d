/**
 * The raw half of the dual path: kernel records as they came, kept on disk for a while, bounded in bytes and age.
 *
 * `append` copies a record into memory that is there already and returns; it never waits. Full blocks are compressed and
 * written behind its back, by one writer at a time; when the disk is slower than the kernel, records are dropped and counted, the pipeline
 * goes on. A kill -9 loses what is in memory, at most `flushMs` worth; losing power, what the system had not written back.
 */
import { access, constants, mkdir } from 'node:fs/promises'
import type { Clock } from '../component/clock.js'
import { BlockBuffer } from './block.js'
import { newestTimeMs } from './segment-reader.js'
import { SegmentWriter } from './segment-writer.js'
import { newSegmentId, retain } from './segments.js'
import type { RawType } from './types.js'

export interface RawStoreOptions {
  readonly directory: string
  readonly types: readonly RawType[]
  readonly clock: Clock
  /** Records whose newest is older go; default 24 h. */
  readonly maxAgeMs?: number
  /** Of all segments together; default 1 GiB. */
  readonly maxBytes?: number
  /** Memory for records on their way; default 4 MiB, which is a second of 30,000 records/s. */
  readonly maxPendingBytes?: number
  /** Longest stay in memory; default 1 s. */
  readonly flushMs?: number
  readonly compress?: boolean
  /** Share of the records that is kept, by the name of their type; default 1. */
  readonly sampling?: Readonly<Record<string, number>>
  /** Told once for every failure of the disk. */
  readonly onError?: (error: Error) => void
}

/** `sampled` is meant to happen, the others say that the store is too small or the disk too slow. */
export type RawDropReason = 'sampled' | 'buffer_full' | 'write_failed' | 'too_large' | 'closed'

export interface RawStoreCounts {
  readonly stored: number
  readonly storedBytes: number
  readonly writtenBytes: number
  readonly expiredSegments: number
  readonly expiredBytes: number
  readonly writeErrors: number
  readonly dropped: Readonly<Record<RawDropReason, number>>
}

/** Sampling rates are whole millionths: sums of 0.1 would not come to 1. */
const one = 1_000_000
const blockBytes = 256 * 1024
const blockRecords = 8192
/** Numbers of records are u32 in the format. */
const maxSegmentRecords = 2 ** 31
const retentionEveryMs = 60_000

interface Waiting { readonly block: BlockBuffer, readonly segment: string }

export class RawStore {
  readonly #options: Required<Omit<RawStoreOptions, 'sampling'>>
  readonly #rates = new Map<number, number>()
  readonly #owed = new Map<number, number>()
  readonly #free: BlockBuffer[]
  readonly #waiting: Waiting[] = []
  readonly #maxSegmentBytes: number
  /** What all segments but the current may have, so that with it and what waits for it the bound holds. */
  readonly #maxClosedBytes: number
  readonly #counts = { stored: 0, storedBytes: 0, writtenBytes: 0, expiredSegments: 0, expiredBytes: 0, writeErrors: 0 }
  readonly #dropped: Record<RawDropReason, number> = { sampled: 0, buffer_full: 0, write_failed: 0, too_large: 0, closed: 0 }
  #filling: BlockBuffer | undefined
  #segment = { id: '', next: 0, begunMs: 0, full: true }
  #writer: SegmentWriter | undefined
  #writing: Promise<void> | undefined
  #closed = false
  #cancelFlush: (() => void) | undefined
  #cancelRetention = (): void => undefined

  private constructor (options: RawStoreOptions) {
    const { maxAgeMs = 86_400_000, maxBytes = 2 ** 30, maxPendingBytes = 4 << 20, flushMs = 1000, compress = true, onError = () => undefined } = options
    this.#options = { ...options, maxAgeMs, maxBytes, maxPendingBytes, flushMs, compress, onError }
    for (const { id, name } of options.types) {
      const rate = options.sampling?.[name] ?? 1
      if (rate < 1) this.#rates.set(id, Math.round(rate * one))
    }
    const blocks = Math.max(2, Math.floor(maxPendingBytes / blockBytes))
    this.#free = Array.from({ length: blocks }, () => new BlockBuffer(blockRecords, blockBytes))
    // Small enough that deleting one loses little of the history that is paid for, and holds little that is too old.
    this.#maxSegmentBytes = Math.min(64 << 20, Math.floor(maxBytes / 8))
    this.#maxClosedBytes = Math.max(0, maxBytes - this.#maxSegmentBytes - (blocks + 1) * blockBytes)
  }

  /** Makes the directory and deletes what is over already. Throws the system's error, also when it may not be written. */
  static async open (options: RawStoreOptions): Promise<RawStore> {
    await mkdir(options.directory, { recursive: true, mode: 0o700 })
    await access(options.directory, constants.R_OK | constants.W_OK | constants.X_OK)
    const store = new RawStore(options)
    await store.#retain()
    store.#scheduleRetention()
    return store
  }

  get counts (): RawStoreCounts { return { ...this.#counts, dropped: { ...this.#dropped } } }

  /** The segment of the last `append` that kept its record: with its answer, the record's id. */
  get segment (): string { return this.#segment.id }

  /** The record's number in `segment`, or -1 when it is not kept; that is counted. Nothing of `bytes` is held. */
  append (type: number, timeUnixNano: bigint, cgroupId: bigint, pid: number, bytes: Uint8Array): number {
    if (this.#rates.size > 0 && !this.#sample(type)) return this.#drop('sampled')
    if (bytes.length > blockBytes) return this.#drop('too_large')
    if (this.#closed) return this.#drop('closed')
    let block = this.#filling
    if (block === undefined || !block.hasRoom(bytes.length)) {
      this.#seal()
      block = this.#begin()
      if (block === undefined) return this.#drop('buffer_full')
    }
    block.append(type, timeUnixNano, cgroupId, pid, bytes)
    return this.#segment.next++
  }

  /** Resolves when all that was appended before is on its way to the disk's cache, or dropped because that failed. */
  async flush (): Promise<void> {
    this.#seal()
    await this.#writing
  }

  /** Safe twice. */
  async close (): Promise<void> {
    this.#closed = true
    this.#cancelFlush?.()
    this.#cancelRetention()
    await this.flush()
    await this.#finish()
  }

  /** Every 1/rate-th record, evenly: the same records for the same input, and no surplus in a burst. */
  #sample (type: number): boolean {
    const rate = this.#rates.get(type)
    if (rate === undefined) return true
    const owed = (this.#owed.get(type) ?? 0) + rate
    this.#owed.set(type, owed >= one ? owed - one : owed)
    return owed >= one
  }

  #drop (reason: RawDropReason, records = 1): -1 {
    this.#dropped[reason] += records
    return -1
  }

  #begin (): BlockBuffer | undefined {
    const block = this.#free.pop()
    if (block === undefined) return undefined
    const nowMs = this.#options.clock.unixMs()
    const { full, begunMs, next } = this.#segment
    // By age as well, or a quiet day's records would live as long as their segment takes to fill.
    if (full || next > maxSegmentRecords || nowMs - begunMs > this.#options.maxAgeMs / 24) {
      // Never the same millisecond twice, so that the order of ids is the order of writing.
      const atMs = Math.max(nowMs, begunMs + 1)
      this.#segment = { id: newSegmentId(atMs), next: 0, begunMs: atMs, full: false }
    }
    block.reset(this.#segment.next)
    this.#filling = block
    this.#cancelFlush ??= this.#options.clock.after(this.#options.flushMs, () => { this.#seal() })
    return block
  }

  #seal (): void {
    this.#cancelFlush?.()
    this.#cancelFlush = undefined
    const block = this.#filling
    this.#filling = undefined
    if (block === undefined) return
    this.#waiting.push({ block, segment: this.#segment.id })
    this.#writing ??= this.#write()
  }

  async #write (): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const { block, segment } = next
      const { count, used } = block
      try {
        await this.#writeBlock(block, segment)
        this.#counts.stored += count
        this.#counts.storedBytes += used
      } catch (error) {
        this.#failed(error as Error)
        this.#drop('write_failed', count)
      }
      this.#free.push(block)
    }
    // Here and not when the promise is settled: what is sealed in between would wait for a writer that has ended.
    this.#writing = undefined
  }

  async #writeBlock (block: BlockBuffer, segment: string): Promise<void> {
    if (this.#writer?.id !== segment) {
      await this.#finish()
      await this.#retain()
      this.#writer = await SegmentWriter.create(this.#options.directory, segment, this.#options.types)
    }
    const before = this.#writer.size
    await this.#writer.append(block, this.#options.compress)
    this.#counts.writtenBytes += this.#writer.size - before
    if (this.#writer.size >= this.#maxSegmentBytes && this.#segment.id === segment) this.#segment.full = true
  }

  async #finish (): Promise<void> {
    const writer = this.#writer
    this.#writer = undefined
    await writer?.finish().catch((error: Error) => { this.#failed(error) })
  }

  #failed (error: Error): void {
    this.#counts.writeErrors++
    this.#options.onError(error)
  }

  async #retain (): Promise<void> {
    const { directory, maxAgeMs, clock } = this.#options
    try {
      const gone = await retain(directory, { maxAgeMs, maxBytes: this.#maxClosedBytes, nowMs: clock.unixMs(), current: this.#writer?.id, newestMs: newestTimeMs })
      this.#counts.expiredSegments += gone.files
      this.#counts.expiredBytes += gone.bytes
    } catch (error) {
      this.#failed(error as Error)
    }
  }

  #scheduleRetention (): void {
    this.#cancelRetention = this.#options.clock.after(retentionEveryMs, () => {
      // Behind the writer, which retains for itself when it begins a segment.
      void (this.#writing ?? Promise.resolve()).then(() => this.#retain()).finally(() => { if (!this.#closed) this.#scheduleRetention() })
    })
  }
}

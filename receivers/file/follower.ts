/**
 * Reads files on as they grow. One batch is on its way at a time; a file's position moves behind it when the pipeline has answered for it, and
 * is written down within a second. Ids of events that say none are made of the position, so that what is read again has the same.
 */
import { open, type FileHandle } from 'node:fs/promises'
import type { Clock } from '../../core/component/clock.js'
import type { EventBatch } from '../../core/data/batch.js'
import { EventIds } from '../../core/data/ids.js'
import { wait } from '../../core/delivery/insist.js'
import { PositionKeeper, readPosition } from '../../core/delivery/position-file.js'
import type { FileReceiverConfig } from './config.js'
import { FileSet } from './file-set.js'
import type { Reports } from './reports.js'
import { beginOf, readFile } from './source.js'
import { beginsWith, headBytes, isStill, isTracked, type Matched, type Tracked } from './tracked-file.js'

export interface FollowContext {
  readonly config: FileReceiverConfig
  readonly clock: Clock
  readonly reports: Reports
  readonly stopping: AbortSignal
  /** False: not taken, because the time is over. */
  deliver(batch: EventBatch): Promise<boolean>
}

const saveEveryMs = 1000
/** A rotated file that nobody has written to for so long has come to its end, whole or not. */
const settledMs = 5000

interface Look { readonly size: number, readonly mtimeMs: number, readonly isEnded: boolean }

export class Follower {
  readonly #keeper: PositionKeeper | undefined
  /** How each file was when it was last read to its end. */
  readonly #looks = new WeakMap<Tracked, Look>()
  #files: FileSet
  #savedMs: number
  #isDirty = false

  constructor (readonly context: FollowContext) {
    const { config: { state_file: path, paths }, clock, reports } = context
    if (path !== undefined) this.#keeper = new PositionKeeper(path, () => ({ files: this.#files.tracked }), error => { reports.kept(path, error) })
    this.#files = new FileSet(paths, [], reports)
    this.#savedMs = clock.monotonicMs()
  }

  async load (): Promise<void> {
    const { config: { state_file: path, paths }, reports } = this.context
    if (path === undefined) return
    const read = await readPosition(path)
    if (read.status === 'useless') reports.useless(path, read.reason)
    if (read.status !== 'read') return
    const { files } = (typeof read.value === 'object' && read.value !== null ? read.value : {}) as { files?: unknown }
    const known = Array.isArray(files) ? files.filter(isTracked) : []
    this.#files = new FileSet(paths, known, reports)
    reports.restored(path, known.length)
  }

  /** Until the stop. */
  async run (): Promise<void> {
    const { config, clock, reports, stopping } = this.context
    do {
      const { files, isChanged } = await this.#files.look(stopping)
      reports.followed(files.filter(f => !f.tracked.isPassed).length)
      this.#isDirty ||= isChanged
      // Ids that are made here must be known before anybody else has them.
      if (isChanged) await this.save()
      for (const file of files) if (!stopping.aborted && !file.tracked.isPassed) await this.#read(file)
      await this.#saveSometimes()
    } while (await wait(config.poll_interval, clock, stopping))
  }

  async save (): Promise<void> {
    this.#savedMs = this.context.clock.monotonicMs()
    if (this.#keeper === undefined) return
    this.#keeper.isDirty ||= this.#isDirty
    this.#isDirty = false
    await this.#keeper.save()
  }

  async #saveSometimes (): Promise<void> {
    if (this.#isDirty && this.context.clock.monotonicMs() - this.#savedMs >= saveEveryMs) await this.save()
  }

  async #read (matched: Matched): Promise<void> {
    const { candidate: { path, base, inode, size, mtimeMs }, tracked } = matched
    const last = this.#looks.get(tracked)
    const isEnded = path !== base && this.context.clock.unixMs() - mtimeMs > settledMs
    if (last !== undefined && last.size === size && last.mtimeMs === mtimeMs && last.isEnded === isEnded) return
    try {
      const file = await open(path)
      try {
        const now = await file.stat()
        // It was renamed since the look: the next one finds it.
        if (`${now.dev}:${now.ino}` !== inode || !await this.#readOn(file, now.size, matched, isEnded)) return
        this.#looks.set(tracked, { size, mtimeMs, isEnded })
      } finally {
        await file.close()
      }
    } catch (error) {
      if (this.context.stopping.aborted) return
      this.context.reports.failed(path, error)
      this.#looks.set(tracked, { size, mtimeMs, isEnded })
    }
  }

  /** Up to `size`. False when it was not read to there, for whatever reason: the next look sees. */
  async #readOn (file: FileHandle, size: number, { candidate, tracked }: Matched, isEnded: boolean): Promise<boolean> {
    const { config, stopping, reports, deliver } = this.context
    const { begin } = await beginOf(file, headBytes, stopping)
    if (!isStill(tracked, begin) || (!candidate.isCompressed && size < tracked.offset)) return false
    // Before its rows have ids: copied and cut off while we are away, what was empty when it was last written down is known by nothing.
    if (beginsWith(tracked, candidate.isCompressed ? begin : begin.subarray(0, size))) {
      this.#isDirty = true
      await this.save()
    }
    const isGrowing = !isEnded && !candidate.isCompressed
    const idAt = this.#keeper === undefined ? undefined : (offset: number): string => tracked.ids + offset.toString(16).padStart(16, '0')
    for await (const item of readFile(file, { ...config, signal: stopping, from: tracked.offset, to: size, isGrowing, ...(idAt !== undefined && { idAt }) })) {
      // It may have been cut off and written anew while we read: then this is of another file, and the rest of ours is in its copy.
      if (!candidate.isCompressed && !isStill(tracked, (await beginOf(file, tracked.head, stopping)).begin)) return false
      if (item.kind === 'damage') {
        if (item.isLast && isGrowing) return true
        reports.damaged(candidate.path, item)
      } else if (!await deliver(this.#keeper === undefined ? item.batch : withIds(item.batch, tracked.ids, item.offset))) return false
      tracked.offset = item.end
      this.#isDirty = true
      await this.#saveSometimes()
      if (stopping.aborted) return false
    }
    return true
  }
}

/** `batch` with an id for every row that has none: eight bytes of its file's own, then its place. A row takes more than a byte. */
function withIds (batch: EventBatch, prefix: string, offset: number): EventBatch {
  // What nobody has read has ids by counting.
  if (batch.unread !== undefined) return batch
  const { id } = batch.columns
  const ids = id === undefined ? new Uint8Array(batch.count * 16) : new Uint8Array(id)
  new EventIds(Buffer.from(prefix, 'hex'), offset >>> 0, Math.floor(offset / 2 ** 32)).fillMissing(ids, batch.count)
  return batch.withColumn('id', ids)
}

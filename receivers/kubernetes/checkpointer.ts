/**
 * When checkpoints are written: a picture is taken of all watches at one moment, and goes to the disk once everything that had
 * been told by then has been taken or rejected by the pipeline, at most every `interval`.
 */
import type { Clock } from '../../core/component/clock.js'
import type { ChangeQueue } from './change-queue.js'
import { writeCheckpoint, type WatchPicture } from './checkpoint.js'

export interface CheckpointerOptions {
  readonly file: string
  readonly intervalMs: number
  readonly server: string
  readonly clock: Clock
  readonly queue: ChangeQueue
  /** Watches that a picture would have. */
  known(): number
  /** Undefined while there is nothing worth keeping. Called at one moment, without a pause. */
  picture(): readonly WatchPicture[] | undefined
  written(error?: unknown): void
}

interface Taken { readonly watches: readonly WatchPicture[], readonly at: number }

export class Checkpointer {
  #taken: Taken | undefined
  #takenMs: number
  #writing: Promise<void> | undefined
  /** Watches in the last picture. */
  #pictured = 0
  /** Versions of the last one written: the same again is not. */
  #last = ''
  #failed = false

  constructor (readonly options: CheckpointerOptions) { this.#takenMs = options.clock.monotonicMs() }

  /** Called often; does something seldom. */
  tick (): void {
    const { clock, intervalMs, queue, known } = this.options
    const nowMs = clock.monotonicMs()
    // What a first list shows is no news, so until it is written down a kill would make that of all that happens.
    const isFirst = known() > this.#pictured
    if (this.#taken === undefined && (isFirst || nowMs - this.#takenMs >= intervalMs)) { this.#take(); this.#takenMs = nowMs }
    if (this.#taken === undefined || this.#writing !== undefined || queue.settled < this.#taken.at) return
    this.#writing = this.#write(this.#taken.watches).finally(() => { this.#writing = undefined })
    this.#taken = undefined
  }

  /** Writes the last one, of what is so when everything has been taken; without `complete` the one before is the last. */
  async close (complete: boolean): Promise<void> {
    await this.#writing
    if (!complete) return
    this.#take()
    if (this.#taken !== undefined) await this.#write(this.#taken.watches)
  }

  #take (): void {
    const watches = this.options.picture()
    this.#pictured = watches?.length ?? 0
    if (watches === undefined || versionsOf(watches) === this.#last) return
    this.#taken = { watches, at: this.options.queue.added }
  }

  async #write (watches: readonly WatchPicture[]): Promise<void> {
    const { file, server, written } = this.options
    try {
      await writeCheckpoint(file, server, watches)
      this.#last = versionsOf(watches)
      this.#failed = false
      written()
    } catch (error) {
      if (!this.#failed) written(error)
      this.#failed = true
    }
  }
}

function versionsOf (watches: readonly WatchPicture[]): string { return watches.map(w => `${w.watch} ${w.version}`).join('\n') }

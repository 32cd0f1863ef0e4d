import { inject, injectable } from 'tsyringe'
import type { Clock } from '../../core/component/clock.js'
import type { Deadline, Exporter } from '../../core/component/component.js'
import { accepted, refused, retry, type Outcome } from '../../core/component/outcome.js'
import { Tokens } from '../../core/component/services.js'
import type { EventBatch } from '../../core/data/batch.js'
import { aborted } from '../../core/delivery/in-flight.js'
import type { FileExporterConfig } from './config.js'
import { Reports } from './reports.js'
import { Writer } from './writer.js'

interface Entry { readonly batch: EventBatch, readonly bytes: number, readonly tell: (outcome: Outcome) => void }

/** Batches forced to the disk together under `fsync: always`: one flush costs milliseconds, whatever it covers. */
const maxGroup = 64
const retryAfterMs = 1000

@injectable()
export class FileExporter implements Exporter {
  readonly #writer: Writer
  readonly #queue: Entry[] = []
  #group: Entry[] = []
  #pendingBytes = 0
  #writing: Promise<void> | undefined
  #stopped = false
  #cancelSync: (() => void) | undefined

  constructor (
    @inject(Tokens.config) readonly config: FileExporterConfig,
    @inject(Tokens.clock) readonly clock: Clock,
    @inject(Reports) readonly reports: Reports
  ) {
    this.#writer = new Writer(config, clock, reports)
  }

  /** A file that cannot be opened now does not stop the start: it may be there later, and senders are asked to wait. */
  async start (): Promise<void> {
    await this.#writer.open().catch((error: unknown) => { this.reports.failing(error) })
    this.#armSync()
  }

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    if (this.#stopped) return refused('stopped')
    if (batch.count === 0) return accepted
    const bytes = batch.byteLength
    if (this.#pendingBytes > 0 && this.#pendingBytes + bytes > this.config.max_pending_bytes) return retry('the file cannot be written fast enough', 50)
    this.#pendingBytes += bytes
    return new Promise(tell => {
      this.#queue.push({ batch, bytes, tell })
      this.#writing ??= this.#drain()
    })
  }

  async stop (deadline: Deadline): Promise<void> {
    this.#stopped = true
    this.#cancelSync?.()
    const over = aborted(deadline.signal)
    const done = (this.#writing ?? Promise.resolve()).then(() => this.#writer.close()).catch((error: unknown) => { this.reports.failing(error) })
    await Promise.race([done, over.promise])
    over.cancel()
    this.#writer.abort()
    for (const entry of [...this.#group, ...this.#queue.splice(0)]) this.#tell(entry, refused('shutdown'))
    this.reports.end()
  }

  async #drain (): Promise<void> {
    while (this.#queue.length > 0) {
      this.#group = this.#queue.splice(0, maxGroup)
      await this.#writeGroup(this.#group)
      this.#group = []
    }
    this.#writing = undefined
  }

  async #writeGroup (group: readonly Entry[]): Promise<void> {
    const always = this.config.fsync === 'always'
    let mark: ReturnType<Writer['end']>
    let written = 0
    try {
      await this.#writer.open()
      mark = this.#writer.end()
      for (const { batch } of group) {
        await this.#writer.write(batch)
        written++
      }
      if (always) await this.#writer.sync()
      this.reports.works()
    } catch (error) {
      this.reports.failing(error)
      // What may not have reached the disk is taken back, so that sending it again does not double it.
      if (always) { await this.#writer.cutBackTo(mark); written = 0 }
      await this.#writer.abandon()
      const outcome = retry(`cannot write ${this.config.path}: ${error instanceof Error ? error.message : String(error)}`, retryAfterMs)
      for (const entry of group.slice(written)) this.#tell(entry, outcome)
    }
    for (const entry of group.slice(0, written)) this.#tell(entry, accepted)
  }

  #tell (entry: Entry, outcome: Outcome): void {
    this.#pendingBytes -= entry.bytes
    entry.tell(outcome)
  }

  #armSync (): void {
    if (this.config.fsync !== 'interval' || this.#stopped) return
    this.#cancelSync = this.clock.after(this.config.fsync_interval, () => {
      // After the write that is under way: a sync beside it would cover half of it.
      const sync = (this.#writing ?? Promise.resolve()).then(() => this.#writer.sync())
      sync.catch((error: unknown) => { this.reports.failing(error) }).finally(() => { this.#armSync() }).catch(() => undefined)
    })
  }
}

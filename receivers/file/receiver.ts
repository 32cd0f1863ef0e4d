import { inject, injectable } from 'tsyringe'
import type { Clock } from '../../core/component/clock.js'
import type { Consumer, Deadline, Host, Receiver } from '../../core/component/component.js'
import { Tokens } from '../../core/component/services.js'
import type { EventBatch } from '../../core/data/batch.js'
import { localRetryPolicy } from '../../core/delivery/backoff.js'
import { ReadLoop } from '../../core/delivery/read-loop.js'
import { redeliver } from '../../core/delivery/redeliver.js'
import type { FileReceiverConfig } from './config.js'
import { Pace, firstTimeMs } from './pace.js'
import { Reports } from './reports.js'
import { shiftBatch } from './shift.js'
import { listFiles, readFile } from './source.js'

@injectable()
export class FileReceiver implements Receiver {
  readonly #loop = new ReadLoop()
  #deltaNano: bigint | undefined

  constructor (
    @inject(Tokens.config) readonly config: FileReceiverConfig,
    @inject(Tokens.next) readonly next: Consumer,
    @inject(Tokens.clock) readonly clock: Clock,
    @inject(Reports) readonly reports: Reports
  ) {}

  /** Throws when a path is not there: a replay of nothing is a mistake worth stopping for. */
  async start (host: Host): Promise<void> {
    const files = await listFiles(this.config.paths)
    this.#loop.start(() => this.#run(files, host), error => { this.reports.broken(error) })
  }

  async stop (deadline: Deadline): Promise<void> {
    await this.#loop.stop(deadline)
    this.reports.end()
  }

  async #run (files: readonly string[], host: Host): Promise<void> {
    let rows: number
    do {
      rows = await this.#pass(files)
    } while (this.config.loop && rows > 0 && !this.#loop.stopping.aborted)
    if (this.#loop.stopping.aborted) return
    this.reports.replayed(files.length)
    if (this.config.on_end === 'stop') host.finish(`replay of ${files.length} files has ended`)
  }

  /** All files once; how many rows they gave. */
  async #pass (files: readonly string[]): Promise<number> {
    const { timing, speed, max_gap: maxGapMs } = this.config
    const pace = new Pace(this.clock, { speed: timing === 'asap' ? Infinity : timing === 'original' ? 1 : speed, maxGapMs })
    this.#deltaNano = undefined
    let rows = 0
    for (const file of files) {
      if (this.#loop.stopping.aborted) break
      rows += await this.#replay(file, pace)
    }
    return rows
  }

  async #replay (file: string, pace: Pace): Promise<number> {
    let rows = 0
    try {
      for await (const item of readFile(file, this.config, this.#loop.stopping)) {
        if (item.kind === 'damage') { this.reports.damaged(file, item); continue }
        for (const part of pace.split(item.batch)) {
          if (!await pace.until(part, this.#loop.stopping)) return rows
          await this.#deliver(part)
          rows += part.count
        }
      }
    } catch (error) {
      if (!this.#loop.stopping.aborted) this.reports.failed(file, error)
    }
    return rows
  }

  /** One batch at a time: a pipeline that is full stops the reading. */
  async #deliver (part: EventBatch): Promise<void> {
    const batch = this.config.rewrite_times === 'now' ? this.#rewritten(part) : part
    const policy = { ...localRetryPolicy, maxElapsedMs: 0 }
    const outcome = await redeliver(this.next, batch, { policy, clock: this.clock, signal: this.#loop.over })
    this.reports.delivered(batch.count, outcome)
  }

  #rewritten (part: EventBatch): EventBatch {
    const firstMs = firstTimeMs(part)
    if (this.#deltaNano === undefined && firstMs === 0) return part
    this.#deltaNano ??= this.clock.unixNano() - (part.columns.timeUnixNano.find(t => t !== 0n) ?? 0n)
    return shiftBatch(part, this.#deltaNano)
  }
}

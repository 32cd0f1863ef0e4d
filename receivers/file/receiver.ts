import { inject, injectable } from 'tsyringe'
import type { Clock } from '../../core/component/clock.js'
import type { Consumer, Deadline, Host, Receiver } from '../../core/component/component.js'
import { Tokens } from '../../core/component/services.js'
import type { EventBatch } from '../../core/data/batch.js'
import { ReadLoop } from '../../core/delivery/read-loop.js'
import type { Pressure } from '../../core/pressure/pressure.js'
import type { FileReceiverConfig } from './config.js'
import { Follower } from './follower.js'
import { Pace, firstTimeMs } from './pace.js'
import { Reports } from './reports.js'
import { shiftBatch } from './shift.js'
import { listFiles, readPath } from './source.js'

@injectable()
export class FileReceiver implements Receiver {
  readonly #loop = new ReadLoop()
  #deltaNano: bigint | undefined
  #follower: Follower | undefined

  constructor (
    @inject(Tokens.config) readonly config: FileReceiverConfig,
    @inject(Tokens.next) readonly next: Consumer,
    @inject(Tokens.clock) readonly clock: Clock,
    @inject(Tokens.pressure) readonly pressure: Pressure,
    @inject(Reports) readonly reports: Reports
  ) {}

  /** Throws when a path is not there: a replay of nothing is a mistake worth stopping for. What is followed may come later. */
  async start (host: Host): Promise<void> {
    if (this.config.follow) { await this.#follow(); return }
    const files = await listFiles(this.config.paths)
    this.#loop.start(() => this.#run(files, host), error => { this.reports.broken(error) })
  }

  async stop (deadline: Deadline): Promise<void> {
    await this.#loop.stop(deadline)
    await this.#follower?.save()
    this.reports.end()
  }

  async #follow (): Promise<void> {
    const { config, clock, reports } = this
    const follower = this.#follower = new Follower({ config, clock, reports, stopping: this.#loop.stopping, deliver: batch => this.#deliver(batch) })
    await follower.load()
    this.#loop.start(() => follower.run(), error => { reports.broken(error) })
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
      for await (const item of readPath(file, { ...this.config, signal: this.#loop.stopping })) {
        if (item.kind === 'damage') { this.reports.damaged(file, item); continue }
        for (const part of pace.split(item.batch)) {
          if (!await pace.until(part, this.#loop.stopping)) return rows
          if (!await this.#deliver(part)) return rows
          rows += part.count
        }
      }
    } catch (error) {
      if (!this.#loop.stopping.aborted) this.reports.failed(file, error)
    }
    return rows
  }

  /** One batch at a time: a pipeline that is full stops the reading. False: it was not taken before the end. */
  async #deliver (part: EventBatch): Promise<boolean> {
    const batch = this.config.rewrite_times === 'now' ? this.#rewritten(part) : part
    const outcome = await this.#loop.deliver(this, batch)
    if (outcome.status === 'not_taken') { this.reports.notTaken(batch.count); return false }
    if (outcome.status === 'rejected') this.reports.rejected(outcome.count)
    this.reports.delivered(batch.count)
    return true
  }

  #rewritten (part: EventBatch): EventBatch {
    const firstMs = firstTimeMs(part)
    if (this.#deltaNano === undefined && firstMs === 0) return part
    this.#deltaNano ??= this.clock.unixNano() - (part.columns.timeUnixNano.find(t => t !== 0n) ?? 0n)
    return shiftBatch(part, this.#deltaNano)
  }
}

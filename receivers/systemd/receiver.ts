/** Puts the two sources together: what both tell comes once, and the position in the journal outlives the process. */
import { inject, injectable } from 'tsyringe'
import type { Clock } from '../../core/component/clock.js'
import type { Consumer, Deadline, Receiver } from '../../core/component/component.js'
import type { ComponentId } from '../../core/component/id.js'
import { Tokens } from '../../core/component/services.js'
import type { EventBatch } from '../../core/data/batch.js'
import { wait } from '../../core/delivery/insist.js'
import { PositionKeeper, readPosition } from '../../core/delivery/position-file.js'
import { ReadLoop } from '../../core/delivery/read-loop.js'
import type { Pressure } from '../../core/pressure/pressure.js'
import { BusSource } from './bus-source.js'
import { ChangeQueue } from './change-queue.js'
import type { SystemdConfig } from './config.js'
import { JournalSource } from './journal-source.js'
import { Progress } from './progress.js'
import { Reports, type Part } from './reports.js'
import { stateOf, statePath } from './state.js'

/** A process that is killed reads again what came in this time; ids tell that it did. */
const saveEveryMs = 1000

@injectable()
export class SystemdReceiver implements Receiver {
  readonly #loop = new ReadLoop()
  readonly #keeper: PositionKeeper
  #progress = new Progress({ pairs: [] })

  constructor (
    @inject(Tokens.id) id: ComponentId,
    @inject(Tokens.config) readonly config: SystemdConfig,
    @inject(Tokens.next) readonly next: Consumer,
    @inject(Tokens.clock) readonly clock: Clock,
    @inject(Tokens.pressure) readonly pressure: Pressure,
    @inject(Reports) readonly reports: Reports
  ) {
    const path = statePath(config.state_directory, id.text)
    this.#keeper = new PositionKeeper(path, () => this.#progress.take(), error => { if (error !== undefined) reports.noState(path, error) })
  }

  /** Never throws: a machine without systemd may still have other receivers. */
  async start (): Promise<void> {
    const { bus, journal } = this.config
    const read = await readPosition(this.#keeper.path)
    if (read.status === 'read') this.#progress = new Progress(stateOf(read.value))
    if (read.status === 'useless') this.reports.uselessState(this.#keeper.path, read.reason, journal.start_at)
    const parts: [Part, () => Promise<void>][] = []
    if (journal.enabled) parts.push(['journal', () => this.#journal()])
    if (bus.enabled) parts.push(['bus', () => this.#bus()])
    for (const [part] of parts) this.reports.expect(part)
    // An exception in a source is a bug here or further on; the other source goes on.
    for (const [part, work] of parts) this.#loop.start(work, error => { this.reports.broken(part, error instanceof Error ? error.message : String(error)) })
    this.#loop.start(() => this.#saveAll(), error => { this.reports.noState(this.#keeper.path, error) })
  }

  /** What the pipeline has answered for by the deadline is saved; the rest is read again. */
  async stop (deadline: Deadline): Promise<void> {
    await this.#loop.stop(deadline)
    await this.#save()
    this.reports.end()
  }

  #journal (): Promise<void> {
    return new JournalSource({
      config: this.config, clock: this.clock, reports: this.reports, progress: this.#progress, stopping: this.#loop.stopping,
      deliver: batch => this.#deliver(batch),
      save: () => this.#save()
    }).run()
  }

  async #bus (): Promise<void> {
    const queue = new ChangeQueue({
      clock: this.clock, progress: this.#progress, reports: this.reports, isAlone: !this.config.journal.enabled, stopping: this.#loop.stopping,
      deliver: async batch => {
        const isTaken = await this.#deliver(batch)
        if (!isTaken) this.reports.dropped('shutdown', batch.count)
        return isTaken
      }
    })
    const source = new BusSource({
      config: this.config, clock: this.clock, reports: this.reports, stopping: this.#loop.stopping,
      changed: change => { queue.add(change) },
      foundFailed: change => { queue.addFound(change) }
    })
    await source.run()
    await queue.end()
  }

  /** Whether the pipeline took it. Rows it rejects will never be taken: they are counted, and passed. */
  async #deliver (batch: EventBatch): Promise<boolean> {
    const outcome = await this.#loop.deliver(this, batch)
    if (outcome.status === 'rejected') this.reports.rejected(outcome.count)
    return outcome.status !== 'not_taken'
  }

  async #saveAll (): Promise<void> {
    while (await wait(saveEveryMs, this.clock, this.#loop.stopping)) await this.#save()
  }

  async #save (): Promise<void> {
    this.#keeper.isDirty ||= this.#progress.isDirty
    await this.#keeper.save()
  }
}

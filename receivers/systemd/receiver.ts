/** Puts the two sources together: what both tell comes once, and the position in the journal outlives the process. */
import { inject, injectable } from 'tsyringe'
import type { Clock } from '../../core/component/clock.js'
import type { Consumer, Deadline, Receiver } from '../../core/component/component.js'
import type { ComponentId } from '../../core/component/id.js'
import { Tokens } from '../../core/component/services.js'
import type { EventBatch } from '../../core/data/batch.js'
import { localRetryPolicy } from '../../core/delivery/backoff.js'
import { aborted } from '../../core/delivery/in-flight.js'
import { redeliver } from '../../core/delivery/redeliver.js'
import { BusSource } from './bus-source.js'
import { ChangeQueue } from './change-queue.js'
import type { SystemdConfig } from './config.js'
import { JournalSource } from './journal-source.js'
import { Pairs } from './pairs.js'
import { Reports, type Part } from './reports.js'
import { StateFile } from './state-file.js'

/** A process that is killed reads again what came in this time; ids tell that it did. */
const saveEveryMs = 1000

@injectable()
export class SystemdReceiver implements Receiver {
  readonly #stopping = new AbortController()
  readonly #over = new AbortController()
  readonly #file: StateFile
  #pairs = new Pairs()
  #cursor: string | undefined
  #running: Promise<unknown> | undefined
  #savedMs = -Infinity
  #saving: Promise<void> = Promise.resolve()
  #dirty = false

  constructor (
    @inject(Tokens.id) id: ComponentId,
    @inject(Tokens.config) readonly config: SystemdConfig,
    @inject(Tokens.next) readonly next: Consumer,
    @inject(Tokens.clock) readonly clock: Clock,
    @inject(Reports) readonly reports: Reports
  ) {
    this.#file = new StateFile(config.state_directory, id.text)
  }

  /** Never throws: a machine without systemd may still have other receivers. */
  async start (): Promise<void> {
    try {
      const { cursor, pairs } = await this.#file.load()
      this.#cursor = cursor
      this.#pairs = new Pairs(pairs)
    } catch (error) { this.reports.noState(this.#file.path, error) }
    const { bus, journal } = this.config
    const parts: Promise<void>[] = []
    if (journal.enabled) this.reports.expect('journal')
    if (bus.enabled) this.reports.expect('bus')
    if (journal.enabled) parts.push(this.#guarded('journal', this.#journal()))
    if (bus.enabled) parts.push(this.#guarded('bus', this.#bus()))
    this.#running = Promise.all(parts)
  }

  async stop (deadline: Deadline): Promise<void> {
    this.#stopping.abort()
    const over = aborted(deadline.signal)
    await Promise.race([this.#running, over.promise])
    over.cancel()
    this.#over.abort()
    await this.#running
    if (this.#dirty) await this.#save()
    this.reports.end()
  }

  #journal (): Promise<void> {
    const source = new JournalSource({
      config: this.config, clock: this.clock, reports: this.reports, pairs: this.#pairs, stopping: this.#stopping.signal,
      deliver: batch => this.#deliver(batch, true),
      moved: async cursor => { this.#cursor = cursor; await this.#changed() }
    }, this.#cursor)
    return source.run()
  }

  async #bus (): Promise<void> {
    const queue = new ChangeQueue({
      clock: this.clock, pairs: this.#pairs, reports: this.reports, isAlone: !this.config.journal.enabled, stopping: this.#stopping.signal,
      deliver: async batch => { await this.#deliver(batch, false); await this.#changed() }
    })
    const source = new BusSource({
      config: this.config, clock: this.clock, reports: this.reports, stopping: this.#stopping.signal,
      changed: change => { queue.add(change) },
      foundFailed: change => { queue.addFound(change) }
    })
    await source.run()
    await queue.end()
  }

  async #deliver (batch: EventBatch, readAgain: boolean): Promise<boolean> {
    const policy = { ...localRetryPolicy, maxElapsedMs: 0 }
    const outcome = await redeliver(this.next, batch, { policy, clock: this.clock, signal: this.#over.signal })
    this.reports.delivered(batch.count, outcome, readAgain)
    return outcome.status !== 'refused' || outcome.reason !== 'shutdown'
  }

  async #changed (): Promise<void> {
    this.#dirty = true
    if (this.clock.monotonicMs() - this.#savedMs >= saveEveryMs) await this.#save()
  }

  async #save (): Promise<void> {
    this.#savedMs = this.clock.monotonicMs()
    this.#dirty = false
    // One at a time: both sources may ask, and the file is written beside itself.
    this.#saving = this.#saving.then(async () => {
      try {
        await this.#file.save({ ...(this.#cursor !== undefined && { cursor: this.#cursor }), pairs: this.#pairs.saved() })
      } catch (error) { this.reports.noState(this.#file.path, error) }
    })
    await this.#saving
  }

  /** An exception in a source is a bug here or further on; the other source goes on. */
  async #guarded (part: Part, work: Promise<void>): Promise<void> {
    try { await work } catch (error) { this.reports.broken(part, error instanceof Error ? error.message : String(error)) }
  }
}

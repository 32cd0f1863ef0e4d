import { inject, injectable } from 'tsyringe'
import type { Clock } from '../../core/component/clock.js'
import type { Consumer, Deadline, Host, Receiver } from '../../core/component/component.js'
import { Tokens } from '../../core/component/services.js'
import { ReadLoop } from '../../core/delivery/read-loop.js'
import type { Pressure } from '../../core/pressure/pressure.js'
import type { SnapshotConfig } from './config.js'
import { Dump } from './dump.js'
import { Reports } from './reports.js'

@injectable()
export class SnapshotReceiver implements Receiver {
  readonly #loop = new ReadLoop()

  constructor (
    @inject(Tokens.config) readonly config: SnapshotConfig,
    @inject(Tokens.next) readonly next: Consumer,
    @inject(Tokens.clock) readonly clock: Clock,
    @inject(Tokens.pressure) readonly pressure: Pressure,
    @inject(Reports) readonly reports: Reports
  ) {}

  /** Throws when a path is not there: a diagnosis of nothing is a mistake worth stopping for. */
  async start (host: Host): Promise<void> {
    const dump = new Dump(this.config, this.reports, this.clock.unixMs())
    await dump.open()
    this.#loop.start(() => this.#run(dump, host), error => { this.reports.broken(error) })
  }

  async stop (deadline: Deadline): Promise<void> { await this.#loop.stop(deadline) }

  /** One batch at a time: a pipeline that is full stops the reading. */
  async #run (dump: Dump, host: Host): Promise<void> {
    const { stopping } = this.#loop
    await dump.load(stopping)
    for await (const batch of dump.batches(stopping)) {
      this.reports.delivered(batch.count, await this.#loop.deliver(this, batch))
      if (stopping.aborted) return
    }
    if (stopping.aborted) return
    this.reports.ended(dump.layout, dump.collectedMs)
    if (this.config.on_end === 'stop') host.finish('the snapshot has been read')
  }
}

import { inject, injectable } from 'tsyringe'
import type { Clock } from '../../core/component/clock.js'
import type { Consumer, Deadline, Host, Receiver } from '../../core/component/component.js'
import { Tokens } from '../../core/component/services.js'
import { localRetryPolicy } from '../../core/delivery/backoff.js'
import { aborted } from '../../core/delivery/in-flight.js'
import { redeliver } from '../../core/delivery/redeliver.js'
import type { SnapshotConfig } from './config.js'
import { Dump } from './dump.js'
import { Reports } from './reports.js'

@injectable()
export class SnapshotReceiver implements Receiver {
  /** Ends reading. */
  readonly #stopping = new AbortController()
  /** Ends waiting for a pipeline that is full. */
  readonly #over = new AbortController()
  #running: Promise<void> | undefined

  constructor (
    @inject(Tokens.config) readonly config: SnapshotConfig,
    @inject(Tokens.next) readonly next: Consumer,
    @inject(Tokens.clock) readonly clock: Clock,
    @inject(Reports) readonly reports: Reports
  ) {}

  /** Throws when a path is not there: a diagnosis of nothing is a mistake worth stopping for. */
  async start (host: Host): Promise<void> {
    const dump = new Dump(this.config, this.reports, this.clock.unixMs())
    await dump.open()
    this.#running = this.#run(dump, host).catch((error: unknown) => { this.reports.broken(error) })
  }

  async stop (deadline: Deadline): Promise<void> {
    this.#stopping.abort()
    const over = aborted(deadline.signal)
    await Promise.race([this.#running, over.promise])
    over.cancel()
    this.#over.abort()
    // One turn of the loop, in which a delivery that was waiting counts what it gives up.
    await new Promise(resolve => setImmediate(resolve))
  }

  /** One batch at a time: a pipeline that is full stops the reading. */
  async #run (dump: Dump, host: Host): Promise<void> {
    await dump.load(this.#stopping.signal)
    const policy = { ...localRetryPolicy, maxElapsedMs: 0 }
    for await (const batch of dump.batches(this.#stopping.signal)) {
      this.reports.delivered(batch.count, await redeliver(this.next, batch, { policy, clock: this.clock, signal: this.#over.signal }))
      if (this.#stopping.signal.aborted) return
    }
    if (this.#stopping.signal.aborted) return
    this.reports.ended(dump.layout, dump.collectedMs)
    if (this.config.on_end === 'stop') host.finish('the snapshot has been read')
  }
}

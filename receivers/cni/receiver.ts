/**
 * Looks at the node's network on a timer and hands on what is new. One batch is on its way at a time: while the pipeline is full
 * nothing is read, the kernel drops netlink messages, and the next look asks it for everything anew.
 */
import { inject, injectable } from 'tsyringe'
import type { Clock } from '../../core/component/clock.js'
import type { Consumer, Deadline, Receiver } from '../../core/component/component.js'
import { Tokens } from '../../core/component/services.js'
import { BatchBuilder, type EventInput } from '../../core/data/builder.js'
import { EventIds } from '../../core/data/ids.js'
import { wait } from '../../core/delivery/insist.js'
import { ReadLoop } from '../../core/delivery/read-loop.js'
import type { Pressure } from '../../core/pressure/pressure.js'
import type { CniConfig } from './config.js'
import { runEvent } from './events.js'
import { NodeNetwork } from './node-network.js'
import type { EndedRun } from './plugin-runs.js'
import { PluginWatch } from './plugin-watch.js'
import { Reports } from './reports.js'

/** Runs that wait for a pipeline that is full; more are dropped and counted. */
const maxWaitingRuns = 4096
/** Events in a batch. */
const maxRows = 4096

@injectable()
export class CniReceiver implements Receiver {
  readonly #loop = new ReadLoop()
  readonly #ids = new EventIds()
  #network: NodeNetwork | undefined
  #runs: PluginWatch | undefined
  #ended: EndedRun[] = []
  #overflow = 0

  constructor (
    @inject(Tokens.config) readonly config: CniConfig,
    @inject(Tokens.next) readonly next: Consumer,
    @inject(Tokens.clock) readonly clock: Clock,
    @inject(Tokens.pressure) readonly pressure: Pressure,
    @inject(Reports) readonly reports: Reports
  ) {}

  /** Never throws: what cannot be watched here is said, and the rest is. */
  async start (): Promise<void> {
    const network = this.#network = new NodeNetwork(this.config, this.clock, this.reports)
    const found = network.open()
    if (this.config.plugin_runs.enabled) await this.#openRuns()
    this.reports.started(this.config.conf_dir, found)
    this.#loop.start(() => this.#look(network), error => { this.reports.broken(error) })
  }

  async stop (deadline: Deadline): Promise<void> {
    await this.#loop.stop(deadline)
    await this.#runs?.close()
    if (this.#ended.length > 0) this.reports.delivered(this.#ended.length, { status: 'not_taken' })
    this.#ended = []
    this.#network?.close()
    this.#network = this.#runs = undefined
    this.reports.end()
  }

  async #openRuns (): Promise<void> {
    const { bin_dirs: binDirs, root, rescan_interval: rescanMs, plugin_runs: { poll_interval: pollMs } } = this.config
    this.#runs = new PluginWatch({ binDirs, root, pollMs, rescanMs }, {
      unavailable: reason => { this.reports.without('runs of CNI plugins', reason) },
      runs: (ended, lost, overflow) => { this.#ran(ended, lost, overflow) }
    })
    await this.#runs.began()
  }

  #ran (ended: readonly EndedRun[], lost: number, overflow: number): void {
    this.reports.runs(ended)
    for (const run of ended) {
      if (!this.config.plugin_runs.successes && run.exitCode === 0 && run.exitSignal === 0) continue
      if (this.#ended.length < maxWaitingRuns) this.#ended.push(run)
      else this.#overflow++
    }
    this.reports.missed(lost, overflow + this.#overflow)
  }

  async #look (network: NodeNetwork): Promise<void> {
    do await this.#deliver([...await network.look(), ...this.#takeRuns()])
    while (await wait(this.config.poll_interval, this.clock, this.#loop.stopping))
    await this.#runs?.close()
    await this.#deliver(this.#takeRuns())
  }

  #takeRuns (): EventInput[] {
    const ended = this.#ended
    this.#ended = []
    const nowNs = this.clock.unixNano()
    return ended.map(run => runEvent(run, nowNs))
  }

  async #deliver (events: readonly EventInput[]): Promise<void> {
    for (let from = 0; from < events.length; from += maxRows) {
      const builder = new BatchBuilder(Math.min(maxRows, events.length - from))
      for (const event of events.slice(from, from + maxRows)) builder.append(event)
      const batch = builder.finish({ ids: this.#ids })
      this.reports.delivered(batch.count, await this.#loop.deliver(this, batch))
    }
  }
}

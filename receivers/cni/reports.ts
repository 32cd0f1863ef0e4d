/** What the receiver says about itself. */
import { inject, injectable } from 'tsyringe'
import type { Clock } from '../../core/component/clock.js'
import type { Delivered } from '../../core/delivery/read-loop.js'
import { Tokens, type Drops } from '../../core/component/services.js'
import type { StatusReporter } from '../../core/component/status.js'
import type { Logger } from '../../core/telemetry/logger.js'
import type { Meter, MetricAttributes, MetricDeclaration } from '../../core/telemetry/meter.js'
import { createThrottledLogger, type ThrottledLogger } from '../../core/telemetry/throttled-logger.js'
import type { Usage } from './address-problems.js'
import { activeProblems, addresses, droppedProblems, missedRuns, namespaces, netlinkFaults, pluginRuns } from './metrics.js'
import type { Network } from './net-conf.js'
import type { WatchCounts } from './netns-watch.js'
import type { EndedRun } from './plugin-runs.js'

@injectable()
export class Reports {
  readonly #logger: ThrottledLogger
  readonly #sums = new Map<string, number>()
  /** Said once each. */
  readonly #said = new Set<string>()
  #networks = ''

  constructor (
    @inject(Tokens.meter) readonly meter: Meter,
    @inject(Tokens.logger) readonly logger: Logger,
    @inject(Tokens.clock) clock: Clock,
    @inject(Tokens.status) readonly status: StatusReporter,
    @inject(Tokens.drops) readonly drops: Drops
  ) {
    this.#logger = createThrottledLogger(logger, { clock })
  }

  /** A part that cannot work here, in one line; the others go on. */
  without (part: string, reason: string): void {
    if (this.#said.has(part)) return
    this.#said.add(part)
    this.logger.warn(`${part} cannot be watched; everything else goes on`, { reason })
  }

  started (confDir: string, found: boolean): void {
    if (!found) this.logger.info('there is no CNI configuration directory; it is looked for again', { directory: confDir })
    this.status.ok()
  }

  networks (networks: readonly Network[]): void {
    const text = networks.map(n => `${n.name} (${n.flavor === 'generic' ? n.programs.join(' ') : n.flavor})`).join(', ')
    if (text === this.#networks) return
    this.#networks = text
    this.logger.info('CNI networks', { networks: text === '' ? 'none' : text })
  }

  namespaces (watched: number, counts: WatchCounts, faults: ReadonlyMap<number, string>): void {
    this.meter.gauge(namespaces, { state: 'watched' }).set(watched)
    this.meter.gauge(namespaces, { state: 'unreadable' }).set(counts.unreadable)
    for (const [kind, sum] of [['lost', counts.lost], ['malformed', counts.malformed], ['no_room', counts.dropped]] as const) this.#add(`netlink_${kind}`, netlinkFaults, { kind }, sum)
    const [first] = faults.values()
    if (first !== undefined) this.without('network namespaces', `${faults.size} cannot be entered (CAP_SYS_ADMIN is needed), the first: ${first}`)
  }

  usage (usages: readonly Usage[]): void {
    for (const { network, ranges, used, size } of usages) {
      this.meter.gauge(addresses, { network, ranges, state: 'used' }).set(used)
      this.meter.gauge(addresses, { network, ranges, state: 'free' }).set(Number(size) - used)
    }
  }

  problems (active: number, dropped: number): void {
    this.meter.gauge(activeProblems).set(active)
    this.#add('problems', droppedProblems, {}, dropped)
  }

  runs (ended: readonly EndedRun[]): void {
    for (const { plugin, exitCode, exitSignal } of ended) this.meter.counter(pluginRuns, { plugin, result: exitCode === 0 && exitSignal === 0 ? 'ok' : 'failed' }).add(1)
  }

  missed (lost: number, overflow: number): void {
    this.#add('runs_lost', missedRuns, { reason: 'lost' }, lost)
    this.#add('runs_overflow', missedRuns, { reason: 'overflow' }, overflow)
  }

  delivered (rows: number, outcome: Delivered): void {
    if (outcome.status === 'not_taken') this.drops.add('shutdown', rows)
  }

  /** A bug here or further on. */
  broken (error: unknown): void {
    this.status.permanentError(error instanceof Error ? error.message : String(error))
  }

  end (): void { this.#logger.flush() }

  /** Adds what has come to a sum since the last time; a sum may fall when what it counts is gone. */
  #add (key: string, declaration: MetricDeclaration, attributes: MetricAttributes, sum: number): void {
    const since = sum - (this.#sums.get(key) ?? 0)
    if (since > 0) this.meter.counter(declaration, attributes).add(since)
    this.#sums.set(key, sum)
  }
}

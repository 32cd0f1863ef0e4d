/** What the kubernetes receiver says about itself. */
import { inject, injectable } from 'tsyringe'
import type { Clock } from '../../core/component/clock.js'
import { Tokens, type Drops } from '../../core/component/services.js'
import type { StatusReporter } from '../../core/component/status.js'
import type { WatchCounts, WatchState } from '../../core/kubernetes/list-watch.js'
import type { KubeKind } from '../../core/kubernetes/watchable.js'
import type { Logger } from '../../core/telemetry/logger.js'
import type { Counter, Gauge, Meter } from '../../core/telemetry/meter.js'
import { createThrottledLogger, type ThrottledLogger } from '../../core/telemetry/throttled-logger.js'
import { checkpoints, deniedResources, heldObjects, malformedObjects, objectsNotHeld, queuedEvents, rejectedEvents, watchEvents } from './metrics.js'
import type { WatchPlan } from './watches.js'

const countNames: Readonly<Record<keyof WatchCounts, string>> = { lists: 'list', watches: 'watch', expired: 'expired', brokenOff: 'broken_off', bookmarks: 'bookmark', changes: 'change' }

@injectable()
export class Reports {
  readonly #queued: Gauge
  readonly #rejected: Counter
  readonly #denied: Gauge
  readonly #logger: ThrottledLogger
  readonly #states = new Map<string, WatchState>()
  readonly #counted = new Map<string, number>()

  constructor (
    @inject(Tokens.meter) readonly meter: Meter,
    @inject(Tokens.logger) readonly logger: Logger,
    @inject(Tokens.clock) clock: Clock,
    @inject(Tokens.status) readonly status: StatusReporter,
    @inject(Tokens.drops) readonly drops: Drops
  ) {
    this.#queued = meter.gauge(queuedEvents)
    this.#rejected = meter.counter(rejectedEvents)
    this.#denied = meter.gauge(deniedResources)
    this.#logger = createThrottledLogger(logger, { clock })
  }

  impossible (reason: string): void {
    this.logger.warn('no access to an API server: the cluster is not watched', { reason })
    this.status.permanentError(reason)
  }

  watching (watches: number, server: string): void { this.logger.info('watching the cluster', { server, watches }) }

  /** A state is told when it begins; a resource that is denied, once. */
  state (plan: WatchPlan, state: WatchState): void {
    const where = { resource: plan.resource, ...(plan.selection.namespace === undefined ? {} : { namespace: plan.selection.namespace }) }
    if (state.state === 'denied' && this.#states.get(plan.id)?.state !== 'denied') this.logger.warn('a resource cannot be watched and is left out; it is asked for again every five minutes', { ...where, reason: state.reason })
    if (state.state === 'failing') this.#logger.warn('the API server does not answer; what is known stays as it was', { ...where, reason: state.reason })
    if (state.state === 'listed') this.logger.debug('objects are known', { ...where, objects: state.objects })
    this.#states.set(plan.id, state)
    const all = [...this.#states.values()]
    this.#denied.set(all.filter(s => s.state === 'denied').length)
    const bad = all.find(s => s.state === 'failing') ?? (all.every(s => s.state === 'denied') ? all[0] : undefined)
    if (bad !== undefined && 'reason' in bad) this.status.recoverableError(bad.reason)
    else this.status.ok()
  }

  restored (watches: number, file: string): void { this.logger.info('going on from a checkpoint', { watches, file }) }

  noCheckpoint (file: string, reason: string): void { this.logger.warn('a checkpoint is of no use; beginning anew', { file, reason }) }

  checkpoint (file: string, error?: unknown): void {
    this.meter.counter(checkpoints, { outcome: error === undefined ? 'written' : 'failed' }).add(1)
    if (error !== undefined) this.logger.warn('what was told cannot be remembered across restarts: set checkpoint.file to one that this user may write, or checkpoint.enabled to false', { file, error: (error as Error).message })
  }

  notHeld (kind: KubeKind): void {
    this.meter.counter(objectsNotHeld, { kind }).add(1)
    this.#logger.warn('more objects than max_objects: changes of the rest are not seen', { kind })
  }

  malformed (kind: KubeKind, error: unknown): void {
    this.meter.counter(malformedObjects, { kind }).add(1)
    this.#logger.warn('an object of a shape that none of its kind has was passed over', { kind, error: error instanceof Error ? error.message : String(error) })
  }

  held (kind: KubeKind, objects: number): void { this.meter.gauge(heldObjects, { kind }).set(objects) }

  counts (plan: WatchPlan, counts: WatchCounts): void {
    for (const [name, what] of Object.entries(countNames)) {
      const [key, n] = [`${plan.id}\u0000${name}`, counts[name as keyof WatchCounts]]
      const more = n - (this.#counted.get(key) ?? 0)
      if (more > 0) this.meter.counter(watchEvents, { kind: plan.kind, what }).add(more)
      this.#counted.set(key, n)
    }
  }

  queued (events: number): void { this.#queued.set(events) }

  rejected (rows: number): void { this.#rejected.add(rows) }

  notTaken (rows: number): void { if (rows > 0) this.drops.add('shutdown', rows) }

  /** A bug. */
  broken (error: unknown): void {
    this.status.permanentError(error instanceof Error ? error.message : String(error))
  }

  end (): void { this.#logger.flush() }
}

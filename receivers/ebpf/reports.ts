/** What the receiver says about itself. */
import { inject, injectable } from 'tsyringe'
import type { Clock } from '../../core/component/clock.js'
import type { Delivered } from '../../core/delivery/read-loop.js'
import { Tokens, type Drops } from '../../core/component/services.js'
import type { StatusReporter } from '../../core/component/status.js'
import type { IdentityCounts } from '../../core/identity/identities.js'
import type { RawStoreCounts } from '../../core/rawstore/store.js'
import type { Logger } from '../../core/telemetry/logger.js'
import type { Meter, MetricAttributes, MetricDeclaration } from '../../core/telemetry/meter.js'
import { createThrottledLogger, type ThrottledLogger } from '../../core/telemetry/throttled-logger.js'
import { recordName, recordTable, type KernelSession, type RecordCounters, type RecordName } from '../../native/index.js'
import { hooks, identityEntries, identityEvictions, identityLookups, kernelDrops, rawDropped, rawStored, rawWritten, records, unknownRecords } from './metrics.js'

type DropReason = 'ring_full' | 'rate_limited' | 'filtered' | 'missed'

@injectable()
export class Reports {
  readonly #logger: ThrottledLogger
  /** Counts of the kernel as last read: what is reported are the differences. */
  #counters: readonly RecordCounters[] = []
  readonly #missed = new Map<string, number>()
  readonly #sums = new Map<string, number>()

  constructor (
    @inject(Tokens.meter) readonly meter: Meter,
    @inject(Tokens.logger) readonly logger: Logger,
    @inject(Tokens.clock) clock: Clock,
    @inject(Tokens.status) readonly status: StatusReporter,
    @inject(Tokens.drops) readonly drops: Drops
  ) {
    this.#logger = createThrottledLogger(logger, { clock })
  }

  /** Nothing can be loaded here: the rest of the pipeline goes on. */
  unavailable (reason: string): void {
    this.logger.warn('the kernel cannot be watched', { reason })
    this.status.permanentError(reason)
  }

  started (session: KernelSession, warnings: readonly string[]): void {
    const missing = session.hooks.filter(h => h.unavailable !== '')
    this.meter.gauge(hooks, { state: 'attached' }).set(session.attached.length)
    this.meter.gauge(hooks, { state: 'unavailable' }).set(missing.length)
    for (const { program, hook, unavailable } of missing) this.logger.warn('a hook is not available on this kernel', { program, hook, reason: unavailable })
    for (const warning of warnings) this.logger.warn('a filter has no effect', { reason: warning })
    if (session.attached.length === 0) { this.unavailable('none of the hooks could be attached'); return }
    this.logger.info('watching the kernel', { hooks: session.attached.map(h => h.hook).join(' ') })
    this.status.ok()
  }

  received (counts: ReadonlyMap<RecordName, number>, unknown: number): void {
    for (const [name, n] of counts) this.meter.counter(records, { program: recordTable[name].program }).add(n)
    if (unknown === 0) return
    this.meter.counter(unknownRecords).add(unknown)
    this.#logger.error('records of an unknown kind came from the kernel', { records: unknown })
  }

  delivered (rows: number, outcome: Delivered): void {
    if (outcome.status === 'not_taken') this.drops.add('shutdown', rows)
  }

  /** Reads the kernel's counters and adds what has come since the last time. */
  kernelCounters (session: KernelSession): void {
    const now = session.counters()
    now.forEach((row, type) => {
      const name = recordName(type)
      if (name === undefined) return
      const before = this.#counters[type]
      for (const reason of ['ring_full', 'rate_limited', 'filtered'] as const) this.#dropped(name, reason, row[reason] - (before?.[reason] ?? 0))
    })
    this.#counters = now
    for (const hook of session.attached) {
      const missed = session.missed(hook)
      const key = `${hook.program}/${hook.hook}`
      const since = missed - (this.#missed.get(key) ?? 0)
      if (since > 0) this.meter.counter(kernelDrops, { program: hook.program, reason: 'missed' }).add(since)
      this.#missed.set(key, missed)
    }
  }

  /** Said once; the pipeline goes on without: events then have no raw record. */
  noRawStore (directory: string, error: Error): void {
    this.logger.warn('raw records are not kept: set raw_store.directory to one that this user may write, or raw_store.enabled to false', { directory, reason: error.message })
  }

  rawError (error: Error): void {
    this.#logger.error('writing raw records failed, they are dropped', { reason: error.message })
  }

  identities (now: IdentityCounts): void {
    const hits = now.hits - now.afterRemoval
    this.#add('hit', identityLookups, { result: 'hit' }, hits)
    this.#add('after_removal', identityLookups, { result: 'after_removal' }, now.afterRemoval)
    this.#add('miss', identityLookups, { result: 'miss' }, now.misses)
    this.#add('evicted_live', identityEvictions, { state: 'live' }, now.evictedLive)
    this.#add('evicted_removed', identityEvictions, { state: 'removed' }, now.evictedRemoved)
    for (const kind of ['cgroups', 'processes', 'namespaces'] as const) this.meter.gauge(identityEntries, { kind }).set(now[kind])
  }

  raw (now: RawStoreCounts): void {
    this.#add('stored', rawStored, {}, now.stored)
    this.#add('written', rawWritten, {}, now.writtenBytes)
    for (const [reason, n] of Object.entries(now.dropped)) this.#add(`dropped_${reason}`, rawDropped, { reason }, n)
  }

  /** A bug here or further on. */
  broken (error: unknown): void {
    this.status.permanentError(error instanceof Error ? error.message : String(error))
  }

  end (): void { this.#logger.flush() }

  /** Adds what has come to a sum since the last time. */
  #add (key: string, declaration: MetricDeclaration, attributes: MetricAttributes, sum: number): void {
    const since = sum - (this.#sums.get(key) ?? 0)
    if (since > 0) this.meter.counter(declaration, attributes).add(since)
    this.#sums.set(key, sum)
  }

  #dropped (name: RecordName, reason: DropReason, count: number): void {
    if (count === 0) return
    const { program } = recordTable[name]
    this.meter.counter(kernelDrops, { program, reason }).add(count)
    if (reason === 'ring_full') this.#logger.warn('the ring buffer was full, records are lost', { program, records: count })
  }
}

/** What the systemd receiver says about itself. */
import { inject, injectable } from 'tsyringe'
import type { Clock } from '../../core/component/clock.js'
import { Tokens, type Drops } from '../../core/component/services.js'
import type { StatusReporter } from '../../core/component/status.js'
import type { Logger } from '../../core/telemetry/logger.js'
import type { Counter, Gauge, Meter } from '../../core/telemetry/meter.js'
import { createThrottledLogger, type ThrottledLogger } from '../../core/telemetry/throttled-logger.js'
import { badEntries, busConnections, entries, gaps, missedEntries, readers, rejectedEvents, signals, trackedUnits } from './metrics.js'

export type Part = 'bus' | 'journal'
type PartState = { readonly state: 'waiting' | 'ok' } | { readonly state: 'failing' | 'broken', readonly reason: string }

@injectable()
export class Reports {
  readonly #logger: ThrottledLogger
  readonly #parts = new Map<Part, PartState>()
  readonly entries: Counter
  readonly readers: Counter
  readonly signals: Counter
  readonly connections: Counter
  readonly units: Gauge
  readonly #rejected: Counter
  readonly #missed: Counter
  readonly #gaps: Counter

  constructor (
    @inject(Tokens.meter) readonly meter: Meter,
    @inject(Tokens.logger) logger: Logger,
    @inject(Tokens.clock) clock: Clock,
    @inject(Tokens.status) readonly status: StatusReporter,
    @inject(Tokens.drops) readonly drops: Drops
  ) {
    this.#logger = createThrottledLogger(logger, { clock })
    this.entries = meter.counter(entries)
    this.readers = meter.counter(readers)
    this.signals = meter.counter(signals)
    this.connections = meter.counter(busConnections)
    this.units = meter.gauge(trackedUnits)
    this.#rejected = meter.counter(rejectedEvents)
    this.#missed = meter.counter(missedEntries)
    this.#gaps = meter.counter(gaps)
  }

  expect (part: Part): void { this.#parts.set(part, { state: 'waiting' }) }

  works (part: Part, fields: Readonly<Record<string, string | number>>): void {
    this.#logger.info(part === 'bus' ? 'listening to systemd' : 'reading the journal', fields)
    this.#set(part, { state: 'ok' })
  }

  /** It is tried again. */
  failing (part: Part, reason: string, nextMs: number): void {
    this.#logger.warn(part === 'bus' ? 'no connection to systemd, trying again' : 'the journal cannot be read, trying again', { reason, nextMs: Math.round(nextMs) })
    this.#set(part, { state: 'failing', reason })
  }

  /** It will not work in this process. */
  broken (part: Part, reason: string): void {
    this.#logger.error(part === 'bus' ? 'systemd cannot be listened to' : 'the journal cannot be read', { reason })
    this.#set(part, { state: 'broken', reason })
  }

  badEntry (reason: 'too_large' | 'malformed'): void {
    this.meter.counter(badEntries, { reason }).add(1)
    this.#logger.warn('skipped an entry of the journal', { reason })
  }

  /** `entries` undefined: nobody knows how many. */
  missed (entries: number | undefined): void {
    if (entries !== undefined) this.#missed.add(entries)
    this.#gaps.add(1)
    this.#logger.warn('entries were removed from the journal before they were read; raise SystemMaxUse of journald.conf if that was its rotation', { entries: entries ?? 'unknown' })
  }

  noState (path: string, error: unknown): void {
    this.#logger.warn('the position in the journal cannot be kept; after a restart reading begins where `journal.start_at` says', { path, error: error instanceof Error ? error.message : String(error) })
  }

  uselessState (path: string, reason: string, startAt: string): void {
    this.#logger.warn('the saved position in the journal is of no use; reading begins where `journal.start_at` says', { path, reason, startAt })
  }

  dropped (reason: 'filtered' | 'rate_limited' | 'duplicate' | 'overflow' | 'shutdown', rows: number): void {
    if (rows > 0) this.drops.add(reason, rows)
  }

  rejected (rows: number): void { this.#rejected.add(rows) }

  end (): void { this.#logger.flush() }

  /** One status for both parts: broken for good only when nothing is left that could work. */
  #set (part: Part, state: PartState): void {
    this.#parts.set(part, state)
    const states = [...this.#parts]
    const reasons = (wanted: readonly string[]): string => states.flatMap(([name, s]) => wanted.includes(s.state) && 'reason' in s ? [`${name}: ${s.reason}`] : []).join('; ')
    if (states.every(([, s]) => s.state === 'broken')) { this.status.permanentError(reasons(['broken'])); return }
    if (states.some(([, s]) => s.state === 'failing')) { this.status.recoverableError(reasons(['failing'])); return }
    if (states.some(([, s]) => s.state === 'ok')) this.status.ok()
  }
}

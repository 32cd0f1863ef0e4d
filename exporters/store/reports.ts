/** What the store exporter says about itself. */
import { inject, injectable } from 'tsyringe'
import type { Clock } from '../../core/component/clock.js'
import { Tokens, type Drops } from '../../core/component/services.js'
import type { StatusReporter } from '../../core/component/status.js'
import type { Logger } from '../../core/telemetry/logger.js'
import type { Counter, Gauge, Meter } from '../../core/telemetry/meter.js'
import { createThrottledLogger, type ThrottledLogger } from '../../core/telemetry/throttled-logger.js'
import { storeBytes, storedDocuments, storedEvents, storeErrors } from './metrics.js'

@injectable()
export class Reports {
  readonly stored: Counter
  readonly incidents: Counter
  readonly links: Counter
  readonly bytes: Gauge
  readonly #errors: Counter
  readonly #logger: ThrottledLogger
  #failing = false

  constructor (
    @inject(Tokens.meter) meter: Meter,
    @inject(Tokens.logger) logger: Logger,
    @inject(Tokens.clock) clock: Clock,
    @inject(Tokens.status) readonly status: StatusReporter,
    @inject(Tokens.drops) readonly drops: Drops
  ) {
    this.stored = meter.counter(storedEvents)
    this.incidents = meter.counter(storedDocuments, { kind: 'incident' })
    this.links = meter.counter(storedDocuments, { kind: 'link' })
    this.bytes = meter.gauge(storeBytes)
    this.#errors = meter.counter(storeErrors)
    this.#logger = createThrottledLogger(logger, { clock })
  }

  dropped (reason: 'not_kept' | 'duplicate' | 'malformed', rows: number): void {
    if (rows > 0) this.drops.add(reason, rows)
  }

  malformed (what: string, reason: string): void {
    this.dropped('malformed', 1)
    this.#logger.warn(`a ${what} cannot be stored`, { reason })
  }

  damaged (files: readonly string[]): void {
    for (const file of files) this.#logger.error('a part of the store is damaged and left alone', { file })
  }

  failing (error: unknown): void {
    const text = error instanceof Error ? error.message : String(error)
    this.#errors.add(1)
    this.#logger.error('the store does not work', { error: text })
    if (!this.#failing) this.status.recoverableError(text)
    this.#failing = true
  }

  works (): void {
    if (!this.#failing) return
    this.#failing = false
    this.status.ok()
  }

  end (): void { this.#logger.flush() }
}

/** All that the batch processor says about itself: metrics, drops, status and log. */
import { inject, injectable } from 'tsyringe'
import type { Clock } from '../../core/component/clock.js'
import type { Outcome } from '../../core/component/outcome.js'
import { Tokens, type Drops } from '../../core/component/services.js'
import type { StatusReporter } from '../../core/component/status.js'
import type { Logger } from '../../core/telemetry/logger.js'
import type { Counter, Gauge, Histogram, Meter } from '../../core/telemetry/meter.js'
import { createThrottledLogger, type ThrottledLogger } from '../../core/telemetry/throttled-logger.js'
import { batchSize, lateRejections, pendingRows, retries, triggers } from './metrics.js'
import type { Trigger } from './group.js'

@injectable()
export class Reports {
  readonly #size: Histogram
  readonly #triggers: Readonly<Record<Trigger, Counter>>
  readonly #rejected: Counter
  readonly #retries: Counter
  readonly #pending: Gauge
  readonly #logger: ThrottledLogger
  #failing = false

  constructor (
    @inject(Tokens.meter) meter: Meter,
    @inject(Tokens.logger) logger: Logger,
    @inject(Tokens.status) readonly status: StatusReporter,
    @inject(Tokens.drops) readonly drops: Drops,
    @inject(Tokens.clock) clock: Clock
  ) {
    this.#size = meter.histogram(batchSize)
    const trigger = (name: Trigger): Counter => meter.counter(triggers, { trigger: name })
    this.#triggers = { size: trigger('size'), timeout: trigger('timeout'), memory: trigger('memory'), stop: trigger('stop') }
    this.#rejected = meter.counter(lateRejections)
    this.#retries = meter.counter(retries)
    this.#pending = meter.gauge(pendingRows)
    this.#logger = createThrottledLogger(logger, { clock })
  }

  pending (rows: number): void { this.#pending.set(rows) }

  sent (rows: number, trigger: Trigger): void {
    this.#size.record(rows)
    this.#triggers[trigger].add(1)
  }

  retrying (reason: string): void {
    this.#retries.add(1)
    if (!this.#failing) this.status.recoverableError(`delivery is being retried: ${reason}`)
    this.#failing = true
  }

  /** The final answer of the next component about one batch. */
  outcome (outcome: Outcome): void {
    if (outcome.status === 'rejected') {
      this.#rejected.add(outcome.count)
      this.#logger.warn('rows rejected after they had been accepted', { rows: outcome.count, reason: outcome.reason })
    }
    if (outcome.status !== 'refused' && this.#failing) {
      this.#failing = false
      this.status.ok()
    }
  }

  /** Tells what was held back of the log. */
  end (): void { this.#logger.flush() }

  lost (rows: number, reason: string): void {
    const exhausted = reason.startsWith('retries exhausted')
    this.drops.add(reason === 'shutdown' ? 'shutdown' : exhausted ? 'retries_exhausted' : 'refused', rows)
    this.#logger.error('rows lost', { rows, reason })
  }
}

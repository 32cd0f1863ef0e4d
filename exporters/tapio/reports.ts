/** What the tapio exporter says about itself. */
import type { Clock } from '../../core/component/clock.js'
import type { Outcome } from '../../core/component/outcome.js'
import type { Logger } from '../../core/telemetry/logger.js'
import type { Meter } from '../../core/telemetry/meter.js'
import { createThrottledLogger, type ThrottledLogger } from '../../core/telemetry/throttled-logger.js'
import { connections, repeatedBatches, sentBatches, sentBytes, unacknowledged } from './metrics.js'

export class Reports {
  readonly #logger: ThrottledLogger

  constructor (readonly meter: Meter, logger: Logger, clock: Clock) {
    this.#logger = createThrottledLogger(logger, { clock })
  }

  sent (bytes: number, again: boolean): void {
    this.meter.counter(sentBytes).add(bytes)
    if (again) this.meter.counter(repeatedBatches).add(1)
  }

  done (outcome: Outcome): void {
    if (outcome.status === 'accepted' || outcome.status === 'rejected') this.meter.counter(sentBatches, { outcome: outcome.status }).add(1)
  }

  waiting (rows: number): void { this.meter.gauge(unacknowledged).set(rows) }

  welcomed (collector: string, taken: number): void {
    this.meter.counter(connections, { outcome: 'welcomed' }).add(1)
    this.#logger.info('connected to the server', { collector, taken })
  }

  /** Either an attempt failed or a connection that had been welcomed ended. */
  lost (reason: string, wasWelcomed: boolean): void {
    if (!wasWelcomed) this.meter.counter(connections, { outcome: 'failed' }).add(1)
    this.#logger.warn('not connected to the server; what was not acknowledged waits and is sent again', { reason })
  }

  end (): void { this.#logger.flush() }
}

/** What the file exporter says about itself. */
import { inject, injectable } from 'tsyringe'
import type { Clock } from '../../core/component/clock.js'
import { Tokens } from '../../core/component/services.js'
import type { StatusReporter } from '../../core/component/status.js'
import type { Logger } from '../../core/telemetry/logger.js'
import type { Counter, Meter } from '../../core/telemetry/meter.js'
import { createThrottledLogger, type ThrottledLogger } from '../../core/telemetry/throttled-logger.js'
import { rotations, writeErrors, writtenBytes } from './metrics.js'
import type { WriterEvents } from './writer.js'

@injectable()
export class Reports implements WriterEvents {
  readonly #written: Counter
  readonly #rotations: Counter
  readonly #errors: Counter
  readonly #logger: ThrottledLogger
  #failing = false

  constructor (
    @inject(Tokens.meter) meter: Meter,
    @inject(Tokens.logger) logger: Logger,
    @inject(Tokens.clock) clock: Clock,
    @inject(Tokens.status) readonly status: StatusReporter
  ) {
    this.#written = meter.counter(writtenBytes)
    this.#rotations = meter.counter(rotations)
    this.#errors = meter.counter(writeErrors)
    this.#logger = createThrottledLogger(logger, { clock })
  }

  wrote (bytes: number): void { this.#written.add(bytes) }

  rotated (path: string): void {
    this.#rotations.add(1)
    this.#logger.info('started a new file', { rotated: path })
  }

  troubled (what: string, error: unknown): void {
    this.#errors.add(1)
    this.#logger.warn(`${what} failed`, { error: String(error) })
  }

  failing (error: unknown): void {
    const text = error instanceof Error ? error.message : String(error)
    this.#errors.add(1)
    this.#logger.error('the file cannot be written', { error: text })
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

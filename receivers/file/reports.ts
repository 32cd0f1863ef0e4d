/** What the file receiver says about itself. */
import { inject, injectable } from 'tsyringe'
import type { Clock } from '../../core/component/clock.js'
import type { Outcome } from '../../core/component/outcome.js'
import { Tokens, type Drops } from '../../core/component/services.js'
import type { StatusReporter } from '../../core/component/status.js'
import type { FileItem } from '../../core/data/read-frames.js'
import type { Logger } from '../../core/telemetry/logger.js'
import type { Counter, Meter } from '../../core/telemetry/meter.js'
import { createThrottledLogger, type ThrottledLogger } from '../../core/telemetry/throttled-logger.js'
import { damagedBytes, damagedRegions, failedFiles, rejectedEvents } from './metrics.js'

@injectable()
export class Reports {
  readonly #regions: Counter
  readonly #bytes: Counter
  readonly #failed: Counter
  readonly #rejected: Counter
  readonly #logger: ThrottledLogger
  #rows = 0
  #damaged = 0

  constructor (
    @inject(Tokens.meter) meter: Meter,
    @inject(Tokens.logger) logger: Logger,
    @inject(Tokens.clock) clock: Clock,
    @inject(Tokens.status) readonly status: StatusReporter,
    @inject(Tokens.drops) readonly drops: Drops
  ) {
    this.#regions = meter.counter(damagedRegions)
    this.#bytes = meter.counter(damagedBytes)
    this.#failed = meter.counter(failedFiles)
    this.#rejected = meter.counter(rejectedEvents)
    this.#logger = createThrottledLogger(logger, { clock })
  }

  delivered (rows: number, outcome: Outcome): void {
    this.#rows += rows
    if (outcome.status === 'rejected') this.#rejected.add(outcome.count)
    if (outcome.status === 'refused') this.drops.add(outcome.reason === 'shutdown' ? 'shutdown' : 'refused', rows)
  }

  damaged (file: string, { offset, bytes, reason }: Extract<FileItem, { kind: 'damage' }>): void {
    this.#damaged++
    this.#regions.add(1)
    this.#bytes.add(bytes)
    this.#logger.warn('skipped a damaged part of a file', { file, offset, bytes, reason })
  }

  failed (file: string, error: unknown): void {
    this.#failed.add(1)
    this.#logger.error('a file could not be read to its end', { file, error: error instanceof Error ? error.message : String(error) })
  }

  replayed (files: number): void {
    this.#logger.info('replay has ended', { files, events: this.#rows, damagedRegions: this.#damaged })
  }

  /** A bug further on. */
  broken (error: unknown): void {
    this.status.permanentError(error instanceof Error ? error.message : String(error))
  }

  end (): void { this.#logger.flush() }
}

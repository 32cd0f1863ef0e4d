/** What the file receiver says about itself. */
import { inject, injectable } from 'tsyringe'
import type { Clock } from '../../core/component/clock.js'
import { Tokens, type Drops } from '../../core/component/services.js'
import type { StatusReporter } from '../../core/component/status.js'
import type { FileItem } from '../../core/data/read-frames.js'
import type { Logger } from '../../core/telemetry/logger.js'
import type { Counter, Gauge, Meter } from '../../core/telemetry/meter.js'
import { createThrottledLogger, type ThrottledLogger } from '../../core/telemetry/throttled-logger.js'
import { damagedBytes, damagedRegions, failedFiles, followedFiles, rejectedEvents, unreadBytes } from './metrics.js'

@injectable()
export class Reports {
  readonly #regions: Counter
  readonly #bytes: Counter
  readonly #failed: Counter
  readonly #rejected: Counter
  readonly #logger: ThrottledLogger
  readonly #followed: Gauge
  readonly #unread: Counter
  #keepFails = false
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
    this.#followed = meter.gauge(followedFiles)
    this.#unread = meter.counter(unreadBytes)
    this.#rejected = meter.counter(rejectedEvents)
    this.#logger = createThrottledLogger(logger, { clock })
  }

  delivered (rows: number): void { this.#rows += rows }

  rejected (rows: number): void { this.#rejected.add(rows) }

  notTaken (rows: number): void { this.drops.add('shutdown', rows) }

  followed (files: number): void { this.#followed.set(files) }

  lost (file: string, bytes: number): void {
    this.#unread.add(bytes)
    this.#logger.warn('a followed file was cut off or removed before it was read to its end', { file, bytes })
  }

  restored (file: string, files: number): void { this.#logger.info('going on where the state file says', { file, files }) }

  useless (file: string, reason: string): void { this.#logger.warn('the state file is of no use; files are read from their start', { file, reason }) }

  /** The state file was written, or not. */
  kept (file: string, error?: unknown): void {
    if (this.#keepFails === (error !== undefined)) return
    this.#keepFails = error !== undefined
    if (error === undefined) { this.status.ok(); return }
    const reason = `how far files were read cannot be kept in ${file}: ${error instanceof Error ? error.message : String(error)}`
    this.#logger.warn('how far files were read cannot be kept; a restart reads again', { file, reason })
    this.status.degraded(reason)
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

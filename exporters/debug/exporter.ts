import { inject, injectable } from 'tsyringe'
import type { Clock } from '../../core/component/clock.js'
import type { Exporter } from '../../core/component/component.js'
import { accepted, type Outcome } from '../../core/component/outcome.js'
import { Tokens } from '../../core/component/services.js'
import type { EventBatch } from '../../core/data/batch.js'
import type { Logger } from '../../core/telemetry/logger.js'
import type { Counter, Meter } from '../../core/telemetry/meter.js'
import type { DebugConfig } from './config.js'
import { batchLine, fieldLines, rowLine } from './format.js'
import { leftOutLines } from './metrics.js'

const windowMs = 1000

/** Prints through the logger, so lines go where the log goes and never hold up the pipeline. */
@injectable()
export class DebugExporter implements Exporter {
  readonly #leftOutCounter: Counter
  #left: number
  #leftOut = 0
  #cancelWindow: (() => void) | undefined

  constructor (
    @inject(Tokens.config) readonly config: DebugConfig,
    @inject(Tokens.logger) readonly logger: Logger,
    @inject(Tokens.clock) readonly clock: Clock,
    @inject(Tokens.meter) meter: Meter
  ) {
    this.#left = config.max_lines_per_second
    this.#leftOutCounter = meter.counter(leftOutLines)
  }

  consume (batch: EventBatch): Outcome {
    const { verbosity } = this.config
    this.#line(() => batchLine(batch))
    if (verbosity === 'basic') return accepted
    let row = 0
    for (; row < batch.count && this.#left > 0; row++) this.#row(batch, row)
    if (row < batch.count) this.#skip(batch.count - row)
    return accepted
  }

  stop (): void {
    this.#cancelWindow?.()
    this.#endWindow()
  }

  #row (batch: EventBatch, at: number): void {
    const { verbosity, max_text_length: maxLength } = this.config
    const row = batch.at(at)
    this.#line(() => rowLine(row, maxLength))
    if (verbosity === 'detailed') for (const line of fieldLines(row, maxLength)) this.#line(() => line)
  }

  /** Text is made only for lines that are printed. */
  #line (text: () => string): void {
    if (this.#left === 0) { this.#skip(1); return }
    this.#openWindow()
    this.#left--
    this.logger.info(text())
  }

  #skip (lines: number): void {
    this.#leftOut += lines
    this.#leftOutCounter.add(lines)
  }

  #openWindow (): void {
    this.#cancelWindow ??= this.clock.after(windowMs, () => { this.#endWindow() })
  }

  #endWindow (): void {
    this.#cancelWindow = undefined
    this.#left = this.config.max_lines_per_second
    if (this.#leftOut > 0) this.logger.info(`… ${this.#leftOut} lines left out`)
    this.#leftOut = 0
  }
}

/** What the snapshot receiver says about itself. */
import { inject, injectable } from 'tsyringe'
import type { Delivered } from '../../core/delivery/read-loop.js'
import { Tokens, type Drops } from '../../core/component/services.js'
import type { StatusReporter } from '../../core/component/status.js'
import type { Logger } from '../../core/telemetry/logger.js'
import type { Counter, Meter } from '../../core/telemetry/meter.js'
import { cutLogs, readFiles, readObjects, rejectedEvents } from './metrics.js'

export type FileOutcome = 'read' | 'unknown' | 'too_large' | 'damaged' | 'beyond_limit'

/** Names in the one line about files that were skipped. */
const maxNamed = 20

@injectable()
export class Reports {
  readonly #cut: Counter
  readonly #rejected: Counter
  readonly #files = new Map<FileOutcome, number>()
  readonly #skipped: string[] = []
  #rows = 0
  #objects = 0

  constructor (
    @inject(Tokens.meter) readonly meter: Meter,
    @inject(Tokens.logger) readonly logger: Logger,
    @inject(Tokens.status) readonly status: StatusReporter,
    @inject(Tokens.drops) readonly drops: Drops
  ) {
    this.#cut = meter.counter(cutLogs)
    this.#rejected = meter.counter(rejectedEvents)
  }

  file (outcome: FileOutcome, name: string, why = ''): void {
    this.meter.counter(readFiles, { outcome }).add(1)
    this.#files.set(outcome, (this.#files.get(outcome) ?? 0) + 1)
    if (outcome !== 'read' && this.#skipped.length < maxNamed) this.#skipped.push(`${name} (${why === '' ? outcome : why})`)
  }

  beyondLimit (files: number): void {
    if (files === 0) return
    this.meter.counter(readFiles, { outcome: 'beyond_limit' }).add(files)
    this.#files.set('beyond_limit', files)
  }

  objects (outcome: 'read' | 'other_kind' | 'damaged', count = 1): void {
    if (count === 0) return
    if (outcome === 'read') this.#objects += count
    this.meter.counter(readObjects, { outcome }).add(count)
  }

  cut (): void { this.#cut.add(1) }

  delivered (rows: number, outcome: Delivered): void {
    this.#rows += rows
    if (outcome.status === 'rejected') this.#rejected.add(outcome.count)
    if (outcome.status === 'not_taken') this.drops.add('shutdown', rows)
  }

  ended (layout: string, collectedMs: number): void {
    const skipped = [...this.#files].filter(([outcome]) => outcome !== 'read').reduce((n, [, count]) => n + count, 0)
    this.logger.info('snapshot was read', { layout, collectedAt: new Date(collectedMs).toISOString(), files: this.#files.get('read') ?? 0, objects: this.#objects, events: this.#rows, skipped })
    if (skipped > 0) this.logger.warn('skipped files of the snapshot', { count: skipped, files: this.#skipped.join(', ') + (skipped > this.#skipped.length ? ', …' : '') })
  }

  /** A bug further on. */
  broken (error: unknown): void { this.status.permanentError(error instanceof Error ? error.message : String(error)) }
}

import { inject, injectable } from 'tsyringe'
import type { Consumer, Processor } from '../../core/component/component.js'
import type { Outcome } from '../../core/component/outcome.js'
import { Tokens, type Shared } from '../../core/component/services.js'
import { engineOf, type Engine, type Tick } from '../../core/correlation/engine.js'
import type { EventBatch } from '../../core/data/batch.js'
import { scorerOf, type Scorer } from '../../core/impact/score.js'
import { SloBook } from '../../core/impact/slo/book.js'
import { SloWatch } from '../../core/impact/slo/watch.js'
import { keepSlos } from '../../core/impact/state.js'
import type { Counter, Gauge, Meter } from '../../core/telemetry/meter.js'
import { impactColumn } from './column.js'
import type { ImpactConfig } from './config.js'
import { burningSlos, lateRequests, scoredSymptoms, waitingSymptoms } from './metrics.js'

@injectable()
export class ImpactProcessor implements Processor {
  readonly #engine: Engine
  readonly #scorer: Scorer
  readonly #book: SloBook
  readonly #slos: SloWatch
  readonly #scored: Counter
  readonly #waiting: Gauge
  readonly #burning: Gauge
  readonly #late: Counter
  #lateTold = 0

  constructor (
    @inject(Tokens.config) config: ImpactConfig,
    @inject(Tokens.next) readonly next: Consumer,
    @inject(Tokens.shared) shared: Shared,
    @inject(Tokens.meter) meter: Meter
  ) {
    this.#engine = engineOf(shared)
    this.#scorer = scorerOf(this.#engine)
    this.#scorer.weights = config.infrastructure_weights
    this.#book = new SloBook(config.slos.map(({ latency, window: windowMs, ...rest }) => ({ ...rest, windowMs, ...(latency === undefined ? {} : { latency: { thresholdMs: latency.threshold, target: latency.target } }) })))
    this.#slos = new SloWatch(this.#engine, this.#book)
    keepSlos(this.#engine, this.#book)
    this.#scored = meter.counter(scoredSymptoms)
    this.#waiting = meter.gauge(waitingSymptoms)
    this.#burning = meter.gauge(burningSlos)
    this.#late = meter.counter(lateRequests)
    const end = config.slos.length > 0 ? this.#engine.rows.use((batch, from, to) => { this.#book.count(batch, from, to) }) : () => undefined
    this.#engine.use('impact', { tick: tick => { this.#tick(tick) }, end })
  }

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    const column = impactColumn(batch, this.#engine, this.#scorer)
    return this.next.consume(column === undefined ? batch : batch.withColumn('impact', column))
  }

  #tick ({ nowMs, isLast }: Tick): void {
    this.#slos.tick(nowMs, isLast)
    this.#scored.add(this.#scorer.tick(nowMs))
    this.#waiting.set(this.#scorer.waiting)
    this.#burning.set(this.#book.standings.filter(s => s.burn !== undefined).length)
    this.#late.add(this.#book.late - this.#lateTold)
    this.#lateTold = this.#book.late
  }
}

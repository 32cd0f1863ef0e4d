import type { Consumer, Processor } from '../../core/component/component.js'
import { accepted, retry, type Outcome } from '../../core/component/outcome.js'
import type { Services } from '../../core/component/services.js'
import type { EventBatch } from '../../core/data/batch.js'
import { holdsSevere } from '../../core/data/severe.js'
import { inWhole, rowsWhere } from '../../core/delivery/rows.js'
import { SharedPressure, type Pressure } from '../../core/pressure/pressure.js'
import type { MemoryLimiterConfig } from './config.js'
import { Measurer } from './measurer.js'
import { deferredRows } from './metrics.js'
import { isOfEvents, keptRows, shedCounts } from './shed.js'

/**
 * What is lossless comes first: a batch without severe rows goes back to its sender, to come again. A batch with one passes whole, as an
 * outcome cannot say "these later". Rows are dropped only where no sender has them any more.
 */
export class MemoryLimiter implements Processor {
  readonly #services: Services
  readonly #next: Consumer
  readonly #pressure: Pressure
  readonly #measurer: Measurer | undefined
  readonly #sheds: boolean

  constructor (services: Services) {
    this.#services = services
    this.#next = services.get('next')
    this.#pressure = services.get('pressure')
    this.#sheds = (services.get('config') as MemoryLimiterConfig).shed.enabled && !services.get('sendersWait')
    if (this.#pressure instanceof SharedPressure) this.#measurer = new Measurer(services, this.#pressure)
  }

  start (): void { this.#measurer?.start() }

  stop (): void { this.#measurer?.stop() }

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    const floor = this.#pressure.minSeverity
    if (floor === 0 || batch.count === 0) return this.#next.consume(batch)
    if (this.#sheds && isOfEvents(batch)) return this.#shed(batch, floor)
    if (holdsSevere(batch, floor)) return this.#next.consume(batch)
    this.#services.get('meter').counter(deferredRows).add(batch.count)
    return retry('Tapio is short of memory: only severe events are taken', this.#pressure.retryAfterMs)
  }

  #shed (batch: EventBatch, floor: number): Outcome | Promise<Outcome> {
    const keep = keptRows(batch, floor)
    const kept = batch.filter(keep)
    if (kept === batch) return this.#next.consume(batch)
    if (kept.count === 0) return this.#settle(accepted, batch, keep)
    const outcome = this.#next.consume(kept)
    return outcome instanceof Promise ? outcome.then(o => this.#settle(o, batch, keep)) : this.#settle(outcome, batch, keep)
  }

  /** Rows are counted when the batch is done with: on `retry` the sender brings them again. */
  #settle (outcome: Outcome, batch: EventBatch, keep: Uint8Array): Outcome {
    if (outcome.status === 'retry' || outcome.status === 'refused') return outcome
    for (const [reason, rows] of shedCounts(batch, keep)) this.#services.get('drops').add(reason, rows)
    return inWhole(outcome, () => rowsWhere(keep, true))
  }
}

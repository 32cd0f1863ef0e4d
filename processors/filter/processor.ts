import { inject, injectable } from 'tsyringe'
import type { Consumer, Processor } from '../../core/component/component.js'
import { accepted, type Outcome } from '../../core/component/outcome.js'
import { Tokens, type Drops } from '../../core/component/services.js'
import type { EventBatch } from '../../core/data/batch.js'
import { inWhole, rowsWhere } from '../../core/delivery/rows.js'
import { Conditions } from '../../core/match/conditions.js'
import type { FilterConfig } from './config.js'

@injectable()
export class FilterProcessor implements Processor {
  readonly #include: Conditions
  readonly #exclude: Conditions

  constructor (
    @inject(Tokens.config) config: FilterConfig,
    @inject(Tokens.next) readonly next: Consumer,
    @inject(Tokens.drops) readonly drops: Drops
  ) {
    this.#include = new Conditions(config.include)
    this.#exclude = new Conditions(config.exclude)
  }

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    const keep = this.#keep(batch)
    const kept = batch.filter(keep)
    const dropped = batch.count - kept.count
    if (dropped === 0) return this.next.consume(batch)
    if (kept.count === 0) return this.#settle(accepted, dropped, keep)
    const outcome = this.next.consume(kept)
    return outcome instanceof Promise ? outcome.then(o => this.#settle(o, dropped, keep)) : this.#settle(outcome, dropped, keep)
  }

  #keep (batch: EventBatch): Uint8Array {
    const keep = this.#include.isEmpty ? new Uint8Array(batch.count).fill(1) : this.#include.match(batch)
    if (this.#exclude.isEmpty) return keep
    const drop = this.#exclude.match(batch)
    for (let row = 0; row < keep.length; row++) if (drop[row] !== 0) keep[row] = 0
    return keep
  }

  /** Rows are counted when the batch is done with: on `retry` the sender brings them again. */
  #settle (outcome: Outcome, dropped: number, keep: Uint8Array): Outcome {
    if (outcome.status === 'retry' || outcome.status === 'refused') return outcome
    this.drops.add('filtered', dropped)
    return inWhole(outcome, () => rowsWhere(keep, true))
  }
}

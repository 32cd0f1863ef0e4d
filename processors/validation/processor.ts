import { inject, injectable } from 'tsyringe'
import type { Clock } from '../../core/component/clock.js'
import type { Consumer, Processor } from '../../core/component/component.js'
import { accepted, rejected, type Outcome, type Rejected } from '../../core/component/outcome.js'
import { Tokens, type Drops } from '../../core/component/services.js'
import type { EventBatch } from '../../core/data/batch.js'
import { Signal } from '../../core/data/enums.js'
import { inWhole, mergeRejections, rowsWhere } from '../../core/delivery/rows.js'
import type { Counter, Meter } from '../../core/telemetry/meter.js'
import type { ValidationConfig } from './config.js'
import { markInvalid } from './mark.js'
import { markedEvents } from './metrics.js'
import { reasonNames } from './reasons.js'
import { verdicts } from './rules.js'

@injectable()
export class ValidationProcessor implements Processor {
  readonly #checked = new Uint8Array(256)
  readonly #marked: Counter

  constructor (
    @inject(Tokens.config) readonly config: ValidationConfig,
    @inject(Tokens.next) readonly next: Consumer,
    @inject(Tokens.clock) readonly clock: Clock,
    @inject(Tokens.drops) readonly drops: Drops,
    @inject(Tokens.meter) meter: Meter
  ) {
    for (const signal of config.signals) this.#checked[Signal[signal]] = 1
    this.#marked = meter.counter(markedEvents)
  }

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    const { max_future: maxFutureMs, max_age: maxAgeMs, on_invalid: onInvalid } = this.config
    const codes = verdicts(batch, { checked: this.#checked, nowMs: this.clock.unixMs(), maxFutureMs, maxAgeMs })
    if (codes === undefined) return this.next.consume(batch)
    const passed = onInvalid === 'mark' ? markInvalid(batch, codes) : batch.select(rowsWhere(codes, false))
    const outcome = passed.count === 0 ? accepted : this.next.consume(passed)
    return outcome instanceof Promise ? outcome.then(o => this.#settle(o, codes)) : this.#settle(outcome, codes)
  }

  /** Nothing is counted on `retry` and `refused`: the sender still has all rows. */
  #settle (outcome: Outcome, codes: Uint8Array): Outcome {
    if (outcome.status === 'retry' || outcome.status === 'refused') return outcome
    const counts = countByReason(codes)
    if (this.config.on_invalid === 'mark') {
      for (const [, rows] of counts) this.#marked.add(rows)
      return outcome
    }
    for (const [reason, rows] of counts) this.drops.add(reason, rows)
    const passedOn = inWhole(outcome, () => rowsWhere(codes, false))
    if (this.config.on_invalid === 'drop') return passedOn
    const own = rejection(counts, codes)
    return passedOn.status === 'rejected' ? mergeRejections([own, passedOn]) : own
  }
}

function countByReason (codes: Uint8Array): [string, number][] {
  const counts = new Uint32Array(reasonNames.length + 1)
  for (let row = 0; row < codes.length; row++) counts[codes[row] as number] = (counts[codes[row] as number] as number) + 1
  return reasonNames.map((name, i): [string, number] => [name, counts[i + 1] as number]).filter(([, n]) => n > 0)
}

function rejection (counts: readonly [string, number][], codes: Uint8Array): Rejected {
  const rows = rowsWhere(codes, true)
  return rejected(`invalid events: ${counts.map(([reason, n]) => `${reason} (${n})`).join(', ')}`, rows.length, rows)
}

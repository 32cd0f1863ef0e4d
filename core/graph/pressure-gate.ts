/**
 * The outlet of a receiver: while the process is at its limit (`refuse`), what it brings is to come again. So every receiver that
 * fetches by itself pauses with the one batch it holds, whatever it is and whether or not its pipeline has a limiter; those that are
 * sent to refuse before that, without decoding.
 */
import type { Consumer } from '../component/component.js'
import { retry, type Outcome } from '../component/outcome.js'
import type { EventBatch } from '../data/batch.js'
import type { Pressure } from '../pressure/pressure.js'

export class PressureGate implements Consumer {
  constructor (readonly pressure: Pressure, readonly target: Consumer) {}

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    if (this.pressure.atLeast('refuse')) return retry('Tapio is short of memory', this.pressure.retryAfterMs)
    return this.target.consume(batch)
  }
}

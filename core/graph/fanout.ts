/**
 * One batch to several consumers. Batches are immutable, so nothing is copied.
 *
 * When some took the batch and others answered `retry`, the sender cannot be asked to send again (the first would get it
 * twice): the fan-out then keeps sending to the others itself, and its answer waits for them. That is the back-pressure
 * of the slowest. When nobody took it, the answer is handed back as it is.
 */
import type { Clock } from '../component/clock.js'
import type { Consumer } from '../component/component.js'
import { combine, type Outcome } from '../component/outcome.js'
import type { EventBatch } from '../data/batch.js'
import type { RetryPolicy } from '../delivery/backoff.js'
import { redeliver } from '../delivery/redeliver.js'

export interface FanOutOptions {
  readonly clock: Clock
  readonly policy: RetryPolicy
  readonly signal: AbortSignal
  /** Told of rows that one consumer did not get while another did: a loss that no outcome can express. */
  readonly onLoss: (consumer: number, reason: string, rows: number) => void
}

/** One consumer comes back as it is. */
export function fanOut (consumers: readonly Consumer[], options: FanOutOptions): Consumer {
  const [only] = consumers
  return consumers.length === 1 && only !== undefined ? only : new FanOut(consumers, options)
}

class FanOut implements Consumer {
  constructor (readonly consumers: readonly Consumer[], readonly options: FanOutOptions) {}

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    const answers = this.consumers.map(c => c.consume(batch))
    const sync = answers.filter((a): a is Outcome => !(a instanceof Promise))
    if (sync.length === answers.length && sync.every(o => o.status === 'accepted')) return sync[0] as Outcome
    return Promise.all(answers).then(outcomes => this.#settle(batch, outcomes))
  }

  async #settle (batch: EventBatch, outcomes: readonly Outcome[]): Promise<Outcome> {
    if (!outcomes.some(taken)) return combine(outcomes)
    return combine(await Promise.all(outcomes.map((o, i) => this.#insist(batch, o, i))))
  }

  async #insist (batch: EventBatch, outcome: Outcome, consumer: number): Promise<Outcome> {
    const last = outcome.status === 'retry' ? await redeliver(this.consumers[consumer] as Consumer, batch, this.options) : outcome
    if (last.status === 'refused') this.options.onLoss(consumer, last.reason, batch.count)
    return last
  }
}

const taken = (o: Outcome): boolean => o.status === 'accepted' || o.status === 'rejected'

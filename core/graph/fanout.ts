/** One batch to several consumers (core/delivery/parts.ts says how). Batches are immutable, so nothing is copied. */
import type { Clock } from '../component/clock.js'
import type { Consumer } from '../component/component.js'
import type { Outcome } from '../component/outcome.js'
import type { EventBatch } from '../data/batch.js'
import type { RetryPolicy } from '../delivery/backoff.js'
import { deliverParts } from '../delivery/parts.js'

export interface FanOutOptions {
  readonly clock: Clock
  /** How long to insist with a consumer that answers `retry` after another took the batch. */
  readonly policy: RetryPolicy
  readonly signal: AbortSignal
  /** Told of rows that one consumer did not get in the time of `policy` while another did. */
  readonly onLoss: (consumer: number, reason: string, rows: number) => void
}

/** One consumer comes back as it is. */
export function fanOut (consumers: readonly Consumer[], options: FanOutOptions): Consumer {
  const [only] = consumers
  if (consumers.length === 1 && only !== undefined) return only
  return {
    consume: (batch: EventBatch): Outcome | Promise<Outcome> => deliverParts(consumers.map(consumer => ({ consumer, batch })), options)
  }
}

/**
 * Sends a batch until it is taken, rejected, or given up: for senders that have nobody to hand a `retry` back to (a batch
 * processor after its answer, the reading end of a ring). One batch is held while it waits, so order is kept and the
 * buffer in front of the caller fills up: that is the back-pressure.
 */
import type { Consumer } from '../component/component.js'
import { refused, type Outcome } from '../component/outcome.js'
import type { EventBatch } from '../data/batch.js'
import { insist, type InsistOptions } from './insist.js'

/** The final outcome: never `retry`. `refused` with reason `retries exhausted: …` or, when it was aborted, `shutdown`. */
export async function redeliver (next: Consumer, batch: EventBatch, options: InsistOptions): Promise<Exclude<Outcome, { status: 'retry' }>> {
  const outcome = await insist<Outcome>(() => next.consume(batch), options)
  if (outcome.status !== 'gave_up') return outcome
  return refused(outcome.why === 'aborted' ? 'shutdown' : `${exhausted}${outcome.reason}`)
}

const exhausted = 'retries exhausted: '

/** Whether the time of a policy ran out, and not that of the process. */
export function isExhausted (outcome: Outcome): boolean {
  return outcome.status === 'refused' && outcome.reason.startsWith(exhausted)
}

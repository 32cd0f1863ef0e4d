/**
 * Sends a batch until it is taken, rejected, or given up: for senders that have nobody to hand a `retry` back to (a batch
 * processor after its answer, the reading end of a ring). One batch is held while it waits, so order is kept and the
 * buffer in front of the caller fills up: that is the back-pressure.
 */
import type { Clock } from '../component/clock.js'
import type { Consumer } from '../component/component.js'
import { refused, type Outcome } from '../component/outcome.js'
import type { EventBatch } from '../data/batch.js'
import { Backoff, type RetryPolicy } from './backoff.js'

export interface RedeliverOptions {
  readonly policy: RetryPolicy
  readonly clock: Clock
  /** Aborting ends the waiting; the answer is then `refused` with reason `shutdown`. */
  readonly signal: AbortSignal
  /** Told of every retry: for counting and for status. */
  readonly onRetry?: (reason: string) => void
}

/** The final outcome: never `retry`. `refused` with reason `retries exhausted: …` when the policy's time is over. */
export async function redeliver (next: Consumer, batch: EventBatch, options: RedeliverOptions): Promise<Exclude<Outcome, { status: 'retry' }>> {
  const { policy, clock, signal } = options
  const startedMs = clock.monotonicMs()
  const backoff = new Backoff(policy)
  for (;;) {
    const outcome = await next.consume(batch)
    if (outcome.status !== 'retry') return outcome
    options.onRetry?.(outcome.reason)
    const waitMs = backoff.next(outcome.afterMs)
    if (policy.maxElapsedMs > 0 && clock.monotonicMs() - startedMs + waitMs > policy.maxElapsedMs) return refused(`retries exhausted: ${outcome.reason}`)
    if (!await wait(waitMs, clock, signal)) return refused('shutdown')
  }
}

/** Waits on the clock; false when `signal` aborted first. */
export function wait (delayMs: number, clock: Clock, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false)
  return new Promise(resolve => {
    const onAbort = (): void => { cancel(); resolve(false) }
    const cancel = clock.after(delayMs, () => { signal.removeEventListener('abort', onAbort); resolve(true) })
    signal.addEventListener('abort', onAbort, { once: true })
  })
}

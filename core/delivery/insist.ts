/** Tries again until an answer is final or the time is over: the loop under everything that is sent more than once. */
import type { Clock } from '../component/clock.js'
import { Backoff, type RetryPolicy } from './backoff.js'

export interface InsistOptions {
  readonly policy: RetryPolicy
  readonly clock: Clock
  /** Aborting ends the waiting. */
  readonly signal: AbortSignal
  /** Told of every wait before it begins: for counting and for status. */
  readonly onRetry?: (reason: string, waitMs: number) => void
}

/** An answer that asks to be tried again. */
export interface Again { readonly status: 'retry', readonly reason: string, readonly afterMs?: number }

/** No final answer came: the policy's time is over, or the wait was aborted. */
export interface GaveUp { readonly status: 'gave_up', readonly why: 'exhausted' | 'aborted', readonly reason: string }

/** The first answer that does not ask to be tried again. The next wait is never begun when it would end too late. */
export async function insist<T extends { readonly status: string }> (attempt: () => Promise<T | Again> | T | Again, options: InsistOptions): Promise<Exclude<T, Again> | GaveUp> {
  const { policy, clock, signal } = options
  const startedMs = clock.monotonicMs()
  const backoff = new Backoff(policy)
  for (;;) {
    const answer = await attempt()
    if (!asksAgain(answer)) return answer as Exclude<T, Again>
    const waitMs = backoff.next(answer.afterMs)
    options.onRetry?.(answer.reason, waitMs)
    const { reason } = answer
    if (policy.maxElapsedMs > 0 && clock.monotonicMs() - startedMs + waitMs > policy.maxElapsedMs) return { status: 'gave_up', why: 'exhausted', reason }
    if (!await wait(waitMs, clock, signal)) return { status: 'gave_up', why: 'aborted', reason }
  }
}

function asksAgain<T extends { readonly status: string }> (answer: T | Again): answer is Again {
  return answer.status === 'retry'
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

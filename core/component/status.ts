/**
 * The state of one component, as health and readiness see it. Same machine as the Collector's (docs/component-status.md):
 * `recoverable_error` may return to `ok`, `permanent_error` only ends in `stopping`. One state of our own:
 * `degraded`, for what works with less (rows pass uncorrelated, batches are small): seen by all who look, and still ready.
 */
export type ComponentState = 'created' | 'starting' | 'ok' | 'degraded' | 'recoverable_error' | 'permanent_error' | 'stopping' | 'stopped'

export interface StatusReporter {
  /** Delivery or input works (again). */
  ok(): void
  /** It works, but does less than it should, until `ok`; readiness stays as it is. */
  degraded(reason: string): void
  /** It fails now and is being retried; readiness turns false until `ok`. */
  recoverableError(reason: string): void
  /** It will never work in this process; the rest of the graph goes on. */
  permanentError(reason: string): void
}

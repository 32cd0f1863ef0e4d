/**
 * The state of one component, as health and readiness see it. Same machine as the Collector's (docs/component-status.md):
 * `recoverable_error` may return to `ok`, `permanent_error` only ends in `stopping`.
 */
export type ComponentState = 'created' | 'starting' | 'ok' | 'recoverable_error' | 'permanent_error' | 'stopping' | 'stopped'

export interface StatusReporter {
  /** Delivery or input works (again). */
  ok(): void
  /** It fails now and is being retried; readiness turns false until `ok`. */
  recoverableError(reason: string): void
  /** It will never work in this process; the rest of the graph goes on. */
  permanentError(reason: string): void
}

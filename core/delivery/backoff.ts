/**
 * How long to wait before the next try: exponential with jitter, the Collector's retry_on_failure defaults (exporterhelper
 * README): first 5 s, times 1.5 up to 30 s, each +-50 %, giving up after 5 min.
 */
export interface RetryPolicy {
  readonly initialMs: number
  readonly maxMs: number
  readonly multiplier: number
  /** Share of the wait that is random, 0 to 1: 0.5 means between half and one and a half of it. */
  readonly jitter: number
  /** Give up when this much time has passed since the first try; 0 = never. */
  readonly maxElapsedMs: number
}

export const collectorRetryPolicy: RetryPolicy = { initialMs: 5000, maxMs: 30_000, multiplier: 1.5, jitter: 0.5, maxElapsedMs: 300_000 }

/** Between threads of one process a retry costs little and the reason is usually short. */
export const localRetryPolicy: RetryPolicy = { initialMs: 50, maxMs: 5000, multiplier: 2, jitter: 0.5, maxElapsedMs: 300_000 }

/** The waits of one batch. */
export class Backoff {
  #nextMs: number

  constructor (readonly policy: RetryPolicy, readonly random: () => number = Math.random) {
    this.#nextMs = policy.initialMs
  }

  /** The next wait in milliseconds; never shorter than what the other side asked for. */
  next (afterMs = 0): number {
    const { jitter, multiplier, maxMs } = this.policy
    const wait = this.#nextMs * (1 - jitter + 2 * jitter * this.random())
    this.#nextMs = Math.min(maxMs, this.#nextMs * multiplier)
    return Math.max(afterMs, wait)
  }
}

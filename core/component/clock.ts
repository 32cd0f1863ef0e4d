/** Time as a service, so that tests and replays can own it. */
export interface Clock {
  /** Wall clock in nanoseconds since the epoch, millisecond-accurate base refined by the monotonic clock. */
  unixNano(): bigint
  /** Wall clock in milliseconds since the epoch. */
  unixMs(): number
  /** Monotonic milliseconds (performance.now()): for durations and deadlines. */
  monotonicMs(): number
  /** Calls back once after `delayMs`, at most `longestMs`; the returned function cancels it. Does not keep the process alive. */
  after(delayMs: number, callback: () => void): () => void
}

/** 24 days: a timer set to more than 2^31 - 1 ms goes off at once. */
export const longestMs = 2 ** 31 - 1

export const systemClock: Clock = {
  unixNano: () => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n,
  unixMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after (delayMs, callback) {
    const timer = setTimeout(callback, Math.min(delayMs, longestMs)).unref()
    return () => clearTimeout(timer)
  }
}

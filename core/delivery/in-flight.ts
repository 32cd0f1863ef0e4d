/** What a component has handed out and not heard of yet: refuses new work, waits for the old, and ends waits in time. */
import type { Deadline } from '../component/component.js'

export class InFlight {
  readonly #pending = new Set<Promise<unknown>>()
  readonly #abort = new AbortController()
  closed = false

  /** Aborted when the deadline of `close` passes: give it to whatever waits. */
  get signal (): AbortSignal { return this.#abort.signal }

  /** Returns `work` as it is; a promise is waited for by `close`. */
  track<T> (work: T | Promise<T>): T | Promise<T> {
    if (!(work instanceof Promise)) return work
    const done = work.finally(() => this.#pending.delete(done))
    this.#pending.add(done)
    return done
  }

  /** Resolves when nothing is pending, at the latest when the deadline's signal aborts and those who wait have been told. */
  async close (deadline: Deadline): Promise<void> {
    this.closed = true
    const over = aborted(deadline.signal)
    await Promise.race([Promise.allSettled(this.#pending), over.promise])
    this.#abort.abort()
    over.cancel()
    // One turn of the loop, in which the told ones count what they hold.
    await new Promise(resolve => setImmediate(resolve))
  }
}

/** A promise of the signal's abort that can be let go, so that a long deadline holds no listener. */
export function aborted (signal: AbortSignal): { readonly promise: Promise<void>, cancel(): void } {
  if (signal.aborted) return { promise: Promise.resolve(), cancel: () => undefined }
  let onAbort: () => void = () => undefined
  const promise = new Promise<void>(resolve => { onAbort = resolve; signal.addEventListener('abort', onAbort, { once: true }) })
  return { promise, cancel: () => signal.removeEventListener('abort', onAbort) }
}

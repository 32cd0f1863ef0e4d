/** Waking threads without lost wake-ups, and without a system call when nobody waits. The argument is in layout.ts. */
import { isMainThread } from 'node:worker_threads'
import { waitAsync } from './ring-wait-async.js'

/** Longest sleep before a waiter looks again by itself. Only a peer that died between wiping the flag and ringing needs it. */
export const defaultRecheckMs = 20

/** One side of one bell in one thread: it may ring it and wait on it. `T` is what a wait ends with. */
export class Bell {
  readonly #words: Int32Array
  readonly #signal: number
  readonly #waiters: number
  readonly #recheckMs: number
  readonly #sleepers = new Set<() => void>()
  #listening = false

  constructor (words: Int32Array, signal: number, waiters: number, recheckMs: number) {
    this.#words = words
    this.#signal = signal
    this.#waiters = waiters
    this.#recheckMs = recheckMs
  }

  /** Wakes who waits. One load when nobody does; of several ringers only the one that takes the flag calls the system. */
  ring (): void {
    if (Atomics.load(this.#words, this.#waiters) === 0) return
    if (Atomics.compareExchange(this.#words, this.#waiters, 1, 0) === 1) this.#wake()
  }

  /** Wakes everybody, flag or not: for close, abort and the death of a peer. */
  ringAlways (): void {
    Atomics.store(this.#words, this.#waiters, 0)
    this.#wake()
  }

  /** Blocks until `probe` answers, at most `timeoutMs` (then undefined). Off the main thread only. */
  waitSync<T> (probe: () => T | undefined, timeoutMs: number): T | undefined {
    if (isMainThread) throw new Error('a synchronous wait would block the event loop of the main thread')
    let found = probe()
    const deadlineMs = found === undefined ? performance.now() + timeoutMs : 0
    while (found === undefined) {
      const seen = this.#arm()
      found = probe()
      if (found !== undefined) break
      const leftMs = deadlineMs - performance.now()
      if (leftMs <= 0) break
      Atomics.wait(this.#words, this.#signal, seen, Math.min(leftMs, this.#recheckMs))
    }
    return found
  }

  /** As `waitSync`, leaving the thread to its event loop, and keeping the process alive meanwhile. */
  async wait<T> (probe: () => T | undefined, timeoutMs: number): Promise<T | undefined> {
    let found = probe()
    const deadlineMs = performance.now() + timeoutMs
    while (found === undefined) {
      const seen = this.#arm()
      found = probe()
      if (found !== undefined) break
      const leftMs = deadlineMs - performance.now()
      if (leftMs <= 0) break
      if (this.#listen(seen)) await this.#sleep(Math.min(leftMs, this.#recheckMs))
    }
    return found
  }

  #arm (): number {
    const seen = Atomics.load(this.#words, this.#signal)
    Atomics.store(this.#words, this.#waiters, 1)
    return seen
  }

  #wake (): void {
    Atomics.add(this.#words, this.#signal, 1)
    Atomics.notify(this.#words, this.#signal)
  }

  /** False when the signal has moved. At most one waitAsync is pending per bell, however many wait here and how often. */
  #listen (seen: number): boolean {
    if (this.#listening) return Atomics.load(this.#words, this.#signal) === seen
    const waiting = waitAsync(this.#words, this.#signal, seen)
    if (!waiting.async) return false
    this.#listening = true
    void waiting.value.then(() => {
      this.#listening = false
      for (const wake of [...this.#sleepers]) wake()
    })
    return true
  }

  #sleep (ms: number): Promise<void> {
    return new Promise(resolve => {
      const wake = (): void => {
        clearTimeout(timer)
        this.#sleepers.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, ms)
      this.#sleepers.add(wake)
    })
  }
}

/**
 * Whether the loop of a worker turns: it counts in shared memory, the main thread looks. Code that never ends cannot be interrupted from
 * within its thread; from outside the thread can be ended.
 */
import type { Clock } from '../component/clock.js'

/** One counter; 0 = the loop has not turned yet. */
export type HeartbeatMemory = SharedArrayBuffer

const beatMs = 100
const looksPerTimeout = 10

export function createHeartbeat (): HeartbeatMemory { return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT) }

/** In the worker. Does not keep its thread alive. */
export function beat (memory: HeartbeatMemory): void {
  const counter = new Int32Array(memory)
  Atomics.add(counter, 0, 1)
  setInterval(() => { Atomics.add(counter, 0, 1) }, beatMs).unref()
}

/**
 * Calls `onStall` once when the loop has not turned for `timeoutMs`. What counts is time in which this thread looked: when the whole process
 * was stopped (a paused container, SIGSTOP, a suspended machine), both stood still, and nobody is to blame.
 */
export class Watchdog {
  readonly #counter: Int32Array
  #cancel: () => void = () => undefined
  #last = 0
  #stoodMs = 0
  #lookedMs: number

  constructor (memory: HeartbeatMemory, readonly timeoutMs: number, readonly clock: Clock, readonly onStall: () => void) {
    this.#counter = new Int32Array(memory)
    this.#lookedMs = clock.monotonicMs()
    if (timeoutMs > 0) this.#arm()
  }

  stop (): void { this.#cancel() }

  #arm (): void { this.#cancel = this.clock.after(this.timeoutMs / looksPerTimeout, () => { this.#look() }) }

  #look (): void {
    const now = Atomics.load(this.#counter, 0)
    const nowMs = this.clock.monotonicMs()
    const sinceMs = Math.min(nowMs - this.#lookedMs, 2 * this.timeoutMs / looksPerTimeout)
    this.#stoodMs = now === this.#last && now !== 0 ? this.#stoodMs + sinceMs : 0
    this.#last = now
    this.#lookedMs = nowMs
    if (this.#stoodMs >= this.timeoutMs) this.onStall()
    else this.#arm()
  }
}

/**
 * Time limits of many requests with one timer: a timer each would cost more than it is worth for what nearly never happens.
 * A limit may be noticed late by an eighth of the shortest usual one, at most 250 ms.
 */
import type { Clock } from '../../core/component/clock.js'

export interface Limited {
  /** Monotonic milliseconds. */
  readonly deadlineMs: number
  /** Called when that has passed; must take itself out. */
  expire(): void
}

export class Deadlines<T extends Limited> {
  readonly #waiting = new Set<T>()
  readonly #stepMs: number
  #cancel: (() => void) | undefined

  constructor (readonly clock: Clock, shortestMs: number) {
    this.#stepMs = Math.min(250, Math.max(1, shortestMs / 8))
  }

  add (item: T): void {
    this.#waiting.add(item)
    this.#cancel ??= this.clock.after(this.#stepMs, () => this.#look())
  }

  delete (item: T): void { this.#waiting.delete(item) }

  #look (): void {
    const now = this.clock.monotonicMs()
    for (const item of this.#waiting) if (item.deadlineMs <= now) item.expire()
    // One look more than needed, so that a steady trickle of requests does not set the timer anew for each.
    this.#cancel = this.#waiting.size > 0 ? this.clock.after(this.#stepMs, () => this.#look()) : undefined
  }

  stop (): void {
    this.#cancel?.()
    this.#cancel = undefined
  }
}

/**
 * Changes between the watches and the pipeline. Bounded: when it is full, watches wait for room before they read on, so it holds
 * at most what one read of each brings beyond the bound.
 */
import type { Change } from '../../core/kubernetes/changes/index.js'

export interface Told {
  readonly change: Change
  /** The object as JSON. */
  readonly object?: Uint8Array
}

/** A change without its object: texts and references, measured with heap snapshots. */
const changeBytes = 1024

export class ChangeQueue {
  #items: Told[] = []
  #bytes = 0
  #waiting: (() => void)[] = []
  #arrived: (() => void) | undefined
  #closed = false
  /** Changes ever added, and those whose fate is known: a checkpoint taken at `added` may be written when `settled` has reached it. */
  added = 0
  settled = 0

  constructor (readonly maxBytes: number) {}

  get length (): number { return this.#items.length }

  add (told: Told): void {
    this.#items.push(told)
    this.#bytes += sizeOf(told)
    this.added++
    const arrived = this.#arrived
    this.#arrived = undefined
    arrived?.()
  }

  /** Up to `max` changes, in order; they are out of the queue. */
  take (max: number): readonly Told[] {
    const taken = this.#items.splice(0, max)
    for (const told of taken) this.#bytes -= sizeOf(told)
    if (this.#bytes < this.maxBytes) this.#release()
    return taken
  }

  /** Undefined when there is room; else a promise of it. */
  room (): Promise<void> | undefined {
    return this.#closed || this.#bytes < this.maxBytes ? undefined : new Promise(resolve => { this.#waiting.push(resolve) })
  }

  /** The end: nobody waits for room any more, as perhaps nobody takes any more. */
  close (): void {
    this.#closed = true
    this.#release()
  }

  /** Resolves when there is something, or when `signal` aborts. One at a time may wait. */
  arrival (signal: AbortSignal): Promise<void> {
    if (this.#items.length > 0 || signal.aborted) return Promise.resolve()
    return new Promise(resolve => {
      const done = (): void => { signal.removeEventListener('abort', done); this.#arrived = undefined; resolve() }
      this.#arrived = done
      signal.addEventListener('abort', done)
    })
  }

  #release (): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const go of waiting) go()
  }
}

function sizeOf ({ object }: Told): number { return changeBytes + (object?.length ?? 0) }

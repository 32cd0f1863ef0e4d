/**
 * The way into one component, shared by all edges that lead there, also those of an older wiring through which batches still come. It
 * outlives the component: while one is exchanged for its successor, batches wait here.
 */
import type { Consumer } from '../component/component.js'
import { refused, retry } from '../component/outcome.js'
import type { EventBatch } from '../data/batch.js'
import { Latch } from './latch.js'

/**
 * Stands for a component that has left the graph. Sent again, a batch takes the new way; one that comes here again does not: others of
 * a fan-out have it already, and this one is not wanted any more.
 */
function moved (): Consumer {
  const met = new WeakSet<EventBatch>()
  return {
    consume: batch => {
      if (met.has(batch)) return refused('it has left the configuration')
      met.add(batch)
      return retry('the configuration has changed', 1)
    }
  }
}

export class Inlet {
  /** Batches inside the component whose outcome is not known yet. Counted by the edges. */
  underWay = 0
  /** Present while batches must wait. */
  paused: Latch | undefined
  #idle: Latch | undefined

  constructor (public target: Consumer) {}

  pause (): void { this.paused ??= new Latch() }

  /** Lets what waits go on, to `target`. */
  resume (target: Consumer): void {
    this.target = target
    this.paused?.open()
    this.paused = undefined
  }

  /** The component is gone for good. */
  end (): void { this.resume(moved()) }

  /** Told by the edges when the last batch under way has its outcome. */
  rest (): void {
    this.#idle?.open()
    this.#idle = undefined
  }

  /** Resolves when nothing is under way, at the latest when `signal` aborts. */
  async idle (signal: AbortSignal): Promise<void> {
    if (this.underWay === 0) return
    const idle = this.#idle ??= new Latch()
    await idle.opened(signal)
  }
}

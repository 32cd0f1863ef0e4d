/**
 * Batches a plugin has not answered for. They survive its thread: the next life gets them again. After a death those it had in hand are
 * suspects, and the next life gets suspects one at a time, so that the one that ends it is known when it does so a second time.
 */
import type { Outcome } from '../../component/outcome.js'
import type { EventBatch } from '../../data/batch.js'

export interface Pending {
  readonly id: number
  readonly batch: EventBatch
  readonly settle: (outcome: Outcome | Error) => void
  /** Monotonic; undefined while no life has it. */
  sentMs: number | undefined
  deaths: number
}

export const maxDeaths = 2

export class PendingBatches {
  readonly #all = new Map<number, Pending>()
  #nextId = 0

  get size (): number { return this.#all.size }

  add (batch: EventBatch, settle: Pending['settle']): Pending {
    const pending: Pending = { id: this.#nextId++, batch, settle, sentMs: undefined, deaths: 0 }
    this.#all.set(pending.id, pending)
    return pending
  }

  /** Ends one. Undefined: nobody waits for it (any more). */
  take (id: number): Pending | undefined {
    const pending = this.#all.get(id)
    this.#all.delete(id)
    return pending
  }

  /** Those a life may be given now, in order: the first suspect alone, or all that no life has. */
  ready (): Pending[] {
    const all = [...this.#all.values()]
    const suspects = all.filter(p => p.deaths > 0)
    if (suspects.length === 0) return all.filter(p => p.sentMs === undefined)
    const [first] = suspects
    return first === undefined || all.some(p => p.sentMs !== undefined) ? [] : [first]
  }

  /** The longest wait of those in hand, ms. */
  longestMs (nowMs: number): number {
    let longest = 0
    for (const { sentMs } of this.#all.values()) if (sentMs !== undefined) longest = Math.max(longest, nowMs - sentMs)
    return longest
  }

  /** The life that had them is over. Returns those that have ended too many, taken out. */
  died (): Pending[] {
    const guilty: Pending[] = []
    for (const pending of this.#all.values()) {
      if (pending.sentMs === undefined) continue
      pending.sentMs = undefined
      if (++pending.deaths >= maxDeaths) guilty.push(pending)
    }
    for (const { id } of guilty) this.#all.delete(id)
    return guilty
  }

  /** All of them, taken out. */
  takeAll (): Pending[] {
    const all = [...this.#all.values()]
    this.#all.clear()
    return all
  }
}

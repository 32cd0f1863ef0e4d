/**
 * The way out of one component, or of the reading end of a ring: what it was given as `next`. The component stays, and what comes after
 * it may be exchanged: batches then wait here and go the new way. How many can wait is bounded by whoever sends: its own requests in
 * flight, or the ring.
 */
import type { Consumer } from '../component/component.js'
import { retry, type Outcome } from '../component/outcome.js'
import type { EventBatch } from '../data/batch.js'
import { keep } from '../data/keep.js'
import { Latch } from './latch.js'

const dismissed: Consumer = { consume: () => retry('the configuration was not taken over', 100) }

export class Outlet implements Consumer {
  #target: Consumer
  #closed: Latch | undefined
  /** Batches may come in lent memory, and what comes after keeps them. */
  #copies = false

  /** `lends`: the sender was told that all that follows is done with a batch when its outcome is known. */
  constructor (target: Consumer, public lends: boolean) { this.#target = target }

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    if (this.#closed !== undefined) return this.#closed.opened().then(() => this.consume(batch))
    return this.#target.consume(this.#copies ? keep(batch, bytes => new Uint8Array(bytes)) : batch)
  }

  /** New batches wait. */
  close (): void { this.#closed ??= new Latch() }

  /** `borrows`: the new ones are done with a batch when its outcome is known. */
  aim (target: Consumer, borrows: boolean): void {
    this.#target = target
    this.#copies = this.lends && !borrows
  }

  open (): void {
    this.#closed?.open()
    this.#closed = undefined
  }

  /** There is nothing behind: whoever waits, or comes yet, keeps the batch. */
  dismiss (): void {
    this.#target = dismissed
    this.open()
  }
}

/** Where a component under test sends: keeps what comes, answers what it is told to, and can be waited for. */
import type { Outcome } from '../component/outcome.js'
import { accepted } from '../component/outcome.js'
import type { Consumer } from '../component/component.js'
import type { EventBatch } from '../data/batch.js'
import type { UnifiedEvent } from '../data/row.js'
import { events } from './event-batch.js'

/** Keeps every batch it gets; answers `answer(batch)` (accepted unless told otherwise). */
export class CollectingConsumer implements Consumer {
  readonly batches: EventBatch[] = []
  answer: (batch: EventBatch) => Outcome | Promise<Outcome> = () => accepted
  #waiting: { rows: number, resolve: () => void }[] = []

  get rows (): number { return this.batches.reduce((n, b) => n + b.count, 0) }

  async consume (batch: EventBatch): Promise<Outcome> {
    const outcome = await this.answer(batch)
    if (outcome.status === 'accepted' || outcome.status === 'rejected') this.batches.push(batch)
    this.#waiting = this.#waiting.filter(w => { if (this.rows < w.rows) return true; w.resolve(); return false })
    return outcome
  }

  /** Resolves when at least `rows` rows have come in all; rejects after `timeoutMs`. */
  received (rows: number, timeoutMs = 10_000): Promise<void> {
    if (this.rows >= rows) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.rows} of ${rows} rows after ${timeoutMs} ms`)), timeoutMs)
      this.#waiting.push({ rows, resolve: () => { clearTimeout(timer); resolve() } })
    })
  }
}

/** What a component passes on in a test, as plain events. */
export class Sink extends CollectingConsumer {
  #next: Outcome[] = []

  constructor () {
    super()
    this.answer = () => this.#next.shift() ?? accepted
  }

  /** Every event it took, with all it says, in the order of their coming. */
  get events (): UnifiedEvent[] { return events(...this.batches) }

  /** The answers to the next batches, one each; after them every batch is accepted. What is answered `retry` or `refused` is not kept. */
  answers (...outcomes: readonly Outcome[]): void { this.#next.push(...outcomes) }

  /** The first `count` events, as soon as so many have come; rejects with how many had after `timeoutMs` of real time. */
  async until (count: number, timeoutMs = 10_000): Promise<UnifiedEvent[]> {
    await this.received(count, timeoutMs)
    return this.events.slice(0, count)
  }
}

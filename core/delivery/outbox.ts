/**
 * Batches that a processor makes by itself (links, incidents), sent beside the rows that pass through it: one after the other, in
 * order, tried again while the pipeline is full. Bounded: what finds no room is dropped and counted by the caller.
 */
import type { Clock } from '../component/clock.js'
import type { Consumer, Deadline } from '../component/component.js'
import type { EventBatch } from '../data/batch.js'
import { localRetryPolicy } from './backoff.js'
import { aborted } from './in-flight.js'
import { redeliver } from './redeliver.js'

export interface OutboxOptions {
  readonly next: Consumer
  readonly clock: Clock
  readonly maxRows: number
  /** Rows that were given up, and why. */
  readonly onLoss: (reason: string, rows: number) => void
}

export class Outbox {
  readonly #waiting: EventBatch[] = []
  readonly #abort = new AbortController()
  #rows = 0
  #sending: Promise<void> | undefined

  constructor (readonly options: OutboxOptions) {}

  get rows (): number { return this.#rows }

  add (batch: EventBatch): void {
    if (batch.count === 0) return
    if (this.#rows + batch.count > this.options.maxRows) { this.options.onLoss('outbox_full', batch.count); return }
    this.#rows += batch.count
    this.#waiting.push(batch)
    this.#sending ??= this.#send()
  }

  /** Until all is sent or the deadline has passed. */
  async drain (deadline: Deadline): Promise<void> {
    const over = aborted(deadline.signal)
    await Promise.race([this.#sending ?? Promise.resolve(), over.promise])
    over.cancel()
    this.#abort.abort()
    await this.#sending
  }

  async #send (): Promise<void> {
    for (let batch = this.#waiting.shift(); batch !== undefined; batch = this.#waiting.shift()) {
      const rows = batch.count
      const outcome = this.#abort.signal.aborted ? { status: 'refused' as const, reason: 'shutdown' } : await redeliver(this.options.next, batch, { policy: localRetryPolicy, clock: this.options.clock, signal: this.#abort.signal })
      this.#rows -= rows
      if (outcome.status === 'refused') this.options.onLoss(outcome.reason === 'shutdown' ? 'shutdown' : 'refused', rows)
      else if (outcome.status === 'rejected') this.options.onLoss('rejected', rows)
    }
    this.#sending = undefined
  }
}

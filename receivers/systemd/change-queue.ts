/** Changes of units on their way from the bus to the pipeline: bounded, in order, one batch at a time. */
import type { Clock } from '../../core/component/clock.js'
import { BatchBuilder } from '../../core/data/builder.js'
import type { EventBatch } from '../../core/data/batch.js'
import { factKey } from './pairs.js'
import type { Progress } from './progress.js'
import type { Reports } from './reports.js'
import { unitEvent } from './unit-events.js'
import type { UnitChange } from './unit-states.js'

export interface QueueContext {
  readonly clock: Clock
  readonly progress: Progress
  readonly reports: Reports
  /** No journal is read: what it tells better has to come from here. */
  readonly isAlone: boolean
  readonly stopping: AbortSignal
  /** False: not taken, because the time is over. */
  deliver(batch: EventBatch): Promise<boolean>
}

const mostWaiting = 10_000
const batchRows = 512

export class ChangeQueue {
  #waiting: { readonly change: UnitChange, readonly found: boolean }[] = []
  #running: Promise<void> = Promise.resolve()
  #isRunning = false

  constructor (readonly context: QueueContext) {}

  add (change: UnitChange): void {
    // Restarts have no number of their run on the bus, so the journal's word for one cannot be paired with it.
    if (change.fact === 'restart_scheduled' && !this.context.isAlone) return
    this.#put(change, false)
  }

  /** A failure from before the look; it was perhaps told by an earlier Tapio. */
  addFound (change: UnitChange): void { this.#put(change, true) }

  /** Resolves when nothing waits. */
  async end (): Promise<void> { await this.#running }

  #put (change: UnitChange, found: boolean): void {
    if (this.#waiting.length >= mostWaiting) { this.context.reports.dropped('overflow', 1); return }
    this.#waiting.push({ change, found })
    if (this.#isRunning) return
    this.#isRunning = true
    this.#running = this.#run()
  }

  async #run (): Promise<void> {
    // After the signals of this turn of the loop, so that they share a batch.
    await new Promise(resolve => setImmediate(resolve))
    try {
      while (this.#waiting.length > 0) await this.#send(this.#waiting.splice(0, batchRows))
    } finally { this.#isRunning = false }
  }

  async #send (taken: readonly { readonly change: UnitChange, readonly found: boolean }[]): Promise<void> {
    const { clock, progress, reports } = this.context
    const piece = progress.begin()
    const builder = new BatchBuilder(taken.length)
    const observed = clock.unixNano()
    let duplicates = 0
    for (const { change, found } of taken) {
      const key = factKey(change.unit, change.state.invocation, change.fact)
      const time = found && progress.told(key) ? 0 : piece.first(key, 'bus')
      if (time === 0) { duplicates++; continue }
      builder.append({ ...unitEvent(change, time, observed), observedTimeUnixNano: observed })
    }
    reports.dropped('duplicate', duplicates)
    if (builder.count === 0 || await this.context.deliver(builder.finish())) piece.done()
  }
}

/**
 * An edge is the arrow from one component to the next. It counts what passes and what became of it, so every number about
 * delivery comes from one place, and it is the wall behind which a component's bug (an exception) stays.
 */
import type { Consumer } from '../component/component.js'
import { accepted, rejected, type Outcome } from '../component/outcome.js'
import type { EventBatch } from '../data/batch.js'
import type { Logger } from '../telemetry/logger.js'

/** Where an edge writes down what it sees. `rows` of the batch, `seconds` until the outcome was known. */
export interface EdgeRecorder {
  begin(rows: number): void
  end(outcome: Outcome, rows: number, seconds: number): void
  /** The next component threw: the batch is gone. */
  failed(rows: number, seconds: number): void
  dropped(reason: string, rows: number): void
}

export class Edge implements Consumer {
  constructor (readonly name: string, readonly target: Consumer, readonly recorder: EdgeRecorder, readonly logger: Logger) {}

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    if (batch.count === 0) return accepted
    const startedMs = performance.now()
    this.recorder.begin(batch.count)
    try {
      const answer = this.target.consume(batch)
      if (!(answer instanceof Promise)) return this.#done(answer, batch.count, startedMs)
      return answer.then(outcome => this.#done(outcome, batch.count, startedMs), error => this.#bug(error, batch.count, startedMs))
    } catch (error) {
      return this.#bug(error, batch.count, startedMs)
    }
  }

  #done (outcome: Outcome, rows: number, startedMs: number): Outcome {
    this.recorder.end(outcome, rows, (performance.now() - startedMs) / 1000)
    return outcome
  }

  /** Sending the same batch again would most likely throw again, so it is rejected rather than retried. */
  #bug (error: unknown, rows: number, startedMs: number): Outcome {
    this.logger.error('a component threw while it was given a batch; the batch is dropped', { edge: this.name, rows, error })
    this.recorder.failed(rows, (performance.now() - startedMs) / 1000)
    return rejected(`internal error in ${this.name}`, rows)
  }
}

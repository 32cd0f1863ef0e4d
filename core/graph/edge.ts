/**
 * An edge is the arrow from one component to the next. It counts what passes and what became of it, so every number about
 * delivery comes from one place, and it is the wall behind which a component's bug (an exception) stays.
 */
import type { Consumer } from '../component/component.js'
import { accepted, rejected, type Outcome } from '../component/outcome.js'
import type { EventBatch } from '../data/batch.js'
import type { Logger } from '../telemetry/logger.js'
import { Inlet } from './inlet.js'

/** Where an edge writes down what it sees. `rows` of the batch, `seconds` until the outcome was known. */
export interface EdgeRecorder {
  begin(rows: number): void
  end(outcome: Outcome, rows: number, seconds: number): void
  /** The next component threw: the batch is gone. */
  failed(rows: number, seconds: number): void
  dropped(reason: string, rows: number): void
}

/** For graphs that do not count (`service.metrics: false`). */
export const noRecorder: EdgeRecorder = { begin: () => undefined, end: () => undefined, failed: () => undefined, dropped: () => undefined }

export class Edge implements Consumer {
  /** Looks at every batch before the next component does; undefined while nobody taps. */
  tap: ((batch: EventBatch) => void) | undefined = undefined

  readonly #inlet: Inlet

  /** `target`: what comes next, or the inlet of it when several edges lead there. `trace` logs every batch: for finding out where one went. */
  constructor (readonly name: string, target: Consumer | Inlet, readonly recorder: EdgeRecorder, readonly logger: Logger, readonly trace = false) {
    this.#inlet = target instanceof Inlet ? target : new Inlet(target)
  }

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    if (batch.count === 0) return accepted
    if (this.#inlet.paused !== undefined) return this.#inlet.paused.opened().then(() => this.consume(batch))
    if (this.tap !== undefined) this.tap(batch)
    const startedMs = performance.now()
    this.recorder.begin(batch.count)
    this.#inlet.underWay++
    try {
      const answer = this.#inlet.target.consume(batch)
      if (!(answer instanceof Promise)) return this.#done(answer, batch.count, startedMs)
      return answer.then(outcome => this.#done(outcome, batch.count, startedMs), error => this.#bug(error, batch.count, startedMs))
    } catch (error) {
      return this.#bug(error, batch.count, startedMs)
    }
  }

  #done (outcome: Outcome, rows: number, startedMs: number): Outcome {
    // Of a plugin it may be anything.
    if (typeof (outcome as Partial<Outcome> | null | undefined)?.status !== 'string') return this.#bug(new TypeError('it answered with no outcome'), rows, startedMs)
    this.#left()
    const tookMs = performance.now() - startedMs
    this.recorder.end(outcome, rows, tookMs / 1000)
    if (this.trace) this.logger.debug('batch', { edge: this.name, rows, outcome: outcome.status, tookMs, ...(outcome.status === 'accepted' ? {} : { reason: outcome.reason }) })
    return outcome
  }

  /** Sending the same batch again would most likely throw again, so it is rejected rather than retried. */
  #bug (error: unknown, rows: number, startedMs: number): Outcome {
    this.#left()
    this.logger.error('a component threw while it was given a batch; the batch is dropped', { edge: this.name, rows, error })
    this.recorder.failed(rows, (performance.now() - startedMs) / 1000)
    return rejected(`internal error in ${this.name}`, rows)
  }

  #left (): void { if (--this.#inlet.underWay === 0) this.#inlet.rest() }
}

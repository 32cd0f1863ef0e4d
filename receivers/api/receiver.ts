/** The pipelines' end of the API: batches that come as answers to a question, outcomes that go back as its answer. */
import { inject, injectable } from 'tsyringe'
import type { Consumer, Deadline, Receiver } from '../../core/component/component.js'
import { refused, type Outcome } from '../../core/component/outcome.js'
import { answerer, type SubmitAnswer } from '../../core/component/questions.js'
import { Tokens } from '../../core/component/services.js'
import type { StatusReporter } from '../../core/component/status.js'
import type { EventBatch } from '../../core/data/batch.js'
import { decodeBatch } from '../../core/data/decode.js'
import { InFlight, aborted } from '../../core/delivery/in-flight.js'
import { roomUnder, type Pressure } from '../../core/pressure/pressure.js'
import type { Meter } from '../../core/telemetry/meter.js'
import type { ApiReceiverConfig } from './config.js'
import { pendingBytes, rejectedEvents, submissions } from './metrics.js'

/** More than any batch has: all of them. */
const allRows = 0xffffffff

@injectable()
export class ApiReceiver implements Receiver {
  readonly #inFlight = new InFlight()
  #pendingBytes = 0
  #pendingBatches = 0

  constructor (
    @inject(Tokens.config) readonly config: ApiReceiverConfig,
    @inject(Tokens.next) readonly next: Consumer,
    @inject(Tokens.meter) readonly meter: Meter,
    @inject(Tokens.status) readonly status: StatusReporter,
    @inject(Tokens.pressure) readonly pressure: Pressure
  ) {}

  readonly answer = answerer({ 'events.submit': document => this.#submit(document) })

  start (): void { this.status.ok() }

  /** What is under way is waited for until the deadline; then its clients are asked to send it again, to whoever comes after. */
  async stop (deadline: Deadline): Promise<void> { await this.#inFlight.close(deadline) }

  async #submit (document: Uint8Array): Promise<SubmitAnswer> {
    if (this.#inFlight.closed) return this.#count(this.#again('Tapio is shutting down'))
    if (this.pressure.atLeast('refuse')) return this.#count(this.#again('Tapio is short of memory', this.pressure.retryAfterMs))
    const { max_pending_batches: maxBatches } = this.config
    const maxBytes = roomUnder(this.pressure, this.config.max_pending_bytes)
    const isFull = this.#pendingBatches >= maxBatches || (this.#pendingBytes > 0 && this.#pendingBytes + document.length > maxBytes)
    if (isFull) return this.#count(this.#again(`${this.#pendingBatches} batches of ${this.#pendingBytes} bytes wait to be delivered already`))
    const decoded = decodeBatch(document)
    if (!decoded.ok) {
      this.meter.counter(submissions, { outcome: 'malformed' }).add(1)
      return { status: 'rejected', rejected: allRows, reason: `the batch cannot be read: ${decoded.error}`, retryAfterMs: 0 }
    }
    this.#hold(1, document.length)
    try {
      return this.#count(this.#answerTo(await this.#inFlight.track(this.#deliver(decoded.batch))))
    } finally {
      this.#hold(-1, -document.length)
    }
  }

  /** Ends with the drain: what the pipeline has by then it may deliver, so that the client sends it twice rather than never. */
  async #deliver (batch: EventBatch): Promise<Outcome> {
    const over = aborted(this.#inFlight.signal)
    try {
      return await Promise.race([this.next.consume(batch), over.promise.then(() => refused('Tapio is shutting down'))])
    } finally {
      over.cancel()
    }
  }

  #answerTo (outcome: Outcome): SubmitAnswer {
    switch (outcome.status) {
      case 'accepted': return { status: 'accepted', rejected: 0, reason: '', retryAfterMs: 0 }
      case 'rejected':
        this.meter.counter(rejectedEvents).add(outcome.count)
        return { status: 'rejected', rejected: outcome.count, reason: outcome.reason, retryAfterMs: 0 }
      case 'retry': return this.#again(outcome.reason, outcome.afterMs)
      // Nothing of it was taken.
      case 'refused': return this.#again(outcome.reason)
    }
  }

  #again (reason: string, afterMs = this.config.retry_after): SubmitAnswer { return { status: 'retry', rejected: 0, reason, retryAfterMs: afterMs } }

  #count (answer: SubmitAnswer): SubmitAnswer {
    this.meter.counter(submissions, { outcome: answer.status }).add(1)
    return answer
  }

  #hold (batches: number, bytes: number): void {
    this.#pendingBatches += batches
    this.#pendingBytes += bytes
    this.meter.gauge(pendingBytes).set(this.#pendingBytes)
  }
}

/**
 * What both transports do with a whole request once they have its bytes: decode, hand on, count, and say how it ended. The
 * transports only put that into their own words.
 */
import type { Clock } from '../../core/component/clock.js'
import type { Consumer } from '../../core/component/component.js'
import type { Outcome, Rejected } from '../../core/component/outcome.js'
import type { EventBatch } from '../../core/data/batch.js'
import type { Origin } from '../../core/data/origin.js'
import { EventIds } from '../../core/data/ids.js'
import { jsonToProtobuf } from '../../core/otlp/json-decode.js'
import { readExportRequest } from '../../core/otlp/reader.js'
import type { PartialSuccess } from '../../core/otlp/responses.js'
import type { OtlpSignal } from '../../core/otlp/signals.js'
import { itemCount } from '../../core/otlp/writer.js'
import type { Pressure } from '../../core/pressure/pressure.js'
import type { Body, Chunks } from './chunks.js'
import type { Place } from './gate.js'
import type { ReceiverMetrics, Transport } from './metrics.js'
import type { Scratch } from './scratch.js'

export type Answer =
  | { readonly status: 'success', readonly partial?: PartialSuccess }
  /** The client's fault: never to be sent again. */
  | { readonly status: 'malformed' | 'rejected', readonly message: string }
  | { readonly status: 'retry', readonly message: string, readonly afterMs: number }
  /** The same, of a request that was not looked at: the whole process is short of memory. */
  | { readonly status: 'overloaded', readonly message: string, readonly afterMs: number }
  | { readonly status: 'refused', readonly message: string }

export interface IntakeOptions {
  readonly next: Consumer
  readonly clock: Clock
  readonly metrics: ReceiverMetrics
  readonly retryAfterMs: number
  readonly scratch: Scratch
  readonly pressure: Pressure
}

export class Intake {
  readonly #ids = new EventIds()

  constructor (readonly options: IntakeOptions) {}

  /**
   * `body` must not change afterwards. One in several pieces is joined in memory that is lent to the pipeline, where that
   * is allowed; `place` holds the request's bytes already. A pipeline that answers at once is answered
   * at once: a promise a request is a tenth of what a small one costs.
   */
  take (transport: Transport, signal: OtlpSignal, encoding: 'protobuf' | 'json', body: Body, place: Place, origin?: Origin): Answer | Promise<Answer> {
    const whole = Buffer.isBuffer(body) ? body : body.whole()
    if (whole !== undefined) return this.#take(transport, signal, encoding, whole, place, origin)
    const loan = this.options.scratch.borrow(body.length)
    if (loan === undefined) return this.#take(transport, signal, encoding, (body as Chunks).bytes(), place, origin)
    let answer: Answer | Promise<Answer> | undefined
    try {
      answer = this.#take(transport, signal, encoding, (body as Chunks).copyTo(loan.bytes), place, origin, true)
      return answer instanceof Promise ? answer.finally(loan.end) : answer
    } finally {
      if (!(answer instanceof Promise)) loan.end()
    }
  }

  #take (transport: Transport, signal: OtlpSignal, encoding: 'protobuf' | 'json', body: Buffer, place: Place, origin: Origin | undefined, lent = false): Answer | Promise<Answer> {
    const { metrics } = this.options
    const decoded = this.#decode(signal, encoding, body)
    if (!decoded.ok) {
      metrics.request(transport, signal, 'malformed')
      return { status: 'malformed', message: decoded.error }
    }
    // What was JSON is protobuf in memory of its own by now.
    const own = lent && encoding === 'protobuf' ? decoded.batch.lent('buffers') : decoded.batch
    const batch = origin === undefined ? own : own.withOrigin(origin)
    metrics.received(transport, signal, batch.raw.buffers[0]?.length ?? 0)
    if (batch.count === 0) {
      metrics.request(transport, signal, 'accepted')
      return { status: 'success' }
    }
    if (!place.take(batch.byteLength - body.length)) return this.#busy(transport, signal, batch)
    const outcome = this.options.next.consume(batch)
    if (outcome instanceof Promise) return outcome.then(late => this.#settle(transport, signal, batch, late))
    return this.#settle(transport, signal, batch, outcome)
  }

  /** The answer to a request that does not fit now. */
  busy (transport: Transport, signal: OtlpSignal): Answer {
    this.options.metrics.request(transport, signal, 'retry')
    return { status: 'retry', message: 'too many requests in flight', afterMs: this.options.retryAfterMs }
  }

  /** The answer to any request while the process is at its limit of memory, to be given before a byte of the body is read; undefined when it is not. */
  overloaded (transport: Transport, signal: OtlpSignal): Answer | undefined {
    const { pressure, metrics } = this.options
    if (!pressure.atLeast('refuse')) return undefined
    metrics.request(transport, signal, 'overloaded')
    return { status: 'overloaded', message: 'Tapio is short of memory', afterMs: pressure.retryAfterMs }
  }

  /** The answer to a request that came in so slowly that it had to give way to others. */
  tooSlow (transport: Transport, signal: OtlpSignal): Answer {
    this.options.metrics.request(transport, signal, 'slow')
    return { status: 'retry', message: 'the request came in too slowly while others had no room', afterMs: this.options.retryAfterMs }
  }

  #busy (transport: Transport, signal: OtlpSignal, batch: EventBatch): Answer {
    this.options.metrics.items(transport, signal, 0, allItems(batch, signal))
    return this.busy(transport, signal)
  }

  #decode (signal: OtlpSignal, encoding: 'protobuf' | 'json', body: Buffer): ReturnType<typeof readExportRequest> {
    let bytes: Uint8Array = body
    if (encoding === 'json') {
      const converted = jsonToProtobuf(signal, body)
      if (!converted.ok) return converted
      bytes = converted.bytes
    }
    return readExportRequest(signal, bytes, { ids: this.#ids, observedTimeUnixNano: this.options.clock.unixNano() })
  }

  #settle (transport: Transport, signal: OtlpSignal, batch: EventBatch, outcome: Outcome): Answer {
    const { metrics, retryAfterMs } = this.options
    const items = allItems(batch, signal)
    const refusedItems = outcome.status === 'accepted' ? 0 : outcome.status === 'rejected' ? rejectedItems(batch, signal, outcome) : items
    metrics.items(transport, signal, items - refusedItems, refusedItems)
    switch (outcome.status) {
      case 'accepted':
        metrics.request(transport, signal, 'accepted')
        return { status: 'success' }
      case 'rejected': {
        const all = outcome.count >= batch.count
        metrics.request(transport, signal, all ? 'rejected' : 'partial')
        if (all) return { status: 'rejected', message: outcome.reason }
        return { status: 'success', partial: { rejected: refusedItems, message: outcome.reason } }
      }
      case 'retry':
        metrics.request(transport, signal, 'retry')
        return { status: 'retry', message: outcome.reason, afterMs: outcome.afterMs ?? retryAfterMs }
      case 'refused':
        metrics.request(transport, signal, 'refused')
        return { status: 'refused', message: outcome.reason }
    }
  }
}

function allItems (batch: EventBatch, signal: OtlpSignal): number {
  return itemCount(batch, signal)
}

/** In the unit the signal counts in. Without the rows only their number is known, which is then the best answer there is. */
function rejectedItems (batch: EventBatch, signal: OtlpSignal, outcome: Rejected): number {
  const all = allItems(batch, signal)
  if (outcome.count >= batch.count) return all
  return outcome.rows === undefined ? Math.min(outcome.count, all) : itemCount(batch, signal, outcome.rows)
}


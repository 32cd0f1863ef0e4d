/** The receiver's own instruments. */
import type { Counter, Meter, MetricDeclaration } from '../../core/telemetry/meter.js'
import type { OtlpSignal } from '../../core/otlp/signals.js'

const requests: MetricDeclaration = {
  name: 'otlp_receiver_requests', kind: 'counter', unit: '', attributes: ['transport', 'signal', 'outcome'],
  description: 'Requests answered, by outcome: accepted, partial, rejected, malformed, retry, refused, too_large, not_otlp, timeout, aborted.'
}
const accepted: MetricDeclaration = {
  name: 'otlp_receiver_accepted_items', kind: 'counter', unit: '', attributes: ['transport', 'signal'],
  description: 'Spans, log records, data points and profiles taken.'
}
const refusedItems: MetricDeclaration = {
  name: 'otlp_receiver_refused_items', kind: 'counter', unit: '', attributes: ['transport', 'signal'],
  description: 'Spans, log records, data points and profiles not taken: rejected, to be retried, or refused. Undecoded requests have no known number of them.'
}
const bytes: MetricDeclaration = {
  name: 'otlp_receiver_received', kind: 'counter', unit: 'bytes', attributes: ['transport', 'signal'],
  description: 'Bytes of decoded requests, after decompression, as protobuf.'
}
const inFlight: MetricDeclaration = {
  name: 'otlp_receiver_in_flight', kind: 'gauge', unit: 'bytes',
  description: 'Bytes of requests being received or processed now.'
}

export const declarations: readonly MetricDeclaration[] = [requests, accepted, refusedItems, bytes, inFlight]

export type Transport = 'grpc' | 'http'

/** What became of a request, finer than an Outcome: also why it never became a batch. */
export type RequestOutcome = 'accepted' | 'partial' | 'rejected' | 'malformed' | 'retry' | 'refused' | 'too_large' | 'not_otlp' | 'timeout' | 'aborted'

export class ReceiverMetrics {
  readonly #meter: Meter
  readonly #made = new Map<string, Counter>()

  constructor (meter: Meter) { this.#meter = meter }

  /** `signal` is `none` when the request did not get far enough to have one. */
  request (transport: Transport, signal: OtlpSignal | 'none', outcome: RequestOutcome): void {
    this.#counter(requests, { transport, signal, outcome }).add(1)
  }

  items (transport: Transport, signal: OtlpSignal, taken: number, notTaken: number): void {
    if (taken > 0) this.#counter(accepted, { transport, signal }).add(taken)
    if (notTaken > 0) this.#counter(refusedItems, { transport, signal }).add(notTaken)
  }

  received (transport: Transport, signal: OtlpSignal, size: number): void {
    this.#counter(bytes, { transport, signal }).add(size)
  }

  inFlight (size: number): void { this.#meter.gauge(inFlight).set(size) }

  #counter (declaration: MetricDeclaration, attributes: Readonly<Record<string, string>>): Counter {
    const key = [declaration.name, ...Object.values(attributes)].join()
    const counter = this.#made.get(key) ?? this.#meter.counter(declaration, attributes)
    this.#made.set(key, counter)
    return counter
  }
}

/** The receiver's own instruments. */
import type { Counter, Gauge, Meter, MetricDeclaration } from '../../core/telemetry/meter.js'
import type { CloseReason } from '../../core/net/grpc/sessions.js'
import type { OtlpSignal } from '../../core/otlp/signals.js'

const requests: MetricDeclaration = {
  name: 'otlp_receiver_requests', kind: 'counter', unit: '', attributes: ['transport', 'signal', 'outcome'],
  description: 'Requests answered, by outcome: accepted, partial, rejected, malformed, retry, overloaded (turned away unread, memory being short), refused, too_large, not_otlp, unauthenticated, timeout, slow (gave way to others while it came in), aborted.'
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

const closedConnections: MetricDeclaration = {
  name: 'otlp_receiver_closed_connections', kind: 'counter', unit: '', attributes: ['transport', 'reason'],
  description: 'Connections that the receiver closed: idle, age, no_preface, ping_timeout, too_many_pings, resets (calls taken back in a flood), protocol (not what it should speak), tls (no handshake), limit (max_connections).'
}

export const declarations: readonly MetricDeclaration[] = [requests, accepted, refusedItems, bytes, inFlight, closedConnections]

export type Transport = 'grpc' | 'http'

/** What became of a request, finer than an Outcome: also why it never became a batch. */
export type RequestOutcome = 'accepted' | 'partial' | 'rejected' | 'malformed' | 'retry' | 'overloaded' | 'refused' | 'too_large' | 'not_otlp' | 'unauthenticated' | 'timeout' | 'slow' | 'aborted'

/** The instruments of one transport and signal, made when first needed and then found without building a key. */
interface Made { requests: Partial<Record<RequestOutcome, Counter>>, accepted?: Counter, refused?: Counter, bytes?: Counter }

export class ReceiverMetrics {
  readonly #meter: Meter
  readonly #made: Readonly<Record<Transport, Partial<Record<OtlpSignal | 'none', Made>>>> = { grpc: {}, http: {} }
  #inFlight: Gauge | undefined

  constructor (meter: Meter) { this.#meter = meter }

  /** `signal` is `none` when the request did not get far enough to have one. */
  request (transport: Transport, signal: OtlpSignal | 'none', outcome: RequestOutcome): void {
    const counters = this.#of(transport, signal).requests
    ;(counters[outcome] ??= this.#meter.counter(requests, { transport, signal, outcome })).add(1)
  }

  items (transport: Transport, signal: OtlpSignal, taken: number, notTaken: number): void {
    const made = this.#of(transport, signal)
    if (taken > 0) (made.accepted ??= this.#meter.counter(accepted, { transport, signal })).add(taken)
    if (notTaken > 0) (made.refused ??= this.#meter.counter(refusedItems, { transport, signal })).add(notTaken)
  }

  received (transport: Transport, signal: OtlpSignal, size: number): void {
    (this.#of(transport, signal).bytes ??= this.#meter.counter(bytes, { transport, signal })).add(size)
  }

  inFlight (size: number): void {
    (this.#inFlight ??= this.#meter.gauge(inFlight)).set(size)
  }

  closed (transport: Transport, reason: CloseReason): void {
    this.#meter.counter(closedConnections, { transport, reason }).add(1)
  }

  #of (transport: Transport, signal: OtlpSignal | 'none'): Made {
    return this.#made[transport][signal] ??= { requests: {} }
  }
}

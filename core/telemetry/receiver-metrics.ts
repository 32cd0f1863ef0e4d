/** What every receiver that takes requests counts, beside its edges: the truth as its clients see it. */
import type { Outcome } from '../component/outcome.js'
import type { Counter, Meter, MetricDeclaration } from './meter.js'
import { ReasonCounters } from './reason-counters.js'

const attributes = ['transport']

export const receiverMetrics = {
  requests: {
    name: 'receiver_requests',
    kind: 'counter',
    unit: '',
    description: 'Requests by how they were answered: accepted, rejected (in whole or part), retry, refused, or failed (unreadable, too large, unauthorised).',
    attributes: [...attributes, 'outcome']
  },
  bytes: { name: 'receiver_request', kind: 'counter', unit: 'bytes', description: 'Bytes of request bodies as they came in, before decompression.', attributes },
  accepted: { name: 'receiver_accepted', kind: 'counter', unit: 'events', description: 'Rows the pipelines took.', attributes },
  rejected: { name: 'receiver_rejected', kind: 'counter', unit: 'events', description: 'Rows the pipelines can never take; the client was told.', attributes },
  refused: { name: 'receiver_refused', kind: 'counter', unit: 'events', description: 'Rows the pipelines did not take now (refused or retry later); the client was told.', attributes },
  failed: {
    name: 'receiver_failed',
    kind: 'counter',
    unit: 'requests',
    description: 'Requests the receiver itself could not take, by reason; their rows are unknown.',
    attributes: [...attributes, 'reason']
  }
} as const satisfies Record<string, MetricDeclaration>

/** The instruments of one transport (`grpc`, `http`, `file`, …) of one receiver. */
export class ReceiverMetrics {
  readonly #requests: Readonly<Record<Outcome['status'] | 'failed', Counter>>
  readonly #bytes: Counter
  readonly #accepted: Counter
  readonly #rejected: Counter
  readonly #refused: Counter
  readonly #failed: ReasonCounters

  constructor (meter: Meter, transport: string) {
    const of = (outcome: string): Counter => meter.counter(receiverMetrics.requests, { transport, outcome })
    this.#requests = { accepted: of('accepted'), rejected: of('rejected'), retry: of('retry'), refused: of('refused'), failed: of('failed') }
    this.#bytes = meter.counter(receiverMetrics.bytes, { transport })
    this.#accepted = meter.counter(receiverMetrics.accepted, { transport })
    this.#rejected = meter.counter(receiverMetrics.rejected, { transport })
    this.#refused = meter.counter(receiverMetrics.refused, { transport })
    this.#failed = new ReasonCounters(meter, receiverMetrics.failed, { transport })
  }

  /** A request of `rows` rows and `bytes` body bytes was answered with `outcome`. */
  answered (outcome: Outcome, rows: number, bytes: number): void {
    this.#requests[outcome.status].add(1)
    this.#bytes.add(bytes)
    if (outcome.status === 'retry' || outcome.status === 'refused') this.#refused.add(rows)
    const rejected = outcome.status === 'rejected' ? Math.trunc(Math.min(Math.max(outcome.count, 0), rows)) || 0 : 0
    this.#rejected.add(rejected)
    if (outcome.status === 'accepted' || outcome.status === 'rejected') this.#accepted.add(rows - rejected)
  }

  /** A request could not even be read. `reason` is a declared word: `malformed`, `too_large`, `unauthenticated`, … */
  failed (reason: string, bytes: number): void {
    this.#requests.failed.add(1)
    this.#bytes.add(bytes)
    this.#failed.add(reason, 1)
  }
}

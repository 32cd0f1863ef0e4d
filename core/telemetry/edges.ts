/**
 * What every edge (the hand-over of batches from one component to the next) counts. For each edge, in rows:
 * `sent = accepted + rejected + refused + retried + dropped + in flight`, except that rows which an edge took and lost later
 * (a worker died with them) stand under accepted and under dropped.
 *
 * Attributes are `from`, `to` and `pipeline`. There is no `signal`: a batch may mix signals, so telling them apart would cost
 * a pass over a column per batch and edge; receivers count by signal where they know it anyway.
 */
import type { Outcome } from '../component/outcome.js'
import type { Counter, Gauge, Histogram, Meter, MetricDeclaration, MetricKind } from './meter.js'
import { ReasonCounters } from './reason-counters.js'

const attributes = ['from', 'to', 'pipeline']

function declare (name: string, kind: MetricKind, unit: string, description: string, more: Partial<MetricDeclaration> = {}): MetricDeclaration {
  return { name: `edge_${name}`, kind, unit, description, attributes, ...more }
}

export const edgeMetrics = {
  sent: declare('sent', 'counter', 'events', 'Rows offered to the next component.'),
  sentBatches: declare('sent', 'counter', 'batches', 'Batches offered to the next component.'),
  sentBytes: declare('sent', 'counter', 'bytes', 'Raw bytes of the offered batches, where the edge knows them.'),
  accepted: declare('accepted', 'counter', 'events', 'Rows the next component took.'),
  rejected: declare('rejected', 'counter', 'events', 'Rows the next component can never take; they are not sent again.'),
  refused: declare('refused', 'counter', 'events', 'Rows of batches the next component refused as a whole.'),
  retried: declare('retried', 'counter', 'events', 'Rows of batches the next component asked to send again later.'),
  dropped: declare('dropped', 'counter', 'events', 'Rows that ended on the edge, by reason; `component_error`: the next component threw.',
    { attributes: [...attributes, 'reason'] }),
  duration: declare('consume_duration', 'histogram', 'seconds', 'From offering a batch to its outcome.',
    { bounds: [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] }),
  inFlight: declare('in_flight', 'gauge', 'batches', 'Batches offered whose outcome is not yet known.')
} as const satisfies Record<string, MetricDeclaration>

export interface EdgeEnds {
  /** Component ids as written in YAML. */
  readonly from: string
  readonly to: string
  readonly pipeline: string
}

/** The instruments of one edge in one thread. */
export class EdgeMetrics {
  readonly #sent: Counter
  readonly #sentBatches: Counter
  readonly #sentBytes: Counter
  readonly #accepted: Counter
  readonly #rejected: Counter
  readonly #refused: Counter
  readonly #retried: Counter
  readonly #dropped: ReasonCounters
  readonly #duration: Histogram
  readonly #inFlight: Gauge
  #inFlightNow = 0

  constructor (meter: Meter, { from, to, pipeline }: EdgeEnds) {
    const ends = { from, to, pipeline }
    this.#sent = meter.counter(edgeMetrics.sent, ends)
    this.#sentBatches = meter.counter(edgeMetrics.sentBatches, ends)
    this.#sentBytes = meter.counter(edgeMetrics.sentBytes, ends)
    this.#accepted = meter.counter(edgeMetrics.accepted, ends)
    this.#rejected = meter.counter(edgeMetrics.rejected, ends)
    this.#refused = meter.counter(edgeMetrics.refused, ends)
    this.#retried = meter.counter(edgeMetrics.retried, ends)
    this.#dropped = new ReasonCounters(meter, edgeMetrics.dropped, ends)
    this.#duration = meter.histogram(edgeMetrics.duration, ends)
    this.#inFlight = meter.gauge(edgeMetrics.inFlight, ends)
  }

  /** Before `consume`. Each call is followed by one of `end` and `failed`. */
  begin (rows: number, bytes = 0): void {
    this.#sent.add(rows)
    this.#sentBatches.add(1)
    if (bytes > 0) this.#sentBytes.add(bytes)
    this.#inFlight.set(++this.#inFlightNow)
  }

  /** The outcome of a batch of `rows`, `seconds` after `begin`. */
  end (outcome: Outcome, rows: number, seconds: number): void {
    this.#finish(seconds)
    switch (outcome.status) {
      case 'accepted': return this.#accepted.add(rows)
      case 'retry': return this.#retried.add(rows)
      case 'refused': return this.#refused.add(rows)
      case 'rejected': return this.#split(outcome.count, rows)
    }
  }

  /** `consume` threw: a bug of the next component, and the batch is gone. */
  failed (rows: number, seconds: number): void {
    this.#finish(seconds)
    this.#dropped.add('component_error', rows)
  }

  /** Rows that ended on the edge itself: a full ring under a drop policy, a worker that died. Leaves in-flight as it is. */
  dropped (reason: string, rows: number): void {
    this.#dropped.add(reason, rows)
  }

  /** A remote may claim any count; no more than the batch can have been rejected. */
  #split (count: number, rows: number): void {
    const rejected = Math.trunc(Math.min(Math.max(count, 0), rows)) || 0
    this.#rejected.add(rejected)
    this.#accepted.add(rows - rejected)
  }

  #finish (seconds: number): void {
    this.#duration.record(seconds)
    this.#inFlight.set(--this.#inFlightNow)
  }
}

/** What the tapio receiver counts. */
import type { Counter, Meter, MetricDeclaration } from '../../core/telemetry/meter.js'

const batches: MetricDeclaration = { name: 'tapio_receiver_batches', kind: 'counter', unit: '', attributes: ['outcome'], description: 'Batches of collectors, by outcome: accepted, rejected (in part or whole), repeated (all of it was known), undeliverable (will come again).' }
const repeated: MetricDeclaration = { name: 'tapio_receiver_repeated', kind: 'counter', unit: 'events', description: 'Events that came again and were known by their id: not delivered twice.' }
const rejectedEvents: MetricDeclaration = { name: 'tapio_receiver_rejected', kind: 'counter', unit: 'events', description: 'Events that the pipeline rejected; their collector was told.' }
const received: MetricDeclaration = { name: 'tapio_receiver_received', kind: 'counter', unit: 'bytes', description: 'Bytes of batches, as they were on the wire.' }
const ended: MetricDeclaration = { name: 'tapio_receiver_streams', kind: 'counter', unit: '', attributes: ['end'], description: 'Streams that ended, by why: closed (by the collector), broken, superseded (it came back on another), refused (not let in), malformed, shutdown.' }
const connected: MetricDeclaration = { name: 'tapio_receiver_collectors', kind: 'gauge', unit: '', description: 'Collectors connected now.' }
const stateErrors: MetricDeclaration = { name: 'tapio_receiver_state_errors', kind: 'counter', unit: '', description: 'Failed writes of the state file. Acknowledgements wait until it can be written.' }

export const declarations: readonly MetricDeclaration[] = [batches, repeated, rejectedEvents, received, ended, connected, stateErrors]

export type BatchOutcome = 'accepted' | 'rejected' | 'repeated' | 'undeliverable'
export type StreamEnd = 'closed' | 'broken' | 'superseded' | 'refused' | 'malformed' | 'shutdown'

export class ReceiverMetrics {
  readonly #repeated: Counter
  readonly #rejected: Counter
  readonly #received: Counter
  readonly #stateErrors: Counter
  readonly #connected: { set(value: number): void }

  constructor (readonly meter: Meter) {
    this.#repeated = meter.counter(repeated)
    this.#rejected = meter.counter(rejectedEvents)
    this.#received = meter.counter(received)
    this.#stateErrors = meter.counter(stateErrors)
    this.#connected = meter.gauge(connected)
  }

  batch (outcome: BatchOutcome, bytes: number): void {
    this.meter.counter(batches, { outcome }).add(1)
    this.#received.add(bytes)
  }

  repeated (rows: number): void { if (rows > 0) this.#repeated.add(rows) }
  rejected (rows: number): void { this.#rejected.add(rows) }
  ended (end: StreamEnd): void { this.meter.counter(ended, { end }).add(1) }
  connected (streams: number): void { this.#connected.set(streams) }
  stateError (): void { this.#stateErrors.add(1) }
}

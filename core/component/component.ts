/**
 * The contract between Tapio and its components: what a plugin author implements and may rely on.
 *
 * Life of a component, in order:
 *  1. **created**  - `factory.create(services)` with a validated config. Opens nothing, starts no timer, reads no file.
 *  2. **started**  - `start(host)`. Exporters start first, then processors, then receivers, so whatever a component sends
 *     to is already running. A start that throws stops the whole graph from starting, and the error names the component.
 *  3. **running**  - `consume` is called (processors, exporters, connectors), or the component calls `next.consume`
 *     (receivers, processors, connectors). Calls may overlap: `consume` may be called again before the last one's promise
 *     has resolved. Within one thread nothing runs in parallel.
 *  4. **stopped**  - `stop(deadline)`. Receivers stop first, exporters last, so a component can still send while it drains.
 *     It must end every timer, socket, file and promise of its own before it resolves, and drain what it holds until
 *     `deadline.signal` aborts; what it then still holds it counts as dropped with reason `shutdown`.
 *
 * What must hold (the contract suite in test/contract runs these over every registered component):
 *  - `stop` without `start`, and `stop` twice, are safe and resolve.
 *  - a component may be created, started and stopped several times in one process (each time a new instance).
 *  - a batch is immutable: never write into its columns. `batch.filter`, `batch.withAttribute`, … return new batches that
 *    share everything untouched, so fan-out costs nothing and nobody sees another's change.
 *  - outcomes are values (see outcome.ts). Throwing from `consume` is a bug and is counted against the component.
 *  - every row that is not passed on is counted: `services.drops.add(reason, rows)`.
 *  - every buffer is bounded.
 */
import type { EventBatch } from '../data/batch.js'
import type { Outcome } from './outcome.js'
import type { Answerer } from './questions.js'

export type Kind = 'receiver' | 'processor' | 'exporter' | 'connector' | 'extension'

/** Where batches go. The returned outcome is for this batch alone; a sync answer saves a promise on the hot path. */
export interface Consumer {
  consume(batch: EventBatch): Outcome | Promise<Outcome>
}

/** What a component may ask of the process it runs in. */
export interface Host {
  /** Ends the process in order (drain, then a non-zero exit) because the component can never work. Prefer `status`. */
  fail(error: Error): void
  /** Asks for an orderly end (drain, exit code 0) because the component's work is done: a replay that reached its end. */
  finish(reason: string): void
  /** True: it starts as part of a reload, and what ran before comes back when `start` rejects. Left out = false. */
  readonly isReload?: boolean
}

/** The end of a drain: `signal` aborts when time is up, `atMs` is that time on the monotonic clock (performance.now()). */
export interface Deadline {
  readonly signal: AbortSignal
  readonly atMs: number
}

export interface Component {
  start?(host: Host): void | Promise<void>
  stop?(deadline: Deadline): void | Promise<void>
  /** For components that can be asked something while they run (questions.ts). Their factory lists what in `answers`. */
  readonly answer?: Answerer
}

/** Brings batches in: calls `next.consume` of the consumer it was created with. */
export type Receiver = Component
/** Takes batches and passes them on, changed or not, at once or later. */
export type Processor = Component & Consumer
/** Takes batches out of Tapio. Its outcome is the truth about delivery, and health is derived from it. */
export type Exporter = Component & Consumer
/** An exporter of some pipelines and a receiver of others: chooses among named outputs. */
export type Connector = Component & Consumer
/** Serves the process rather than a pipeline (an HTTP endpoint for health, say). */
export type Extension = Component

export type AnyComponent = Component | (Component & Consumer)

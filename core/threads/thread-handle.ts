/** The runtime's grip on one thread, the same for its own thread and for a worker. */
import type { Layer } from '../graph/layers.js'
import type { TapSelection } from '../graph/tap.js'
import type { Answered } from '../graph/unanswered.js'
import type { Plan } from '../graph/plan.js'
import type { LogLevel } from '../telemetry/logger.js'
import type { HeldRing, Inquiry } from './protocol.js'

export interface ThreadHandle {
  readonly thread: string
  /** Creates the thread's components. Rejects with what could not be created. */
  build(): Promise<void>
  start(layer: Layer): Promise<void>
  /** Resolves with what did not stop cleanly, at the latest shortly after the deadline. */
  stop(layer: Layer, deadlineMs: number): Promise<readonly string[]>
  abort(): void
  /** A reload, step by step (graph/thread-exchange.ts). Creates what `plan` needs; rejects with what could not be created. */
  prepare(plan: Plan, rings: Readonly<Record<string, HeldRing>>): Promise<void>
  hold(layer: Layer, deadlineMs: number): Promise<readonly string[]>
  takeOver(): Promise<void>
  drop(deadlineMs: number): Promise<void>
  setLogLevel(level: LogLevel): void
  /** Never resolves when the component never answers; `stop` aborts when nobody waits any more. */
  ask(inquiry: Inquiry, stop: AbortSignal): Promise<Answered>
  /** Reports come as an event. Of a thread that is restarted the successor goes on. */
  tap(id: number, selection: TapSelection): void
  tapRead(id: number): void
  untap(id: number): void
  /** Ends the thread. Safe to call twice. */
  end(): Promise<void>
}

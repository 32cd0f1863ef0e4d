/** The runtime's grip on one thread, the same for its own thread and for a worker. */
import type { Layer } from '../graph/thread-graph.js'
import type { TapSelection } from '../graph/tap.js'
import type { Answered } from '../graph/unanswered.js'
import type { Inquiry } from './protocol.js'

export interface ThreadHandle {
  readonly thread: string
  /** Creates the thread's components. Rejects with what could not be created. */
  build(): Promise<void>
  start(layer: Layer): Promise<void>
  /** Resolves with what did not stop cleanly, at the latest shortly after the deadline. */
  stop(layer: Layer, deadlineMs: number): Promise<readonly string[]>
  abort(): void
  /** Never resolves when the component never answers; `stop` aborts when nobody waits any more. */
  ask(inquiry: Inquiry, stop: AbortSignal): Promise<Answered>
  /** Reports come as an event. Of a thread that is restarted the successor goes on. */
  tap(id: number, selection: TapSelection): void
  tapRead(id: number): void
  untap(id: number): void
  /** Ends the thread. Safe to call twice. */
  end(): Promise<void>
}

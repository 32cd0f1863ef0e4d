/** What the runtime and its worker threads say to each other. Data does not go this way: it has the rings. */
import type { PeerQuestion } from '../component/lookup.js'
import type { Question, Questions } from '../component/questions.js'
import type { ComponentState } from '../component/status.js'
import type { Layer } from '../graph/layers.js'
import type { Plan } from '../graph/plan.js'
import type { TapReport, TapSelection } from '../graph/tap.js'
import type { Answered } from '../graph/unanswered.js'
import type { LogFormat } from '../telemetry/pino-logger.js'
import type { LogLevel } from '../telemetry/logger.js'
import type { SeriesDescription } from '../telemetry/series.js'
import type { Slab } from '../telemetry/slab.js'
import type { PressureMemory } from '../pressure/pressure.js'
import type { HeartbeatMemory } from './heartbeat.js'
import type { RingMemory } from './ring.js'

/** A ring as threads get it. A ring of the same id that was made anew has another serial number. */
export interface HeldRing { readonly serial: number, readonly memory: RingMemory }

/** Given to a worker at birth (workerData). */
export interface WorkerBirth {
  readonly thread: string
  readonly plan: Plan
  readonly rings: Readonly<Record<string, HeldRing>>
  readonly slab: Slab
  readonly pressure: PressureMemory
  readonly heartbeat: HeartbeatMemory
  readonly log: { readonly level: LogLevel, readonly format: LogFormat }
  /** Rings whose dead reader left its cursor for this worker, with the reader's index. */
  readonly inherit: Readonly<Record<string, number>>
  /** It is new in a running graph: what its receivers bring waits for `takeOver`. */
  readonly held: boolean
}

/** A question to a component. */
export interface Inquiry<Q extends Question = Question> {
  /** `exporter/store` */
  readonly component: string
  readonly question: Q
  readonly argument: Questions[Q]['argument']
}

export type ToWorker =
  | { readonly type: 'start', readonly layer: Layer }
  /** `deadlineMs` from the time of reading: threads do not share a monotonic zero. */
  | { readonly type: 'stop', readonly layer: Layer, readonly deadlineMs: number }
  /** A reload, step by step (graph/thread-exchange.ts). Between `hold` and `takeOver` or `drop` comes `start` for the layers of the next graph. */
  | { readonly type: 'prepare', readonly plan: Plan, readonly rings: Readonly<Record<string, HeldRing>> }
  | { readonly type: 'hold', readonly layer: Layer, readonly deadlineMs: number }
  | { readonly type: 'takeOver' }
  | { readonly type: 'drop', readonly deadlineMs: number }
  | { readonly type: 'level', readonly level: LogLevel }
  /** Gives up waiting: rings were aborted. */
  | { readonly type: 'abort' }
  | { readonly type: 'ask', readonly id: number, readonly inquiry: Inquiry }
  | { readonly type: 'tap', readonly id: number, readonly selection: TapSelection }
  /** The reader has taken a report: the thread may send another. */
  | { readonly type: 'tap_read', readonly id: number }
  | { readonly type: 'untap', readonly id: number }
  /** What came of an `inquire`; not `ok`: `answer` says why, in words. */
  | { readonly type: 'replied', readonly id: number, readonly ok: boolean, readonly answer: unknown }
  /** For fault tests: throws where nobody catches. */
  | { readonly type: 'crash' }
  | { readonly type: 'end' }

export type FromWorker =
  | { readonly type: 'built' }
  | { readonly type: 'started', readonly layer: Layer }
  | { readonly type: 'stopped', readonly layer: Layer, readonly errors: readonly string[] }
  | { readonly type: 'prepared' }
  | { readonly type: 'held', readonly layer: Layer, readonly errors: readonly string[] }
  | { readonly type: 'tookOver' }
  | { readonly type: 'dropped' }
  | { readonly type: 'error', readonly message: string }
  | { readonly type: 'series', readonly series: SeriesDescription }
  | { readonly type: 'status', readonly component: string, readonly state: ComponentState, readonly reason: string }
  | { readonly type: 'gone', readonly component: string }
  | { readonly type: 'fail', readonly component: string, readonly reason: string }
  | { readonly type: 'finish', readonly reason: string }
  | { readonly type: 'answer', readonly id: number, readonly answered: Answered }
  | { readonly type: 'tapped', readonly id: number, readonly report: TapReport }
  /** A component asks another of the graph. */
  | { readonly type: 'inquire', readonly id: number, readonly question: PeerQuestion, readonly argument: unknown }

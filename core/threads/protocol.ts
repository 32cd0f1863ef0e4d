/** What the runtime and its worker threads say to each other. Data does not go this way: it has the rings. */
import type { Question, Questions } from '../component/questions.js'
import type { ComponentState } from '../component/status.js'
import type { Layer } from '../graph/thread-graph.js'
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

/** Given to a worker at birth (workerData). */
export interface WorkerBirth {
  readonly thread: string
  readonly plan: Plan
  /** Modules whose `components` export is a list of factories. */
  readonly catalog: readonly string[]
  readonly rings: Readonly<Record<string, RingMemory>>
  readonly slab: Slab
  readonly pressure: PressureMemory
  readonly heartbeat: HeartbeatMemory
  readonly log: { readonly level: LogLevel, readonly format: LogFormat }
  /** Rings whose dead reader left its cursor for this worker, with the reader's index. */
  readonly inherit: Readonly<Record<string, number>>
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
  /** Gives up waiting: rings were aborted. */
  | { readonly type: 'abort' }
  | { readonly type: 'ask', readonly id: number, readonly inquiry: Inquiry }
  | { readonly type: 'tap', readonly id: number, readonly selection: TapSelection }
  /** The reader has taken a report: the thread may send another. */
  | { readonly type: 'tap_read', readonly id: number }
  | { readonly type: 'untap', readonly id: number }
  | { readonly type: 'end' }

export type FromWorker =
  | { readonly type: 'built' }
  | { readonly type: 'started', readonly layer: Layer }
  | { readonly type: 'stopped', readonly layer: Layer, readonly errors: readonly string[] }
  | { readonly type: 'error', readonly message: string }
  | { readonly type: 'series', readonly series: SeriesDescription }
  | { readonly type: 'status', readonly component: string, readonly state: ComponentState, readonly reason: string }
  | { readonly type: 'fail', readonly component: string, readonly reason: string }
  | { readonly type: 'finish', readonly reason: string }
  | { readonly type: 'answer', readonly id: number, readonly answered: Answered }
  | { readonly type: 'tapped', readonly id: number, readonly report: TapReport }

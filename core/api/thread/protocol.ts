/** What the API's thread and the main thread say to each other. */
import type { Question } from '../../component/questions.js'
import type { ComponentState } from '../../component/status.js'
import type { LogFormat } from '../../telemetry/pino-logger.js'
import type { LogLevel } from '../../telemetry/logger.js'
import type { SeriesDescription } from '../../telemetry/series.js'
import type { Slab } from '../../telemetry/slab.js'
import type { HealthSnapshot } from '../../telemetry/health.js'
import type { MetricSnapshot } from '../../telemetry/snapshot.js'
import type { ApiConfig } from '../config.js'
import type { TapReport, TapSelection } from '../../graph/tap.js'
import type { ApiHost } from '../host.js'

/** What does not change while a graph runs; a reload brings others. Without options of components, which may hold secrets: `settings` has them hidden. */
export interface HostFacts extends Pick<ApiHost, 'version' | 'startedMs' | 'plan'> {
  /** By component: `exporter/store`. */
  readonly settings: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly answering: Readonly<Partial<Record<Question, readonly string[]>>>
}

/** Given to the thread at birth (workerData). */
export interface ApiBirth {
  readonly config: ApiConfig
  readonly store: string | undefined
  readonly facts: HostFacts
  readonly catalog: readonly string[]
  readonly slab: Slab
  readonly log: { readonly level: LogLevel, readonly format: LogFormat }
}

/** Where the two servers listen, as people type it: `127.0.0.1:9090`, `http://127.0.0.1:8080`. */
export interface ApiAddresses { readonly grpc: string, readonly http: string }

/** What the API's thread asks, with the answers. A tap is pulled: what comes meanwhile waits, bounded, where it is taken. */
export interface HostQuestions {
  readonly metrics: { readonly argument: null, readonly answer: MetricSnapshot }
  readonly health: { readonly argument: null, readonly answer: HealthSnapshot }
  readonly ask: { readonly argument: { readonly component: string, readonly question: Question, readonly argument: unknown }, readonly answer: unknown }
  /** The answer is the tap's number. */
  readonly tap: { readonly argument: TapSelection, readonly answer: number }
  /** Undefined: it has ended. */
  readonly tapNext: { readonly argument: number, readonly answer: TapReport | undefined }
  readonly tapEnd: { readonly argument: number, readonly answer: null }
}
export type HostQuestion = keyof HostQuestions

/** An error as it crosses threads; `more` are the own fields that its readers look at. */
export interface ErrorDocument { readonly name: string, readonly message: string, readonly more: Readonly<Record<string, unknown>> }

export type ToApi =
  | { readonly type: 'answer', readonly id: number, readonly answer: unknown }
  | { readonly type: 'refusal', readonly id: number, readonly error: ErrorDocument }
  /** The graph is another one. */
  | { readonly type: 'follow', readonly facts: HostFacts, readonly level: LogLevel }
  | { readonly type: 'stop', readonly deadlineMs: number }

export type FromApi =
  | { readonly type: 'started', readonly addresses: ApiAddresses }
  | { readonly type: 'failed', readonly message: string }
  | { readonly type: 'stopped' }
  | { readonly type: 'series', readonly series: SeriesDescription }
  | { readonly type: 'status', readonly state: ComponentState, readonly reason: string }
  | { readonly type: 'ask', readonly id: number, readonly question: HostQuestion, readonly argument: unknown }
  /** Nobody waits for the answer any more. */
  | { readonly type: 'giveUp', readonly id: number }

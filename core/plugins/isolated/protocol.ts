/** What an isolated component and the thread it belongs to say to each other. Batches go as documents of core/data/codec.ts, handed over. */
import type { Outcome } from '../../component/outcome.js'
import type { PeerQuestion } from '../../component/lookup.js'
import type { Question } from '../../component/questions.js'
import type { ComponentState } from '../../component/status.js'
import type { PressureMemory } from '../../pressure/pressure.js'
import type { LogFields, LogLevel } from '../../telemetry/logger.js'
import type { PluginPermissions } from '../definition.js'

/** Given to the plugin's thread at birth. */
export interface PluginBirth {
  readonly url: string
  /** Which of the plugin's components. */
  readonly at: number
  /** `receiver/scrape/a`: kind and id. */
  readonly kind: string
  readonly id: string
  readonly config: unknown
  /** Connectors: names of the outputs. */
  readonly outputs: readonly string[]
  readonly pressure: PressureMemory
  readonly permissions: PluginPermissions
  /** `senders.canWait` as it was at birth. */
  readonly sendersWait: boolean
}

export type ToPlugin =
  | { readonly type: 'start' }
  | { readonly type: 'consume', readonly id: number, readonly document: Uint8Array }
  /** What became of a batch the plugin passed on. */
  | { readonly type: 'passed', readonly id: number, readonly outcome: Outcome }
  | { readonly type: 'ask', readonly id: number, readonly question: Question, readonly argument: unknown }
  /** What came of an `inquire`. */
  | { readonly type: 'replied', readonly id: number, readonly ok: boolean, readonly answer: unknown }
  | { readonly type: 'ping' }
  | { readonly type: 'stop', readonly deadlineMs: number }

export type FromPlugin =
  | { readonly type: 'made', readonly consumes: boolean, readonly answers: boolean }
  | { readonly type: 'started' }
  | { readonly type: 'stopped', readonly error: string }
  /** Making or starting it did not work. */
  | { readonly type: 'failed', readonly message: string }
  | { readonly type: 'answered', readonly id: number, readonly outcome: Outcome }
  /** `consume` threw. */
  | { readonly type: 'threw', readonly id: number, readonly message: string }
  | Passed
  /** It tried to pass on what is no batch. */
  | { readonly type: 'malformed', readonly rows: number, readonly why: string }
  | { readonly type: 'told', readonly id: number, readonly ok: boolean, readonly answer: unknown }
  | { readonly type: 'status', readonly state: ComponentState, readonly reason: string }
  | { readonly type: 'log', readonly level: LogLevel, readonly message: string, readonly fields: LogFields }
  /** What drops and instruments were told since the last such message. */
  | { readonly type: 'counts', readonly drops: readonly (readonly [reason: string, rows: number])[], readonly metrics: readonly MetricCount[] }
  /** It asks another component of Tapio. */
  | { readonly type: 'inquire', readonly id: number, readonly question: PeerQuestion, readonly argument: unknown }
  | { readonly type: 'fail', readonly message: string }
  | { readonly type: 'finish', readonly reason: string }
  | { readonly type: 'pong', readonly usedBytes: number }

/** `output` is that of a connector; '' = the only one. `rows` are those of the batch, as the plugin has it. */
export interface Passed { readonly type: 'pass', readonly id: number, readonly output: string, readonly rows: number, readonly document: Uint8Array }

/** `metric` is a position in the factory's list; `value` the sum of a counter or the last of a gauge, `samples` those of a histogram. */
export interface MetricCount { readonly metric: number, readonly attributes: Readonly<Record<string, string>>, value: number, readonly samples: number[] }

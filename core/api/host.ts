/**
 * What the API needs of the Tapio it speaks for. With `tapio --config` that is the running graph, seen from the API's own thread
 * (thread/); with `tapio serve --store` there is none, and questions about it are answered FAILED_PRECONDITION.
 */
import type { Question, Questions } from '../component/questions.js'
import type { Plan } from '../graph/plan.js'
import type { TapSelection, Tapped } from '../graph/tap.js'
import type { HealthSnapshot } from '../telemetry/health.js'
import type { MetricSnapshot } from '../telemetry/snapshot.js'

export interface ApiHost {
  readonly version: string
  /** Milliseconds since the epoch. */
  readonly startedMs: number
  /** The graph that runs, components' options left out; undefined when only a store is served. */
  readonly plan: Plan | undefined
  /** A receiver's, processor's or exporter's options as they run, secrets hidden. */
  settings(component: string): Readonly<Record<string, unknown>> | undefined
  /** At most a quarter of a second old. */
  metrics(): Promise<MetricSnapshot>
  health(): Promise<HealthSnapshot>
  /** Components that answer a question: `exporter/store`. */
  answering(question: Question): readonly string[]
  /** Rejects when the component is gone or does not answer in time. */
  ask<Q extends Question>(component: string, question: Q, argument: Questions[Q]['argument'], signal?: AbortSignal): Promise<Questions[Q]['answer']>
  /** Copies a sample of what passes the edges that fit, in whatever thread they are, until the iteration ends. */
  tap(request: TapSelection, signal: AbortSignal): AsyncIterable<Tapped>
}

export type { TapFilter, TapSelection, Tapped } from '../graph/tap.js'

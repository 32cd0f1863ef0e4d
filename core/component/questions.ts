/**
 * What a running component can be asked, from any thread: the API and the command line show its answers. A component answers by
 * having `answer`; its factory lists the questions in `answers`, so that nobody is asked in vain. Arguments and answers are plain
 * data (they may cross threads), bounded in size by whoever answers.
 */
import type { EntityRef } from '../correlation/entity.js'
import type { Incident } from '../incidents/incident.js'
import type { EventQuery, IncidentQuery } from '../store/store.js'

export interface Questions {
  /** Where the store is that this component writes. */
  'store.directory': { readonly argument: null, readonly answer: string }
  /** Events that it keeps, newest first, as a document of core/data/codec.ts; at most `limit`, and 1000. */
  'store.events': { readonly argument: { readonly query: EventQuery, readonly limit: number }, readonly answer: Uint8Array }
  /** Incidents that it keeps, newest first. */
  'store.incidents': { readonly argument: { readonly query: IncidentQuery, readonly limit: number }, readonly answer: readonly Incident[] }
  /** A part of the cluster's graph as this component knows it. */
  'topology.view': { readonly argument: TopologyQuestion, readonly answer: TopologyAnswer }
  /** Remote collectors that send to this component. */
  'collectors.list': { readonly argument: null, readonly answer: readonly RemoteCollector[] }
  /** Takes a batch (core/data/codec.ts) as if it had received it. */
  'events.submit': { readonly argument: Uint8Array, readonly answer: SubmitAnswer }
}
export type Question = keyof Questions

export interface TopologyQuestion {
  /** Left out: an overview. */
  readonly entity?: EntityRef
  readonly depth: number
  /** Empty: all; in an overview workloads, Services, Nodes, Ingresses and claims. */
  readonly kinds: readonly string[]
  readonly namespace?: string
  /** Milliseconds since the epoch; left out: now. */
  readonly atMs?: number
  readonly limit: number
}

export interface TopologyAnswer {
  readonly nodes: readonly { readonly entity: EntityRef, readonly exists: boolean }[]
  /** Positions in `nodes`. */
  readonly edges: readonly { readonly from: number, readonly to: number, readonly kind: string }[]
  readonly omitted: number
  readonly notes: readonly string[]
}

export interface RemoteCollector {
  readonly id: string
  readonly connected: boolean
  /** Milliseconds since the epoch; 0 = unknown. */
  readonly lastSeenMs: number
  readonly events: number
  readonly rejected: number
}

/** `rows` of the batch that were rejected; more than it has: all. */
export interface SubmitAnswer { readonly status: 'accepted' | 'rejected' | 'retry', readonly rejected: number, readonly reason: string, readonly retryAfterMs: number }

/**
 * How a component answers. Only questions its factory lists are put to it, between its start and its stop; several may be under way at
 * once. It answers from what it has in memory, soon: it takes time from its pipeline. What it throws the asker hears of, and nobody else.
 */
export type Answerer = <Q extends Question>(question: Q, argument: Questions[Q]['argument']) => Answer<Q> | Promise<Answer<Q>>

export type Answer<Q extends Question> = Questions[Q]['answer']

export type Answers = { readonly [Q in Question]?: (argument: Questions[Q]['argument']) => Answer<Q> | Promise<Answer<Q>> }

/** For a component: `readonly answer = answerer({ 'store.directory': () => this.config.directory })`. */
export function answerer (answers: Answers): Answerer {
  return <Q extends Question>(question: Q, argument: Questions[Q]['argument']) => {
    const answer = answers[question]
    if (answer === undefined) throw new Error(`there is no answer to ${question}; this component answers ${Object.keys(answers).join(', ')}`)
    return (answer as (argument: Questions[Q]['argument']) => Answer<Q> | Promise<Answer<Q>>)(argument)
  }
}

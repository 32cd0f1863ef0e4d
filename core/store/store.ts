/**
 * What a store of events, incidents and links can do. Narrow and asynchronous on purpose: the embedded engine (open.ts) answers from
 * files of its own, a distributed one may answer from elsewhere.
 *
 * Every list comes in pages: `next` of a page, given as `cursor` of the next question, goes on behind it. A cursor belongs to its
 * question and order; given with another one it is refused. What is stored between two pages does not move what was already seen.
 */
import type { EntityRef } from '../correlation/entity.js'
import type { Link } from '../correlation/link.js'
import type { EventBatch } from '../data/batch.js'
import type { Incident, Level } from '../incidents/incident.js'
import type { StoreFeeds } from './feeds.js'

export interface PageOptions {
  /** 100 unless said; at most `maxPage`. */
  readonly limit?: number
  readonly cursor?: string
  /** By time of what is listed; `newest` unless said. */
  readonly order?: 'newest' | 'oldest'
  /** Aborted: the question is given up and its promise rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

export const maxPage = 1000

/** A name, of any kind and namespace unless said. Kinds are compared without case: `unit` and `Unit` are one. */
export type EntityQuery = Partial<EntityRef> & Pick<EntityRef, 'name'>

/** All that is given must fit. */
export interface EventQuery {
  /** Event time (observed time where there is none), milliseconds since the epoch; `untilMs` is exclusive. */
  readonly sinceMs?: number
  readonly untilMs?: number
  /** 32 hex digits. */
  readonly traceId?: string
  /** What the event is about, or the pod, workload, service or node it came from. */
  readonly entity?: EntityQuery
  /** SeverityNumber: this or worse. */
  readonly minSeverity?: number
  /** 32 hex digits. */
  readonly symptomId?: string
  /** One of each list must fit (an empty one asks for nothing): signs of symptoms, sources, names of events, signals, namespaces of entities. */
  readonly symptoms?: readonly string[]
  readonly sources?: readonly string[]
  readonly names?: readonly string[]
  readonly signals?: readonly string[]
  readonly namespaces?: readonly string[]
  /** In name or message, without case. */
  readonly text?: string
}

export interface EventPage {
  /** In the order asked for, with all that the events came with (raw records too). */
  readonly events: EventBatch
  readonly next?: string
}

export interface IncidentQuery {
  /** First digits of the id. */
  readonly id?: string
  readonly status?: Incident['status']
  /** This or worse. */
  readonly minSeverity?: Level
  /** In its chain, among what is affected, or the subject of a hypothesis. */
  readonly entity?: EntityQuery
  readonly traceId?: string
  /** Milliseconds since the epoch, event time: incidents that were not over before `sinceMs` and began before `untilMs`. */
  readonly sinceMs?: number
  readonly untilMs?: number
}

/** By the time they started. */
export interface IncidentPage { readonly incidents: readonly Incident[], readonly next?: string }

/** One of the two. Of an incident: links both of whose ends are symptoms it speaks of. */
export interface LinkQuery { readonly incident?: string, readonly symptom?: string }

/** By id: a link has no time of its own. */
export interface LinkPage { readonly links: readonly Link[], readonly next?: string }

export interface StoreStats {
  /** Events kept, and how many parts of files they are in. */
  readonly events: number
  readonly blocks: number
  readonly partitions: number
  readonly incidents: number
  readonly links: number
  /** On disk. */
  readonly bytes: number
  /** Event time of the oldest and newest event, milliseconds since the epoch; absent when there are none. */
  readonly oldestMs?: number
  readonly newestMs?: number
  /** Files that cannot be read, with why: they are left alone. */
  readonly damaged: readonly string[]
}

export interface StoreReader extends StoreFeeds {
  events(query: EventQuery, page?: PageOptions): Promise<EventPage>
  /** By its id, 32 hex digits; a batch of one row. */
  event(id: string): Promise<EventBatch | undefined>
  incidents(query: IncidentQuery, page?: PageOptions): Promise<IncidentPage>
  /** By its id, or first digits that only one incident has. */
  incident(id: string): Promise<Incident | undefined>
  links(query: LinkQuery, page?: PageOptions): Promise<LinkPage>
  stats(): Promise<StoreStats>
  close(): Promise<void>
}

/**
 * `stored`: durable as the sync policy says, `duplicates` rows were there already. `full`: nothing was taken, too much waits to be
 * written. `failed`: nothing or not all of it was taken; the same batch may come again, what is there is recognised by its ids.
 */
export type AppendResult =
  | { readonly status: 'stored', readonly duplicates: number }
  | { readonly status: 'full' }
  | { readonly status: 'failed', readonly reason: string }

export interface Store extends StoreReader {
  /** Never throws. The batch must not change until the answer. */
  append(batch: EventBatch): Promise<AppendResult>
  /** False: a version that is as new or newer is there. */
  putIncident(incident: Incident): Promise<boolean>
  putLink(link: Link): Promise<void>
  /** Writes now what waits to be written with others. */
  flush(): Promise<void>
  /** Applies the retention now; that of events is applied by itself when something is written. */
  maintain(): Promise<void>
}

export type StoreFault = 'absent' | 'damaged' | 'denied' | 'locked' | 'version' | 'closed' | 'query'

/** `message` is for people and names the path or the wrong part of the question. */
export class StoreError extends Error {
  constructor (readonly fault: StoreFault, message: string) { super(message) }
}

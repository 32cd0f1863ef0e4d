/**
 * What readers of a store can follow: everything in the order in which it was stored. A token says where one stopped, in a form of
 * the store's own; it stays good over restarts of reader and writer, so nothing in between is missed.
 */
import type { EventBatch } from '../data/batch.js'
import type { Incident } from '../incidents/incident.js'
import type { EventQuery, IncidentQuery } from './store.js'

export interface FeedOptions {
  /** Where to go on; left out: at what is stored from now on, or with `sinceMs` of the query from then on. */
  readonly after?: string
  /** 1000 unless said. */
  readonly limit?: number
  readonly signal?: AbortSignal
}

export interface EventFeed {
  readonly events: EventBatch
  readonly token: string
  /** There is more already; perhaps none of it fits: an answer may be empty and not the last. */
  readonly more: boolean
  /** Retention deleted something between `after` and these. */
  readonly gap: boolean
}

export interface IncidentFeed {
  /** Newest versions, by when they were last put. */
  readonly incidents: readonly Incident[]
  readonly token: string
  readonly more: boolean
}

export interface Statistics {
  readonly total: number
  readonly bySeverity: readonly Counted[]
  readonly byType: readonly Counted[]
  readonly bySource: readonly Counted[]
  readonly bySymptom: readonly Counted[]
  readonly byEntity: readonly Counted[]
  readonly buckets: readonly { readonly timeMs: number, readonly count: number, readonly errors: number }[]
  readonly truncated: boolean
}
/** `key` as people read it; at most 50 a list, most first. */
export interface Counted { readonly key: string, readonly count: number }

export interface StoreFeeds {
  eventFeed(query: EventQuery, options: FeedOptions): Promise<EventFeed>
  incidentFeed(query: Pick<IncidentQuery, 'minSeverity' | 'entity'>, options: FeedOptions): Promise<IncidentFeed>
  /**
   * Resolves when something may have been stored since the last answer of a feed, the signal aborts, the store is closed or `timeoutMs`
   * passed. `after`: the token of the caller's own last answer, for when several follow one store: then what another one was told of in
   * between counts too.
   */
  changed(timeoutMs: number, signal: AbortSignal, after?: string): Promise<void>
  /**
   * Of the newest `maxEvents` that fit (1M unless said). Gives way between blocks. `bucketMs` 0: about 60 buckets; given, more than 5000
   * are refused (StoreError). Events without any time are in no bucket.
   */
  statistics(query: EventQuery, options: { readonly bucketMs: number, readonly maxEvents?: number, readonly signal?: AbortSignal }): Promise<Statistics>
}

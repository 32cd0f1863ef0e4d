/** What an exporter's queue can do, in memory or on disk: first in, first out, each batch until it is done. */
import type { EventBatch } from '../../data/batch.js'

/** What a full queue does: `refuse` what comes, or drop the oldest, or what comes. */
export type WhenFull = 'refuse' | 'drop_oldest' | 'drop_newest'

/** `dropped`: taken and counted, by policy. */
export type PutResult = { readonly status: 'queued' } | { readonly status: 'dropped' } | { readonly status: 'full' } | { readonly status: 'failed', readonly reason: string }

/** A batch under way. Exactly one of the two is called. */
export interface Taken {
  readonly batch: EventBatch
  /** When it was put, on the monotonic clock. */
  readonly atMs: number
  /** Delivered, or given up: forgotten. */
  done(): void
  /** It waits again, in its old place. */
  putBack(): void
}

export interface BatchQueue {
  /** Batches that wait, and that are under way. */
  readonly waiting: number
  readonly underWay: number
  readonly bytes: number
  /** Rows that are lost when the thread ends: those that wait or are under way, and are nowhere else. */
  readonly rowsInMemory: number
  /** Never throws. The batch is the caller's again with the answer: what is lent is copied. */
  put(batch: EventBatch): Promise<PutResult>
  /** The oldest batch that waits; waits for one. undefined: the queue is closed. */
  take(): Promise<Taken | undefined>
  /** Ends every `take`. Rows that are lost with it. */
  close(): Promise<number>
}

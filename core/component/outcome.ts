/**
 * What became of a batch. Outcomes are values: on the data path an exception is a bug, and the edge that sees one counts
 * the whole batch as dropped with reason `component_error` and answers `rejected`.
 *
 * | status     | taken                          | what the sender does                                   |
 * |------------|--------------------------------|--------------------------------------------------------|
 * | `accepted` | all rows                       | forgets the batch                                      |
 * | `rejected` | all rows but `rows` (or none)  | never sends the rejected rows again; tells its client  |
 * | `retry`    | nothing                        | sends the same batch again, not before `afterMs`       |
 * | `refused`  | nothing                        | does not retry here (shutting down, not permitted)     |
 *
 * The same four map onto OTLP: success, partial success / InvalidArgument, ResourceExhausted with RetryInfo / 429 with
 * Retry-After, Unavailable / 503.
 */
export type Outcome = Accepted | Rejected | Retry | Refused

export interface Accepted { readonly status: 'accepted' }

export interface Rejected {
  readonly status: 'rejected'
  /** Why, in words a client can read. */
  readonly reason: string
  /** How many rows were rejected; all others were accepted. */
  readonly count: number
  /** Which rows of the batch as sent, ascending. Absent when the sender cannot know (a remote answered with a count). */
  readonly rows?: Uint32Array
}

export interface Retry {
  readonly status: 'retry'
  readonly reason: string
  /** Shortest wait before the next try in milliseconds. Absent: the sender's own back-off decides. */
  readonly afterMs?: number
}

export interface Refused { readonly status: 'refused'; readonly reason: string }

export const accepted: Accepted = Object.freeze({ status: 'accepted' })

/** All of `count` rows, or just `rows`, can never be taken. */
export function rejected (reason: string, count: number, rows?: Uint32Array): Rejected {
  return rows === undefined ? { status: 'rejected', reason, count } : { status: 'rejected', reason, count, rows }
}

export function retry (reason: string, afterMs?: number): Retry {
  return afterMs === undefined ? { status: 'retry', reason } : { status: 'retry', reason, afterMs }
}

export function refused (reason: string): Refused {
  return { status: 'refused', reason }
}

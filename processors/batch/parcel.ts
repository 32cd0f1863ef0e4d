/** What came in and what goes out, until its fate is known. */
import { accepted, rejected, type Outcome } from '../../core/component/outcome.js'
import type { EventBatch } from '../../core/data/batch.js'

/** What the sender is owed for one batch. It does not hold the batch: that lives on only in what is sent. */
export interface Arrival {
  readonly rows: number
  readonly bytes: number
  /** Told what became of the rows, when the sender waits for it. */
  readonly tell?: (outcome: Outcome) => void
}

/** Rows [from, from + rows) of an arrival: all of them, unless it was larger than a batch may be. */
export interface Share {
  readonly arrival: Arrival
  readonly from: number
  readonly rows: number
}

/** What is sent as one batch: `shares[i]` are the rows of `batches[i]`. */
export interface Parcel {
  /** Emptied when they are joined, so that the rows are not held twice. */
  readonly batches: EventBatch[]
  readonly shares: readonly Share[]
  /** What holds the bytes that came in lent memory. */
  readonly blocks: readonly Buffer[]
  readonly rows: number
}

/** A batch cut into pieces of at most `maxRows` (0 = whole). Slices are views: nothing is copied. */
export function cut (batch: EventBatch, maxRows: number): EventBatch[] {
  if (maxRows === 0 || batch.count <= maxRows) return [batch]
  const pieces: EventBatch[] = []
  for (let from = 0; from < batch.count; from += maxRows) pieces.push(batch.slice(from, from + maxRows))
  return pieces
}

/** The outcome of a parcel as one of its shares sees it, in row numbers of its arrival. */
export function outcomeOf ({ from, rows }: Share, parcelFrom: number, outcome: Outcome): Outcome {
  if (outcome.status !== 'rejected') return outcome
  // Whose rows they were is unknown: every sender of the parcel hears of the rejection, with its own rows at most.
  if (outcome.rows === undefined) return rejected(outcome.reason, Math.min(outcome.count, rows))
  const own = outcome.rows.filter(row => row >= parcelFrom && row < parcelFrom + rows).map(row => row - parcelFrom + from)
  return own.length === 0 ? accepted : rejected(outcome.reason, own.length, own)
}

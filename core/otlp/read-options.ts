/** What a reader is told about a request besides its bytes, and the columns that follow from it. */
import type { BatchBuilder } from '../data/builder.js'
import type { EventIds } from '../data/ids.js'

export interface ReadOptions {
  /** Gives every row its id. */
  readonly ids: EventIds
  /** The arrival time: for rows that do not say when they were observed. */
  readonly observedTimeUnixNano: bigint
  readonly source?: string
  /** More records than this are refused: an empty record is two bytes on the wire and over a hundred in columns. */
  readonly maxRecords?: number
}

/** 20 MiB, the largest default request, of records of 42 bytes; columns for so many take 60 MB. */
export const defaultMaxRecords = 500_000

/** The columns that have one value for all rows of a request. */
export function fillConstants (builder: BatchBuilder, signal: number, type: number, encoding: number, options: ReadOptions): void {
  const { count } = builder
  builder.column('signal').fill(signal, 0, count)
  builder.column('type').fill(type, 0, count)
  builder.column('rawEncoding').fill(encoding, 0, count)
  builder.column('rawBuffer')
  builder.column('source').fill(builder.intern(options.source ?? 'otlp'), 0, count)
  builder.column('observedTimeUnixNano').fill(options.observedTimeUnixNano, 0, count)
}

/**
 * The raw path: the records of a batch exactly as they came. Rows point into `buffers` through the columns rawEncoding,
 * rawBuffer, rawOffset, rawLength. Filtering and slicing a batch never copies these bytes.
 */
export interface RawStore {
  readonly buffers: readonly Uint8Array[]
  /**
   * True when the buffers, one after the other, are a whole OTLP export request of just the rows of this batch in their
   * order, unchanged: an exporter of the same signal may send them verbatim. (Protobuf messages with only repeated fields
   * concatenate: https://protobuf.dev/programming-guides/encoding/#last-one-wins)
   */
  readonly complete: boolean
  /**
   * Present when memory is lent: it changes once the outcome of `consume` is known. `buffers`: only the raw bytes are; `all`:
   * columns and tables as well. Only components that say `borrows` meet such a batch; one that keeps it copies it (keep.ts).
   */
  readonly lent?: 'buffers' | 'all'
}

export const noRaw: RawStore = Object.freeze({ buffers: Object.freeze([]), complete: false })

/** How much rows are worth keeping, for whoever cannot keep all. Asked when memory is short: nothing that is read for it stays. */
import type { EventBatch } from './batch.js'
import { Severity } from './enums.js'

/** Its severity; without one (metrics, profiles), as much as info. */
export function worthOf (severity: number): number { return severity === 0 ? Severity.info : severity }

/** Whether any row is at least as severe as `floor`. Looks through the records of a batch that nobody has read. */
export function holdsSevere (batch: EventBatch, floor: number): boolean {
  return severitiesOf(batch).some(severity => worthOf(severity) >= floor)
}

/** The rows at least as severe as `floor`, and the others; undefined when there are none. Both share the bytes of the batch. */
export function bySeverity (batch: EventBatch, floor: number): { readonly severe: EventBatch | undefined, readonly others: EventBatch | undefined } {
  const keep = severitiesOf(batch).map(severity => worthOf(severity) >= floor ? 1 : 0)
  const rows = keep.reduce((n, k) => n + k, 0)
  if (rows === 0) return { severe: undefined, others: batch }
  if (rows === batch.count) return { severe: batch, others: undefined }
  const read = aside(batch)
  return { severe: read.filter(keep), others: read.filter(keep.map(k => 1 - k)) }
}

function severitiesOf (batch: EventBatch): Uint8Array {
  return batch.unread === undefined ? batch.columns.severity : batch.unread.severities(batch.raw.buffers)
}

/** A batch keeps the columns that were read of it, at some 200 bytes a row: they are read of another that is thrown away. */
function aside (batch: EventBatch): EventBatch { return batch.unread === undefined ? batch : batch.withOrigin(batch.origin) }

/** How much rows are worth keeping, for whoever cannot keep all. */
import type { EventBatch } from './batch.js'
import { Severity } from './enums.js'

/** Its severity; without one (metrics, profiles), as much as info. */
export function worthOf (severity: number): number { return severity === 0 ? Severity.info : severity }

/** Whether any row is at least as severe as `floor`. Reads the records of a batch that nobody has read (about 1 us each). */
export function holdsSevere ({ columns: { severity }, count }: EventBatch, floor: number): boolean {
  for (let row = 0; row < count; row++) if (worthOf(severity[row] ?? 0) >= floor) return true
  return false
}

/** The rows at least as severe as `floor`, and the others; undefined when there are none. Both share the bytes of the batch. */
export function bySeverity (batch: EventBatch, floor: number): { readonly severe: EventBatch | undefined, readonly others: EventBatch | undefined } {
  const { columns: { severity }, count } = batch
  const keep = severity.map(s => worthOf(s) >= floor ? 1 : 0)
  const severe = batch.filter(keep)
  if (severe.count === 0) return { severe: undefined, others: batch }
  return { severe, others: severe.count === count ? undefined : batch.filter(keep.map(k => 1 - k)) }
}

/** Batches from plain objects and back, for tests that say what goes in and what comes out. */
import type { EventBatch } from '../data/batch.js'
import { BatchBuilder, type EventInput } from '../data/builder.js'
import type { UnifiedEvent } from '../data/row.js'

/** One row an event, in their order. */
export function eventBatch (...inputs: readonly EventInput[]): EventBatch {
  const builder = new BatchBuilder(inputs.length)
  for (const input of inputs) builder.append(input)
  return builder.finish()
}

/** Every row of `batches` with all it says. */
export function events (...batches: readonly EventBatch[]): UnifiedEvent[] {
  return batches.flatMap(batch => [...batch].map(row => ({ ...row.toObject(), attributes: row.allAttributes() })))
}

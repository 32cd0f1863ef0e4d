/** Which way a batch is looked at. */
import type { EventBatch } from '../../core/data/batch.js'
import { Signal } from '../../core/data/enums.js'
import { UnreadWalk } from './unread-walk.js'
import { Walk, type WalkParts } from './walk.js'

/** The batch with what was found out; the same one when that is nothing, or of rows that are not marked. */
export function think (batch: EventBatch, parts: WalkParts): EventBatch {
  const { unread } = batch
  if (unread === undefined) return new Walk(batch, parts).run()
  const { signal, requests } = unread
  const asksForColumns = parts.marked[signal] === 1 || parts.rated[signal] === 1 || (signal === Signal.traces && parts.engine.rows.isUsed)
  if (asksForColumns) return new Walk(batch, parts).run()
  if (signal === Signal.traces || signal === Signal.logs) new UnreadWalk(batch, requests, parts).run()
  return batch
}

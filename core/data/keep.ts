/** Batches of lent memory (raw.ts) as batches of their own. */
import { EventBatch } from './batch.js'
import { encodeBatch } from './codec.js'
import { decodeBatch } from './decode.js'

/** Copies bytes to where they may stay. */
export type Place = (bytes: Uint8Array) => Uint8Array

/** A batch that may be kept: `batch` itself when nothing of it is lent, else a copy with its raw bytes in `place`. */
export function keep (batch: EventBatch, place: Place): EventBatch {
  const { lent, buffers, complete } = batch.raw
  if (lent === undefined) return batch
  const { unread, count, located, attributes, origin } = batch
  if (lent === 'buffers' && unread !== undefined) return new EventBatch({ count, unread, located, attributes, origin, raw: { buffers: buffers.map(place), complete } })
  // Columns may be views of anything that is lent; the document of a batch holds all of it once.
  return apart(batch, place)
}

/** A copy that shares nothing with `batch` and holds the bytes of its rows alone. */
export function apart (batch: EventBatch, place: Place = bytes => bytes): EventBatch {
  const copy = decodeBatch(place(encodeBatch(batch)), true)
  if (!copy.ok) throw new Error(`a batch cannot be copied: ${copy.error}`)
  return copy.batch
}

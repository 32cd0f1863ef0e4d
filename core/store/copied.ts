import type { EventBatch } from '../data/batch.js'
import { encodeBatch } from '../data/codec.js'
import { decodeBatch } from '../data/decode.js'

/** The rows in memory of their own, so that an answer does not hold the blocks it comes from. */
export function copied (rows: EventBatch): EventBatch {
  const decoded = decodeBatch(encodeBatch(rows), true)
  return decoded.ok ? decoded.batch : rows
}

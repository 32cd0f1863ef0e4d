import type { AttributeColumn, AttributeValue } from '../../data/attributes.js'
import type { EventBatch } from '../../data/batch.js'

export const skippedKey = 'tapio.skipped_processors'

/** The batch with `processor` added to attribute `tapio.skipped_processors` (a list) of all its rows. It goes out with them. */
export function markSkipped (batch: EventBatch, processor: string): EventBatch {
  const old = batch.attribute(skippedKey)
  const listed = (old?.values ?? []).map((value): AttributeValue => [...Array.isArray(value) ? value : [value], processor])
  const index = new Uint32Array(batch.count)
  for (let row = 0; row < index.length; row++) {
    const before = old?.index[row] ?? 0
    index[row] = before === 0 ? listed.length + 1 : before
  }
  const column: AttributeColumn = { index, values: [...listed, [processor]], edited: true }
  return batch.withAttribute(skippedKey, column)
}

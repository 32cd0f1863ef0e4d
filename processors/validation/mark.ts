import type { AttributeColumn, AttributeValue } from '../../core/data/attributes.js'
import type { EventBatch } from '../../core/data/batch.js'
import { reasonNames } from './reasons.js'

export const markKey = 'tapio.validation'

/** The batch with the reason as attribute `tapio.validation` of its invalid rows; other rows keep what they have. */
export function markInvalid (batch: EventBatch, codes: Uint8Array): EventBatch {
  const old = batch.attribute(markKey)
  const values: AttributeValue[] = [...reasonNames, ...(old?.values ?? [])]
  const index = new Uint32Array(batch.count)
  for (let row = 0; row < index.length; row++) {
    const before = old?.index[row] ?? 0
    index[row] = codes[row] !== 0 ? codes[row] as number : before === 0 ? 0 : before + reasonNames.length
  }
  const column: AttributeColumn = { index, values, edited: true }
  return batch.withAttribute(markKey, column)
}

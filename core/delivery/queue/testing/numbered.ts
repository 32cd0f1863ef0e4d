/** Batches that can be told apart: the number is in the name of every row. */
import { BatchBuilder } from '../../../data/builder.js'
import type { EventBatch } from '../../../data/batch.js'

export function numberedBatch (number: number, rows = 3): EventBatch {
  const builder = new BatchBuilder()
  for (let row = 0; row < rows; row++) builder.append({ signal: 'events', name: `${number}`, message: 'x'.repeat(50 + number % 7), attributes: { row } })
  return builder.finish()
}

export const numberOf = (batch: EventBatch): number => Number(batch.at(0).get('name'))

import { EventBatch } from '../../core/data/batch.js'
import { orElse } from '../../core/otlp/wire.js'
import { shiftTimes } from '../../core/otlp/shift-times.js'

/** `batch` with all its times moved, in the columns and in the records as received. Unknown times (0) stay unknown. */
export function shiftBatch (batch: EventBatch, deltaNano: bigint): EventBatch {
  const { timeUnixNano, observedTimeUnixNano } = batch.columns
  const columns = { ...batch.columns, timeUnixNano: shifted(timeUnixNano, deltaNano), ...(observedTimeUnixNano === undefined ? {} : { observedTimeUnixNano: shifted(observedTimeUnixNano, deltaNano) }) }
  const { count, strings, resources, scopes, attributes } = batch
  return new EventBatch({ count, columns, strings, resources, scopes, attributes, raw: { ...batch.raw, buffers: shiftedRecords(batch, deltaNano) } })
}

function shifted (column: BigUint64Array, deltaNano: bigint): BigUint64Array {
  return column.map(time => time === 0n ? 0n : time + deltaNano)
}

/** A record that cannot be read keeps its times. */
function shiftedRecords (batch: EventBatch, deltaNano: bigint): readonly Uint8Array[] {
  const { rawEncoding, rawBuffer, rawOffset, rawLength } = batch.columns
  if (rawEncoding === undefined) return batch.raw.buffers
  const buffers = batch.raw.buffers.map(b => Buffer.from(b))
  for (let row = 0; row < batch.count; row++) {
    const bytes = buffers[rawBuffer?.[row] ?? 0]
    const start = rawOffset?.[row] ?? 0
    const encoding = rawEncoding[row] as number
    if (bytes !== undefined && encoding !== 0) orElse(undefined, () => { shiftTimes(bytes, encoding, start, start + (rawLength?.[row] ?? 0), deltaNano) })
  }
  return buffers
}

/** Gives up raw bytes that no row points at any more, when they are most of what a batch keeps alive. */
import { EventBatch } from './batch.js'

/** The batch itself when at least half of its raw bytes belong to its rows, else one with just those bytes copied. */
export function compactRaw (batch: EventBatch): EventBatch {
  const { rawEncoding, rawBuffer, rawOffset, rawLength } = batch.columns
  const held = batch.raw.buffers.reduce((n, b) => n + b.length, 0)
  if (held === 0 || batch.raw.complete) return batch
  let live = 0
  for (let row = 0; row < batch.count; row++) live += rawLength?.[row] ?? 0
  if (live * 2 >= held || rawEncoding === undefined) return batch
  const bytes = Buffer.allocUnsafeSlow(live)
  const offsets = new Uint32Array(batch.count)
  let at = 0
  for (let row = 0; row < batch.count; row++) {
    const start = rawOffset?.[row] ?? 0
    const length = rawLength?.[row] ?? 0
    const buffer = batch.raw.buffers[rawBuffer?.[row] ?? 0]
    if (buffer !== undefined) bytes.set(buffer.subarray(start, start + length), at)
    offsets[row] = at
    at += length
  }
  return new EventBatch({
    count: batch.count,
    columns: { ...batch.columns, rawBuffer: new Uint16Array(batch.count), rawOffset: offsets },
    strings: batch.strings,
    resources: batch.resources,
    scopes: batch.scopes,
    attributes: batch.attributes,
    raw: { buffers: [bytes], complete: false }
  })
}

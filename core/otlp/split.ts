/** One export request as several: by rows to different places, or in halves when it is too large for the other side. */
import type { EventBatch } from '../data/batch.js'
import { frameExportRequests, itemCount, type FramedRequest } from './writer.js'

/** The requests of just `rows` of the batch (ascending), in row numbers of the batch. */
export function frameRows (batch: EventBatch, rows: Uint32Array): FramedRequest[] {
  if (rows.length === batch.count) return frameExportRequests(batch)
  return frameExportRequests(batch.select(rows)).map(request => ({ ...request, rows: request.rows.map(row => rows[row] as number) }))
}

/**
 * The same request in two; undefined when it holds one record. What is several received requests one after the other is
 * cut between them, without reading or copying; else the records are framed anew.
 */
export function halveRequest (batch: EventBatch, request: FramedRequest): readonly FramedRequest[] | undefined {
  if (request.rows.length < 2) return undefined
  return betweenBuffers(batch, request) ?? betweenRows(batch, request)
}

function betweenBuffers (batch: EventBatch, { signal, chunks, byteLength, rows }: FramedRequest): readonly FramedRequest[] | undefined {
  if (!batch.raw.complete || chunks.length < 2) return undefined
  let bytes = (chunks[0] as Uint8Array).length
  let cut = 1
  while (cut < chunks.length - 1 && bytes * 2 < byteLength) bytes += (chunks[cut++] as Uint8Array).length
  const firstOfRest = batch.raw.buffers.indexOf(chunks[cut] as Uint8Array)
  const { rawBuffer } = batch.layout
  const at = rows.findIndex(row => (rawBuffer?.[row] ?? 0) >= firstOfRest)
  // Requests without records stand with those before them.
  if (at <= 0) return undefined
  const part = (partRows: Uint32Array, partChunks: readonly Uint8Array[]): FramedRequest => ({
    signal, chunks: partChunks, byteLength: partChunks.reduce((n, c) => n + c.length, 0), rows: partRows, items: itemCount(batch, signal, partRows)
  })
  return [part(rows.subarray(0, at), chunks.slice(0, cut)), part(rows.subarray(at), chunks.slice(cut))]
}

function betweenRows (batch: EventBatch, { rows }: FramedRequest): readonly FramedRequest[] {
  const middle = rows.length >>> 1
  return [...frameRows(batch, rows.subarray(0, middle)), ...frameRows(batch, rows.subarray(middle))]
}

/** The rows of a file that the file receiver reads, in memory. */
import type { EventBatch } from '../data/batch.js'
import { openEventFile } from '../data/read-file.js'
import { readFrames } from '../data/read-frames.js'
import { readJsonLines } from '../data/read-lines.js'

/** More would fill the memory rather than measure anything. */
const maxRows = 100_000

const maxFrameBytes = 1 << 28

/** Rejects with an error that names the file and what is wrong with it. */
export async function recordedBatches (path: string): Promise<readonly EventBatch[]> {
  const stop = new AbortController()
  const batches: EventBatch[] = []
  let rows = 0
  try {
    const { looksLikeJson, chunks } = await openEventFile(path, stop.signal)
    for await (const item of looksLikeJson ? readJsonLines(chunks, { rows: 64, maxLineBytes: maxFrameBytes }) : readFrames(chunks, maxFrameBytes)) {
      if (item.kind === 'damage') throw new Error(`at byte ${item.offset}: ${item.reason}`)
      rows += item.batch.count
      if (rows > maxRows) throw new Error(`it has more than ${maxRows} rows`)
      batches.push(item.batch)
    }
    if (rows === 0) throw new Error('it has no rows')
  } catch (error) {
    throw new Error(`cannot read the rows of ${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  } finally {
    stop.abort()
  }
  return batches
}

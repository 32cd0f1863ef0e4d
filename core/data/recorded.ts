/** A recorded file, whole and in memory: for who tests or measures with it. */
import type { EventBatch } from './batch.js'
import { openEventFile } from './read-file.js'
import { readFrames } from './read-frames.js'
import { readJsonLines } from './read-lines.js'

const maxFrameBytes = 1 << 28
/** Of JSON lines. */
const rowsOfABatch = 1000

/** The batches of a file, in order. Rejects with an error for people when it cannot be read whole, is empty or has more than `maxRows`. */
export async function recordedBatches (path: string, maxRows = Infinity): Promise<readonly EventBatch[]> {
  const stop = new AbortController()
  const batches: EventBatch[] = []
  let rows = 0
  try {
    const { looksLikeJson, chunks } = await openEventFile(path, stop.signal)
    const items = looksLikeJson ? readJsonLines(chunks, { rows: rowsOfABatch, maxLineBytes: maxFrameBytes }) : readFrames(chunks, maxFrameBytes)
    for await (const item of items) {
      if (item.kind === 'damage') throw new Error(`it is damaged at byte ${item.offset}: ${item.reason}`)
      rows += item.batch.count
      if (rows > maxRows) throw new Error(`it has more than ${maxRows} rows`)
      batches.push(item.batch)
    }
    if (rows === 0) throw new Error('it has no rows')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new Error(`${path} cannot be read: ${code === 'ENOENT' ? 'there is no such file' : message}`, { cause: error })
  } finally {
    stop.abort()
  }
  return batches
}

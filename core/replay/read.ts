/** What lies in a file, batch by batch, without what was delivered before. */
import type { EventBatch } from '../data/batch.js'
import type { Letter } from '../data/letter.js'
import { openEventFile } from '../data/read-file.js'
import { readFrames } from '../data/read-frames.js'
import { placeError, PlaceError } from './places.js'

export type Found =
  | { readonly kind: 'batch', readonly batch: EventBatch, readonly offset: number, readonly letter?: Letter }
  | { readonly kind: 'damage', readonly offset: number, readonly bytes: number, readonly reason: string }

/** Larger ones are damage. */
export const maxFrameBytes = 1 << 30

/** Rejects with PlaceError when the file cannot be read or holds something else. */
export async function * readFound (file: string, isDelivered: (offset: number) => boolean, signal: AbortSignal): AsyncGenerator<Found> {
  try {
    const { looksLikeJson, chunks } = await openEventFile(file, signal)
    if (looksLikeJson) throw new PlaceError(`${file} holds JSON lines, which have no records as they were received: send them through a pipeline, --config FILE --as-fast-as-possible`)
    yield * readFrames(chunks, maxFrameBytes, isDelivered)
  } catch (error) {
    throw signal.aborted ? error : placeError(file, error)
  }
}

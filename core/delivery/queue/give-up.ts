/** What a full queue, or one whose batches are too old, gives up: each row counted under its reason before its file goes. */
import { decodeBatch } from '../../data/decode.js'
import type { Entry, Segment } from './segment.js'

export interface GiveUp {
  readonly onDrop: (reason: string, rows: number) => void
  /** One that cannot be looked through goes uncounted, and is told. */
  readonly onDamage: (file: string, offset: number, bytes: number, reason: string) => void
  /** Nobody will ask for it any more. */
  readonly onEntry: (entry: Entry) => void
}

/** All that wait in it. Resolves when its rows are counted: then its file may go. */
export async function giveUpAll (segment: Segment, reason: string, to: GiveUp): Promise<void> {
  try {
    if (!segment.isLoaded) await segment.load()
  } catch (error) {
    to.onDamage(segment.path, 0, segment.bytes, (error as Error).message)
    return
  }
  const entries = segment.drain()
  const known = entries.reduce((sum, e) => sum + Math.max(0, e.rows), 0)
  if (known > 0) to.onDrop(reason, known)
  for (const entry of entries) to.onEntry(entry)
  const unread = await countRows(segment, entries.filter(e => e.rows < 0))
  if (unread > 0) to.onDrop(reason, unread)
}

/** Those of a file of this life that were put before `beforeMs`. */
export function giveUpOld (segment: Segment, beforeMs: number, onEntry: (entry: Entry) => void): number {
  let rows = 0
  for (let entry = segment.oldest; entry !== undefined && entry.rows >= 0 && entry.atMs < beforeMs; entry = segment.oldest) {
    segment.take()
    rows += entry.rows
    onEntry(entry)
  }
  return rows
}

async function countRows (segment: Segment, entries: readonly Entry[]): Promise<number> {
  let rows = 0
  for (const entry of entries) {
    const document = Buffer.allocUnsafeSlow(entry.length)
    const decoded = await segment.read(entry, document).then(() => decodeBatch(document), () => undefined)
    if (decoded?.ok === true) rows += decoded.batch.count
  }
  return rows
}

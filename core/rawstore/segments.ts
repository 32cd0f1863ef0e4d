/** The directory of a store: its files by name, which ids they have, and which may go. Files of other names are left alone. */
import { randomBytes } from 'node:crypto'
import { readdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'

export interface SegmentFile {
  readonly id: string
  readonly path: string
  readonly bytes: number
  /** When it was begun, in milliseconds since the epoch. */
  readonly begunMs: number
}

/** Where raw records are kept and looked for unless told otherwise. */
export const defaultRawDirectory = '/var/lib/tapio/raw'

const pattern = /^raw-([0-9a-z]{9}[0-9a-f]{4})\.seg$/

/** Ids in the order of their time. Random behind it: two processes may write into one directory. */
export function newSegmentId (unixMs: number): string {
  return unixMs.toString(36).padStart(9, '0') + randomBytes(2).toString('hex')
}

export function segmentPath (directory: string, id: string): string {
  return join(directory, `raw-${id}.seg`)
}

/** What links an event to its raw record; see RawStore.append. */
export function rawId (segment: string, number: number): string {
  return `${segment}:${number}`
}

export function parseRawId (text: string): { readonly segment: string, readonly number: number } | undefined {
  const match = /^([0-9a-z]{9}[0-9a-f]{4}):(\d{1,10})$/.exec(text)
  return match === null ? undefined : { segment: match[1] as string, number: Number(match[2]) }
}

/** All segments, oldest first. Throws the system's error when the directory cannot be read. */
export async function listSegments (directory: string): Promise<SegmentFile[]> {
  const found: SegmentFile[] = []
  for (const name of (await readdir(directory)).sort()) {
    const id = pattern.exec(name)?.[1]
    if (id === undefined) continue
    const path = join(directory, name)
    const info = await stat(path).catch(() => undefined)
    if (info?.isFile() === true) found.push({ id, path, bytes: info.size, begunMs: parseInt(id.slice(0, 9), 36) })
  }
  return found
}

export interface Retention {
  readonly maxAgeMs: number
  readonly maxBytes: number
  /** Of a segment: milliseconds since the epoch of its newest record. */
  readonly newestMs: (segment: SegmentFile) => Promise<number>
  readonly nowMs: number
  /** Being written: never deleted. */
  readonly current: string | undefined
}

/** Deletes what is too old, and the oldest of what is too much; how many files and bytes went. */
export async function retain (directory: string, retention: Retention): Promise<{ files: number, bytes: number }> {
  const closed = (await listSegments(directory)).filter(s => s.id !== retention.current)
  let total = closed.reduce((n, s) => n + s.bytes, 0)
  const gone = { files: 0, bytes: 0 }
  for (const segment of closed) {
    const tooMuch = total > retention.maxBytes
    if (!tooMuch && retention.nowMs - await retention.newestMs(segment) <= retention.maxAgeMs) continue
    await unlink(segment.path).catch((error: NodeJS.ErrnoException) => { if (error.code !== 'ENOENT') throw error })
    total -= segment.bytes
    gone.files++
    gone.bytes += segment.bytes
  }
  return gone
}

/**
 * Names of a queue's files, and what a segment found on disk holds.
 *
 *   queue-0000000007.tapio   batches in core/data/file-format.ts: the `file` receiver reads it as it is
 *   queue-0000000007.done    which of them are delivered: 8 bytes each, offset (u32) and its complement
 *
 * Numbers grow. A segment is written by one life of a queue and never appended to by the next; it goes when all of it is delivered.
 */
import { open, readFile, readdir, rm, stat, truncate } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { frameHeadLength, frameLength, headerLength, magic, markerLength, markerOf } from '../../data/file-format.js'

export const segmentName = (number: number): string => `queue-${String(number).padStart(10, '0')}.tapio`
export const doneName = (number: number): string => `queue-${String(number).padStart(10, '0')}.done`

export const doneLength = 8

/** Numbers of the segments in a directory, oldest first. Files of other names are nobody's business. */
export async function listSegments (directory: string): Promise<number[]> {
  return numbersOf(await readdir(directory), 'tapio')
}

/** The first number that nothing in the directory has: neither a segment, nor notes that outlived theirs and would be taken for the next one's. */
export async function freeNumber (directory: string): Promise<number> {
  const names = await readdir(directory)
  return Math.max(0, ...numbersOf(names, 'tapio'), ...numbersOf(names, 'done')) + 1
}

function numbersOf (names: readonly string[], ending: 'tapio' | 'done'): number[] {
  return names.map(n => /^queue-(\d{10,15})\.(tapio|done)$/.exec(n)).filter(m => m?.[2] === ending).map(m => Number(m?.[1])).sort((a, b) => a - b)
}

export async function removeSegment (directory: string, number: number): Promise<void> {
  // The batches first: notes that are left alone harm nobody, batches without notes would come once more.
  await rm(join(directory, segmentName(number)), { force: true })
  await rm(join(directory, doneName(number)), { force: true })
}

/** Offsets that are delivered. What is torn or damaged is left out: that batch comes once more. */
export async function readDone (directory: string, number: number): Promise<ReadonlySet<number>> {
  const path = join(directory, doneName(number))
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0)
    throw error
  })
  // What is appended later must begin where a record may.
  if (bytes.length % doneLength !== 0) await truncate(path, bytes.length - bytes.length % doneLength)
  return decodeDone(bytes)
}

export function decodeDone (bytes: Buffer): ReadonlySet<number> {
  const done = new Set<number>()
  for (let at = 0; at + doneLength <= bytes.length; at += doneLength) {
    const offset = bytes.readUInt32LE(at)
    if (bytes.readUInt32LE(at + 4) === (~offset >>> 0)) done.add(offset)
  }
  return done
}

export function encodeDone (offset: number): Buffer {
  const bytes = Buffer.allocUnsafe(doneLength)
  bytes.writeUInt32LE(offset)
  bytes.writeUInt32LE(~offset >>> 0, 4)
  return bytes
}

export interface FoundFrame { readonly offset: number, readonly length: number }
export interface FoundDamage { readonly offset: number, readonly bytes: number, readonly reason: string }
export interface FoundSegment {
  readonly bytes: number
  /** Last change, milliseconds since the epoch. */
  readonly changedMs: number
  readonly frames: readonly FoundFrame[]
  readonly damage: readonly FoundDamage[]
}

const seekChunk = 1 << 20

/** Where the frames of a segment are: heads are read, documents are not. */
export async function scanSegment (path: string, maxFrameBytes: number): Promise<FoundSegment> {
  const file = await open(path, 'r')
  try {
    const { size, mtimeMs } = await stat(path)
    return { bytes: size, changedMs: mtimeMs, ...await new Scan(file, size, maxFrameBytes).run() }
  } finally {
    await file.close()
  }
}

class Scan {
  readonly #frames: FoundFrame[] = []
  readonly #damage: FoundDamage[] = []

  constructor (readonly file: FileHandle, readonly size: number, readonly maxFrameBytes: number) {}

  async run (): Promise<Pick<FoundSegment, 'frames' | 'damage'>> {
    const marker = await this.#marker()
    if (marker === undefined) {
      if (this.size > 0) this.#damage.push({ offset: 0, bytes: this.size, reason: 'not a segment of a queue, or cut off in its header' })
      return { frames: [], damage: this.#damage }
    }
    for (let at = headerLength; at < this.size;) at = await this.#step(at, marker)
    return { frames: this.#frames, damage: this.#damage }
  }

  /** What frames begin with. Header and first frame both name it, and either may be damaged: it is right when a whole frame begins with it. */
  async #marker (): Promise<Buffer | undefined> {
    const header = await this.#read(0, headerLength + frameHeadLength)
    const first = header.subarray(headerLength)
    if (frameLength(first) >= 0) return first.subarray(0, markerLength)
    for (const named of [header.subarray(magic.length, headerLength), first.subarray(0, markerLength)]) {
      if (named.length === markerLength && await this.#isMarker(named)) return named
    }
    return await this.#anyMarker() ?? markerOf(header)
  }

  async #isMarker (marker: Buffer): Promise<boolean> {
    for (let at = await this.#seek(headerLength, marker); at < this.size; at = await this.#seek(at + 1, marker)) {
      if (frameLength(await this.#read(at, frameHeadLength)) >= 0) return true
    }
    return false
  }

  /** That of the first whole frame, near the beginning: both who name it are damaged. Every place is tried, so not in the whole file. */
  async #anyMarker (): Promise<Buffer | undefined> {
    const chunk = await this.#read(headerLength, seekChunk)
    for (let at = 0; at + frameHeadLength <= chunk.length; at++) {
      if (frameLength(chunk.subarray(at, at + frameHeadLength)) >= 0) return chunk.subarray(at, at + markerLength)
    }
    return undefined
  }

  /** Where the next frame may be. */
  async #step (at: number, marker: Buffer): Promise<number> {
    const head = await this.#read(at, frameHeadLength)
    const length = frameLength(head)
    const end = at + frameHeadLength + length
    if (length >= 0 && length <= this.maxFrameBytes && end <= this.size && head.subarray(0, markerLength).equals(marker)) {
      this.#frames.push({ offset: at, length })
      return end
    }
    const next = await this.#seek(at + 1, marker)
    this.#damage.push({ offset: at, bytes: next - at, reason: end > this.size && length >= 0 ? 'cut off inside a batch' : 'the head of a batch is damaged' })
    return next
  }

  /** The next marker from `from` on; the end when there is none. */
  async #seek (from: number, marker: Buffer): Promise<number> {
    for (let at = from; at < this.size; at += seekChunk - markerLength) {
      const chunk = await this.#read(at, seekChunk)
      const found = chunk.indexOf(marker)
      if (found >= 0) return at + found
    }
    return this.size
  }

  async #read (at: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, this.size - at)))
    const { bytesRead } = await this.file.read(bytes, 0, bytes.length, at)
    return bytes.subarray(0, bytesRead)
  }
}

/** From configured paths to streams of batches: directories, compression, format. */
import { open, readdir, stat, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { frameHeadLength, headerLength } from '../../core/data/file-format.js'
import { eventFile } from '../../core/data/read-file.js'
import { markerIn, readFrames, type FileItem } from '../../core/data/read-frames.js'
import { readJsonLines } from '../../core/data/read-lines.js'
import type { FileReceiverConfig } from './config.js'

const chunkBytes = 65_536

/** The files to read, in order. Throws when a path is not there. */
export async function listFiles (paths: readonly string[]): Promise<string[]> {
  const files: string[] = []
  for (const path of paths) files.push(...(await stat(path)).isDirectory() ? await eventFilesIn(path) : [path])
  return files
}

/** By name. */
export async function eventFilesIn (directory: string): Promise<string[]> {
  return (await readdir(directory)).filter(n => eventFile.test(n)).sort().map(n => join(directory, n))
}

export interface ReadOptions extends Pick<FileReceiverConfig, 'format' | 'batch_rows' | 'max_frame_bytes'> {
  readonly signal: AbortSignal
  /** Where an item ended; of a compressed file in what it holds. Left out = 0. */
  readonly from?: number
  /** Where to end, of a file that is not compressed; left out: at its end. */
  readonly to?: number
  /** It may grow: what is not whole at its end may be one day. */
  readonly isGrowing?: boolean
  /** The id, in hex, of an event that says none and stands at this offset. */
  readonly idAt?: (offset: number) => string
}

/** The batches of one file. Errors of the system come out of the iteration. */
export async function * readPath (path: string, options: ReadOptions): AsyncGenerator<FileItem> {
  const file = await open(path)
  try {
    yield * readFile(file, options)
  } finally {
    await file.close()
  }
}

/** The same of an open file, which stays open. */
export async function * readFile (file: FileHandle, options: ReadOptions): AsyncGenerator<FileItem> {
  const { from = 0, to = Infinity, signal, format, batch_rows: rows, max_frame_bytes: maxBytes, isGrowing = false, idAt } = options
  const { begin, isCompressed } = await beginOf(file, headerLength + frameHeadLength, signal)
  const chunks = isCompressed ? without(from, gunzip(bytesOf(file, 0, signal))) : bytesOf(file, from, signal, to)
  if (format === 'json' || (format === 'auto' && looksLikeJson(begin))) {
    yield * readJsonLines(chunks, { rows, maxLineBytes: maxBytes, from, leaveOpenLine: isGrowing, ...(idAt !== undefined && { idAt }) })
    return
  }
  const marker = from === 0 ? undefined : markerIn(begin)
  yield * readFrames(chunks, maxBytes, undefined, marker === undefined ? undefined : { offset: from, marker })
}

/** The first bytes, up to `bytes`, of what a file holds. */
export async function beginOf (file: FileHandle, bytes: number, signal: AbortSignal): Promise<{ readonly begin: Buffer, readonly isCompressed: boolean }> {
  const plain = Buffer.alloc(bytes)
  const { bytesRead } = await file.read(plain, 0, bytes, 0)
  if (bytesRead < 2 || plain[0] !== 0x1f || plain[1] !== 0x8b) return { begin: plain.subarray(0, bytesRead), isCompressed: false }
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of gunzip(bytesOf(file, 0, signal))) {
      chunks.push(chunk)
      length += chunk.length
      if (length >= bytes) break
    }
  } catch {
    // A broken archive is found when it is read.
  }
  return { begin: Buffer.concat(chunks).subarray(0, bytes), isCompressed: true }
}

const looksLikeJson = (begin: Buffer): boolean => /^\s*\{/.test(begin.toString('latin1'))

/** Up to `end`, or where the file ends when that is reached. A stream of Node's would close the file. */
async function * bytesOf (file: FileHandle, start: number, signal: AbortSignal, end = Infinity): AsyncGenerator<Uint8Array> {
  for (let at = start; at < end;) {
    signal.throwIfAborted()
    const length = Math.min(chunkBytes, end - at)
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(length), 0, length, at)
    if (bytesRead === 0) return
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

async function * without (bytes: number, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let left = bytes
  for await (const chunk of chunks) {
    if (chunk.length > left) yield chunk.subarray(left)
    left = Math.max(0, left - chunk.length)
  }
}

function gunzip (chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  // The error of a broken archive comes out of reading its output; the callback only has to be there.
  return pipeline(chunks, createGunzip(), () => undefined) as AsyncIterable<Uint8Array>
}

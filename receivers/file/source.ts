/** From configured paths to streams of batches: directories, compression, format. */
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { readFrames, type FileItem } from '../../core/data/read-frames.js'
import { readJsonLines } from '../../core/data/read-lines.js'
import type { FileReceiverConfig } from './config.js'

const eventFile = /\.(tapio|msgpack|jsonl|ndjson|json)(\.gz)?$/

/** The files to read, in order. Throws when a path is not there. */
export async function listFiles (paths: readonly string[]): Promise<string[]> {
  const files: string[] = []
  for (const path of paths) {
    if (!(await stat(path)).isDirectory()) { files.push(path); continue }
    const names = await readdir(path)
    files.push(...names.filter(n => eventFile.test(n)).sort().map(n => join(path, n)))
  }
  return files
}

/** The batches of one file. Errors of the system come out of the iteration. */
export async function * readFile (path: string, config: FileReceiverConfig, signal: AbortSignal): AsyncGenerator<FileItem> {
  const raw = await peek(createReadStream(path, { signal }))
  const gzip = raw.head[0] === 0x1f && raw.head[1] === 0x8b
  const { head, chunks } = gzip ? await peek(gunzip(raw.chunks)) : raw
  const json = config.format === 'json' || (config.format === 'auto' && looksLikeJson(head))
  yield * json
    ? readJsonLines(chunks, { rows: config.batch_rows, maxLineBytes: config.max_frame_bytes })
    : readFrames(chunks, config.max_frame_bytes)
}

const looksLikeJson = (head: Uint8Array): boolean => /^\s*\{/.test(Buffer.from(head.subarray(0, 64)).toString('latin1'))

/** The first chunk, and the same chunks from the start. */
async function peek (source: AsyncIterable<Uint8Array>): Promise<{ head: Uint8Array, chunks: AsyncIterable<Uint8Array> }> {
  const iterator = source[Symbol.asyncIterator]()
  const first = await iterator.next()
  async function * chunks (): AsyncGenerator<Uint8Array> {
    try {
      for (let step = first; step.done !== true; step = await iterator.next()) yield step.value
    } finally {
      await iterator.return?.()
    }
  }
  return { head: first.done === true ? new Uint8Array() : first.value, chunks: chunks() }
}

function gunzip (chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  // The error of a broken archive comes out of reading its output; the callback only has to be there.
  return pipeline(chunks, createGunzip(), () => undefined) as AsyncIterable<Uint8Array>
}

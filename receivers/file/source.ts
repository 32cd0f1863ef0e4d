/** From configured paths to streams of batches: directories, compression, format. */
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { eventFile, openEventFile } from '../../core/data/read-file.js'
import { readFrames, type FileItem } from '../../core/data/read-frames.js'
import { readJsonLines } from '../../core/data/read-lines.js'
import type { FileReceiverConfig } from './config.js'

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
  const { looksLikeJson, chunks } = await openEventFile(path, signal)
  const json = config.format === 'json' || (config.format === 'auto' && looksLikeJson)
  yield * json
    ? readJsonLines(chunks, { rows: config.batch_rows, maxLineBytes: config.max_frame_bytes })
    : readFrames(chunks, config.max_frame_bytes)
}

/** Where batches lie that can be sent again: a queue's directory (dead letters are one), a directory of recordings, a file. */
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { listSegments, segmentName } from '../delivery/queue/segment-files.js'

export interface Place {
  /** As people named it. */
  readonly path: string
  readonly directory: string
  /** Its files are numbered segments with their notes beside them, and one process writes them at a time. */
  readonly isQueue: boolean
  /** Oldest first. */
  readonly files: readonly string[]
}

/** Something that people must be told of before anything is sent. */
export class PlaceError extends Error {
  override readonly name = 'PlaceError'
}

const recording = /\.(tapio|msgpack)(\.gz)?$/
const segment = /^queue-\d{10,15}\.tapio$/

/** Rejects with PlaceError when there is nothing of the kind at a path. */
export async function findPlaces (paths: readonly string[]): Promise<Place[]> {
  return Promise.all(paths.map(findPlace))
}

async function findPlace (path: string): Promise<Place> {
  try {
    if (!(await stat(path)).isDirectory()) return filePlace(path)
    const numbers = await listSegments(path)
    if (numbers.length > 0) return { path, directory: path, isQueue: true, files: numbers.map(n => join(path, segmentName(n))) }
    const names = await readdir(path)
    const files = names.filter(n => recording.test(n)).sort().map(n => join(path, n))
    // A queue that was emptied has its notes or its lock left, or nothing.
    return { path, directory: path, isQueue: files.length === 0, files }
  } catch (error) {
    throw placeError(path, error)
  }
}

function filePlace (path: string): Place {
  if (!recording.test(path)) throw new PlaceError(`${path} is no recording: its name must end in .tapio or .msgpack, also with .gz (JSON lines go through a pipeline: --config FILE --as-fast-as-possible)`)
  return { path, directory: dirname(path), isQueue: segment.test(basename(path)), files: [path] }
}

export function placeError (path: string, error: unknown): Error {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return new PlaceError(`there is no ${path}`)
  if (code === 'EACCES') return new PlaceError(`${path} may not be read: its files are their owner's alone, so run this as the user that Tapio runs as`)
  return code === undefined ? error as Error : new PlaceError(`${path} cannot be read: ${message}`)
}

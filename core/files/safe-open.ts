/**
 * Opening files to write without being led astray: a symbolic link in the place of a file is not followed, so that whoever may write into
 * a directory cannot make Tapio write elsewhere. New files are their owner's alone.
 */
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR, O_TRUNC, O_WRONLY } = constants

/** As `open` knows them. */
const flags = { a: O_WRONLY | O_CREAT | O_APPEND, 'a+': O_RDWR | O_CREAT | O_APPEND, w: O_WRONLY | O_CREAT | O_TRUNC, wx: O_WRONLY | O_CREAT | O_EXCL } as const

export type WriteMode = keyof typeof flags

export const fileMode = 0o600
export const directoryMode = 0o700

/** For those that must open by themselves. Devices have their names by links of the system's (/dev/stdout). */
export function writeFlags (path: string, mode: WriteMode): number {
  return path.startsWith('/dev/') ? flags[mode] : flags[mode] | O_NOFOLLOW
}

/** Rejects with the system's error, or one that says that a link is in the way. */
export async function openToWrite (path: string, mode: WriteMode): Promise<FileHandle> {
  try {
    return await open(path, writeFlags(path, mode), fileMode)
  } catch (error) {
    throw linkFault(path, error)
  }
}

/** In words what the system calls ELOOP; any other error as it is. */
export function linkFault (path: string, error: unknown): unknown {
  if ((error as NodeJS.ErrnoException).code !== 'ELOOP') return error
  return new Error(`${path} is a symbolic link: nothing is written through one, because whoever may write into its directory could lead it anywhere; give the path it points to`, { cause: error })
}

/**
 * A file that is written anew as a whole: beside the old one, forced to the disk, then put in its place, and the place forced to the disk
 * too. Whatever ends at whatever moment, there is the old one or the new one.
 */
import { mkdir, open, rename, type FileHandle } from 'node:fs/promises'
import { closeSync, fsyncSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { directoryMode, openToWrite } from '../files/safe-open.js'

/** Rejects with the system's error; the old file is then as it was. One call at a time for a path. */
export async function replaceFile (path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const directory = dirname(path)
  await mkdir(directory, { recursive: true, mode: directoryMode })
  const beside = `${path}.new`
  const file = await openToWrite(beside, 'w')
  try {
    await write(file)
    await file.sync()
  } finally { await file.close() }
  await rename(beside, path)
  await syncDirectory(directory)
}

/** A new name is on the disk only when its directory is. Not every file system can do it; what is in the file is safe either way. */
export async function syncDirectory (path: string): Promise<void> {
  const directory = await open(path, 'r')
  try { await directory.sync() } catch {} finally { await directory.close() }
}

/** The same for those who cannot wait. */
export function syncDirectoryNow (path: string): void {
  const fd = openSync(path, 'r')
  try { fsyncSync(fd) } catch {} finally { closeSync(fd) }
}

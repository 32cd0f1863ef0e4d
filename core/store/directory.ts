/** The store's directory: made private, and written by one process at a time. */
import { constants } from 'node:fs'
import { access, mkdir, stat } from 'node:fs/promises'
import { lockDirectory, type DirectoryLock } from '../net/directory-lock.js'
import { storeError } from './lmdb-file.js'
import { StoreError } from './store.js'

/** Makes the directory (mode 0700) when it is missing. */
export async function makeDirectory (directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw storeError(directory, error)
  }
}

export async function expectDirectory (directory: string): Promise<void> {
  const found = await stat(directory).catch((error: unknown) => { throw storeError(directory, error) })
  if (!found.isDirectory()) throw new StoreError('absent', `there is no store at ${directory}: it is a file`)
  await access(directory, constants.R_OK | constants.X_OK).catch((error: unknown) => { throw storeError(directory, error) })
}

/** Rejects with StoreError `locked` while another process writes it. */
export async function lockStore (directory: string): Promise<DirectoryLock> {
  const lock = await lockDirectory(directory).catch((error: unknown) => { throw storeError(directory, error) })
  if (lock === undefined) throw new StoreError('locked', `${directory} is being written by another process`)
  return lock
}

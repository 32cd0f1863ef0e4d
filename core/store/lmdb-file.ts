/**
 * Opening one LMDB file. The library maps a file and trusts it: a damaged one ends the process. So its two meta pages are looked at
 * first (as of LMDB's mdb.c, data version 2):
 *
 *   page header 24 bytes | magic u32 beefc0de | version u32 | address u64 | map size u64 | free database 48 bytes, its first word
 *   the page size | main database 48 bytes | last page u64 | transaction u64
 */
import { accessSync, closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { open, type RootDatabase } from 'lmdb'
import { fileMode, linkFault, writeFlags } from '../files/safe-open.js'
import { StoreError } from './store.js'

export type BinaryDatabase = RootDatabase<Buffer, Buffer>

const magicAt = 24
const metaBytes = 160
const settledMs = 2000

/** What is wrong with the file at `path`, or '' for a sound and for an empty one. Throws what opening throws. */
export function lmdbFault (path: string): string {
  const fd = openSync(path, 'r')
  try {
    const { size } = fstatSync(fd)
    if (size === 0) return ''
    const first = metaPage(fd, 0)
    const pageSize = first?.pageSize ?? 4096
    const second = metaPage(fd, pageSize)
    if (first === undefined || second === undefined) return 'its first pages are not those of an LMDB file'
    const newest = first.transaction > second.transaction ? first : second
    const wanted = (newest.lastPage + 1) * pageSize
    return wanted > size ? `it has ${size} bytes and should have ${wanted}` : ''
  } finally {
    closeSync(fd)
  }
}

/** How many transactions the file at `path` has seen; 0 when it is not there or none of LMDB's. */
export function lastTransaction (path: string): bigint {
  let fd: number | undefined
  try {
    fd = openSync(path, 'r')
    const first = metaPage(fd, 0)
    const second = metaPage(fd, first?.pageSize ?? 4096)
    const [a, b] = [first?.transaction ?? 0n, second?.transaction ?? 0n]
    return a > b ? a : b
  } catch {
    return 0n
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

function metaPage (fd: number, at: number): { pageSize: number, lastPage: number, transaction: bigint } | undefined {
  const page = Buffer.alloc(metaBytes)
  if (readSync(fd, page, 0, metaBytes, at) < metaBytes) return undefined
  if (page.readUInt32LE(magicAt) !== 0xbeefc0de || page.readUInt32LE(magicAt + 4) !== 2) return undefined
  const pageSize = page.readUInt32LE(48)
  if (pageSize < 512 || pageSize > 65536) return undefined
  return { pageSize, lastPage: Number(page.readBigUInt64LE(144)), transaction: page.readBigUInt64LE(152) }
}

/** Throws StoreError. A file that is not there is made, unless `readOnly`. */
export function openLmdb (path: string, readOnly: boolean, maxDbs: number): BinaryDatabase {
  const fault = faultOrThrow(path, readOnly)
  if (fault !== '' && readOnly && isBeingMade(path)) throw new StoreError('absent', `there is no store at ${path} yet: its writer is making it`)
  if (fault !== '') throw new StoreError('damaged', `${path} is damaged: ${fault}`)
  try {
    // Private before anything is in them, whatever the directory's mode is.
    if (!readOnly) for (const name of [path, `${path}-lock`]) closeSync(openSync(name, writeFlags(name, 'a'), fileMode))
    return open({ path, noSubdir: true, readOnly: readOnly && !mayBeShared(path), maxDbs, maxReaders: 256, encoding: 'binary', keyEncoding: 'binary' })
  } catch (error) {
    throw storeError(path, linkFault(path, error))
  }
}

/** A file grows after its first pages say so: what a writer has just touched is looked at again later, before it is called damaged. */
function isBeingMade (path: string): boolean {
  return Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) < settledMs
}

/**
 * LMDB has one environment a file and process, of the kind of whoever comes first: beside one for reading only, a writer on another
 * thread could not write. So a reader on a thread of its own opens the file as a writer does, and does not write. On the main thread it
 * must not: opening takes the writer's lock, for which a writer on the same thread would wait in vain.
 */
function mayBeShared (path: string): boolean {
  if (isMainThread) return false
  // Not made by its writer yet: it must not be made here.
  if (statSync(path).size === 0) throw new StoreError('absent', `there is no store at ${path}`)
  try {
    for (const name of [path, `${path}-lock`]) accessSync(name, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function faultOrThrow (path: string, readOnly: boolean): string {
  try {
    return lmdbFault(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && !readOnly) return ''
    throw storeError(path, error)
  }
}

/** `error` of a file operation in words that say what to do. */
export function storeError (path: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' || /no such file/i.test(message)) return new StoreError('absent', `there is no store at ${path}`)
  if (code === 'EACCES' || code === 'EPERM' || /permission denied/i.test(message)) return new StoreError('denied', `${path} may not be opened by this user (it belongs to the one Tapio runs as)`)
  return new StoreError('damaged', `${path} cannot be opened: ${message}`)
}

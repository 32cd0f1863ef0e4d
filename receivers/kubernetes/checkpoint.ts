/**
 * What was told, for the next start: of each watch the version it has come to and the states it compares with. A file of frames,
 * written anew beside the old one and then put in its place, so that a kill at any time leaves a whole one:
 *
 *   "TAPIOKC1" | frame*      frame = length u32 LE | CRC32 of the document u32 LE | document (msgpack)
 *   first      {server}      which API server it is of: versions of another mean nothing
 *   then       {watch, version, states[]}: slices of one watch, all with its version
 *   last       {end: number of slices}
 */
import { open, readFile, rename, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { Packr } from 'msgpackr'
import { directoryMode, openToWrite } from '../../core/files/safe-open.js'
import type { KubeObject } from '../../core/kubernetes/objects.js'

export interface WatchPicture { readonly watch: string, readonly version: string, readonly states: readonly KubeObject[] }

const magic = Buffer.from('TAPIOKC1', 'latin1')
const headBytes = 8
/** States packed at a time: about 2 ms in which nothing else runs. */
const sliceStates = 500
/** Ten million objects of 200 bytes: beyond it the file is none of ours. */
const maxFileBytes = 2 ** 31

/** Without records: each frame must be readable by itself. */
const packr = new Packr({ useRecords: false, variableMapSize: true })

/** Throws when the file cannot be written. */
export async function writeCheckpoint (path: string, server: string, watches: readonly WatchPicture[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: directoryMode })
  const beside = `${path}.new`
  const file = await openToWrite(beside, 'w')
  try {
    await file.write(magic)
    await file.write(frame({ server }))
    let slices = 0
    for (const { watch, version, states } of watches) {
      for (let from = 0; from === 0 || from < states.length; from += sliceStates) {
        await file.write(frame({ watch, version, states: states.slice(from, from + sliceStates) }))
        slices++
      }
    }
    await file.write(frame({ end: slices }))
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(beside, path)
}

export type ReadCheckpoint =
  | { readonly status: 'read', readonly watches: ReadonlyMap<string, WatchPicture> }
  | { readonly status: 'none' }
  /** There is a file and it is of no use: `reason` in words. */
  | { readonly status: 'useless', readonly reason: string }

export async function readCheckpoint (path: string, server: string): Promise<ReadCheckpoint> {
  let bytes: Buffer
  try {
    const file = await open(path)
    try {
      const { size } = await file.stat()
      if (size > maxFileBytes) return { status: 'useless', reason: `it has ${size} bytes, more than any checkpoint` }
    } finally {
      await file.close()
    }
    bytes = await readFile(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { status: 'none' }
    return { status: 'useless', reason: (error as Error).message }
  }
  return parse(bytes, server)
}

export function parse (bytes: Buffer, server: string): ReadCheckpoint {
  if (!bytes.subarray(0, magic.length).equals(magic)) return { status: 'useless', reason: 'it is no checkpoint of this receiver' }
  const watches = new Map<string, WatchPicture & { readonly states: KubeObject[] }>()
  let [at, slices, first] = [magic.length, 0, true]
  while (at + headBytes <= bytes.length) {
    const length = bytes.readUInt32LE(at)
    const document = bytes.subarray(at + headBytes, at + headBytes + length)
    if (document.length < length || crc32(document) !== bytes.readUInt32LE(at + 4)) return { status: 'useless', reason: `it is damaged at byte ${at}` }
    at += headBytes + length
    const value = unpacked(document)
    if (value === undefined) return { status: 'useless', reason: `it holds what no checkpoint holds at byte ${at}` }
    if (first) {
      if (value['server'] !== server) return { status: 'useless', reason: `it is of another API server (${String(value['server'])})` }
      first = false
    } else if (typeof value['end'] === 'number') {
      return value['end'] === slices ? { status: 'read', watches } : { status: 'useless', reason: 'parts of it are missing' }
    } else if (!take(value, watches)) return { status: 'useless', reason: `it holds what no checkpoint holds at byte ${at}` }
    else slices++
  }
  return { status: 'useless', reason: 'it ends too early' }
}

function take (value: Readonly<Record<string, unknown>>, into: Map<string, WatchPicture & { readonly states: KubeObject[] }>): boolean {
  const { watch, version, states } = value
  if (typeof watch !== 'string' || typeof version !== 'string' || !Array.isArray(states) || !states.every(isFields)) return false
  const known = into.get(watch)
  if (known === undefined) into.set(watch, { watch, version, states: states as KubeObject[] })
  else for (const state of states as KubeObject[]) known.states.push(state)
  return true
}

function isFields (value: unknown): boolean { return typeof value === 'object' && value !== null && !Array.isArray(value) }

function unpacked (document: Buffer): Record<string, unknown> | undefined {
  try {
    const value = packr.unpack(document) as unknown
    return isFields(value) ? value as Record<string, unknown> : undefined
  } catch {
    return undefined
  }
}

function frame (value: object): Buffer {
  const document = packr.pack(value)
  const head = Buffer.alloc(headBytes)
  head.writeUInt32LE(document.length, 0)
  head.writeUInt32LE(crc32(document), 4)
  return Buffer.concat([head, document])
}

/**
 * What each collector has delivered, on disk: a server that was killed knows it again, and doubles nothing.
 *
 *   file    "TAPIOWS1" record*
 *   record  length u32, CRC32 of the payload u32 (little-endian), payload
 *   payload [collector, epoch, taken, ids]      msgpack; the ids (16 bytes each) are added to those of earlier records
 *
 * Only ever appended to, so after a kill it is whole up to its last record; what is torn behind it is cut off. When most of it is
 * out of date it is written anew beside and renamed over. One process at a time may use it.
 */
import { closeSync, fdatasync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { crc32 } from 'node:zlib'
import { Packr } from 'msgpackr'
import { PlainReader } from '../../core/data/plain-msgpack.js'
import { fileMode, linkFault, writeFlags } from '../../core/files/safe-open.js'

export interface Progress {
  readonly collector: string
  readonly epoch: string
  readonly taken: number
  /** 16 bytes each, oldest first. */
  readonly ids: Uint8Array
}

const magic = Buffer.from('TAPIOWS1', 'latin1')
const headLength = 8
/** Compacting costs a moment in which nothing is acknowledged, so it waits until it is worth it. */
const minCompactBytes = 8 * 1024 * 1024
const growth = 4

const packer = new Packr({ useRecords: false })
const syncData = promisify(fdatasync)

export interface Loaded { readonly records: readonly Progress[], /** Bytes at the end that were no whole record. */ readonly torn: number }

export class StateFile {
  #fd: number
  #size: number
  #compactAt: number
  #closed = false

  private constructor (readonly path: string, readonly fsync: boolean, fd: number, size: number) {
    this.#fd = fd
    this.#size = size
    this.#compactAt = Math.max(minCompactBytes, size * growth)
  }

  /** Throws, naming the file, when it cannot be opened or is not one of ours. */
  static open (path: string, fsync: boolean): { readonly file: StateFile, readonly loaded: Loaded } {
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      const fd = openSync(path, writeFlags(path, 'a+'), fileMode)
      const bytes = readFileSync(path)
      if (bytes.length >= magic.length && !bytes.subarray(0, magic.length).equals(magic)) { closeSync(fd); throw new Error('it exists and is no state file of a tapio receiver') }
      const { records, end } = readRecords(bytes)
      ftruncateSync(fd, end)
      if (end === 0) writeAll(fd, magic)
      const file = new StateFile(path, fsync, fd, Math.max(end, magic.length))
      return { file, loaded: { records, torn: bytes.length - end } }
    } catch (error) {
      throw new Error(`state_file ${path} cannot be used: ${(linkFault(path, error) as Error).message}`, { cause: error })
    }
  }

  get size (): number { return this.#size }

  /** Adds a record. Rejects when it did not reach the file, which then is as before. */
  async append (progress: Progress): Promise<void> {
    // Its number may be another file's by now.
    if (this.#closed) throw new Error('it is closed')
    const record = encodeRecord(progress)
    try {
      writeAll(this.#fd, record)
    } catch (error) {
      ftruncateSync(this.#fd, this.#size)
      throw error
    }
    this.#size += record.length
    if (this.fsync) await syncData(this.#fd)
  }

  get isDue (): boolean { return this.#size > this.#compactAt }

  /** Replaces everything by `all`. Throws when it could not; the old file is then still in use, and it is due later. */
  compact (all: Iterable<Progress>): void {
    const beside = `${this.path}.new`
    this.#compactAt = this.#size * 2
    rmSync(beside, { force: true })
    const fd = openSync(beside, writeFlags(beside, 'a+'), fileMode)
    let size = 0
    try {
      for (const part of [magic, ...Array.from(all, encodeRecord)]) { writeAll(fd, part); size += part.length }
      fsyncSync(fd)
      renameSync(beside, this.path)
    } catch (error) {
      closeSync(fd)
      throw error
    }
    closeSync(this.#fd)
    this.#fd = fd
    this.#size = size
    this.#compactAt = Math.max(minCompactBytes, size * growth)
  }

  close (): void {
    if (this.#closed) return
    this.#closed = true
    closeSync(this.#fd)
  }
}

function writeAll (fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at)
}

function encodeRecord ({ collector, epoch, taken, ids }: Progress): Buffer {
  const payload = packer.pack([collector, epoch, taken, ids])
  const record = Buffer.allocUnsafe(headLength + payload.length)
  record.writeUInt32LE(payload.length, 0)
  record.writeUInt32LE(crc32(payload), 4)
  record.set(payload, headLength)
  return record
}

/** Every whole record, and where the last one ends. */
function readRecords (bytes: Buffer): { records: Progress[], end: number } {
  const records: Progress[] = []
  if (bytes.length < magic.length) return { records, end: 0 }
  let at = magic.length
  while (bytes.length - at >= headLength) {
    const stop = at + headLength + bytes.readUInt32LE(at)
    if (stop > bytes.length) break
    const payload = bytes.subarray(at + headLength, stop)
    if (crc32(payload) !== bytes.readUInt32LE(at + 4)) break
    const [collector, epoch, taken, ids] = PlainReader.only(payload) as unknown as [string, string, number | bigint, Uint8Array]
    records.push({ collector, epoch, taken: Number(taken), ids })
    at = stop
  }
  return { records, end: at }
}

/**
 * A segment: an append-only file of raw records that is readable up to its last whole block after a kill -9, and around
 * whatever is damaged. Frames are those of core/data/file-format.ts (marker, length, check of both), with documents of its own:
 *
 *   segment   "TAPIORW1"  marker  frame*  trailer?
 *   document  kind u8 | version u8 | flags u16 | check u32: CRC32 of all that follows
 *     types   JSON, see types.ts; before the first block
 *     block   first u32 | count u32 | minTime u64 | maxTime u64 | types u32 | bodyLength u32   (head, never compressed)
 *             body, deflated when flag 1 is set:
 *             times u64[] | cgroups u64[] | pids u32[] | ends u32[] | types u16[] | the records one after the other
 *     index   the heads of all blocks with their places, once a segment is finished
 *   trailer   length u32 of the index frame | "TAPIOIDX"
 *
 * All numbers are little-endian; times are nanoseconds since the epoch. A record's number is `first` plus its place in the
 * block and never changes, so `SEGMENT:NUMBER` names it for as long as its segment is kept.
 */
import { crc32 } from 'node:zlib'
import { frameHeadLength, markerLength, writeFrameHead } from '../data/file-format.js'

export const magic = Buffer.from('TAPIORW1', 'latin1')
export const headerLength = magic.length + markerLength
export const trailerMagic = Buffer.from('TAPIOIDX', 'latin1')
export const trailerLength = 4 + trailerMagic.length
export const documentHeadLength = 8
export const blockHeadLength = 32
/** Bytes of the columns for one record. */
export const columnBytes = 26
/** Nothing that is read may ask for more memory than this. */
export const maxDocumentBytes = 64 << 20

export const kinds = { types: 1, block: 2, index: 3 } as const
export const version = 1
export const deflated = 1

export interface BlockHead {
  readonly first: number
  readonly count: number
  readonly minTime: bigint
  readonly maxTime: bigint
  /** Bit `id % 32` for every type in it. */
  readonly types: number
  readonly bodyLength: number
}

/** A block's head and its frame's place in the file. */
export interface BlockPlace extends BlockHead { readonly offset: number, readonly length: number }

export function segmentHeader (marker: Uint8Array): Buffer {
  return Buffer.concat([magic, marker])
}

/** A frame with a document of these parts. */
export function encodeDocument (marker: Uint8Array, kind: number, flags: number, parts: readonly Uint8Array[]): Buffer {
  const length = documentHeadLength + parts.reduce((n, part) => n + part.length, 0)
  const frame = Buffer.allocUnsafe(frameHeadLength + length)
  writeFrameHead(frame, marker, length)
  const document = frame.subarray(frameHeadLength)
  let at = documentHeadLength
  for (const part of parts) { document.set(part, at); at += part.length }
  document[0] = kind
  document[1] = version
  document.writeUInt16LE(flags, 2)
  document.writeUInt32LE(crc32(document.subarray(documentHeadLength)), 4)
  return frame
}

/** The rest of a document whose check is right, or undefined. */
export function checkedContent (document: Buffer): Buffer | undefined {
  if (document.length < documentHeadLength || document[1] !== version) return undefined
  const content = document.subarray(documentHeadLength)
  return crc32(content) === document.readUInt32LE(4) ? content : undefined
}

export function encodeBlockHead (head: BlockHead): Buffer {
  const bytes = Buffer.alloc(blockHeadLength)
  bytes.writeUInt32LE(head.first, 0)
  bytes.writeUInt32LE(head.count, 4)
  bytes.writeBigUInt64LE(head.minTime, 8)
  bytes.writeBigUInt64LE(head.maxTime, 16)
  bytes.writeUInt32LE(head.types, 24)
  bytes.writeUInt32LE(head.bodyLength, 28)
  return bytes
}

export function decodeBlockHead (bytes: Buffer): BlockHead {
  return {
    first: bytes.readUInt32LE(0), count: bytes.readUInt32LE(4), minTime: bytes.readBigUInt64LE(8), maxTime: bytes.readBigUInt64LE(16), types: bytes.readUInt32LE(24), bodyLength: bytes.readUInt32LE(28)
  }
}

const placeLength = blockHeadLength + 12

export function encodeIndex (places: readonly BlockPlace[]): Buffer {
  const bytes = Buffer.alloc(places.length * placeLength)
  places.forEach((place, i) => {
    const at = i * placeLength
    encodeBlockHead(place).copy(bytes, at)
    bytes.writeDoubleLE(place.offset, at + blockHeadLength)
    bytes.writeUInt32LE(place.length, at + blockHeadLength + 8)
  })
  return bytes
}

/** Without those whose place is none. */
export function decodeIndex (bytes: Buffer): BlockPlace[] {
  const places = Array.from({ length: Math.floor(bytes.length / placeLength) }, (_, i) => {
    const at = i * placeLength
    return { ...decodeBlockHead(bytes.subarray(at)), offset: bytes.readDoubleLE(at + blockHeadLength), length: bytes.readUInt32LE(at + blockHeadLength + 8) }
  })
  return places.filter(place => Number.isSafeInteger(place.offset))
}

export function encodeTrailer (indexFrameLength: number): Buffer {
  const bytes = Buffer.alloc(trailerLength)
  bytes.writeUInt32LE(indexFrameLength, 0)
  trailerMagic.copy(bytes, 4)
  return bytes
}

export const typeBit = (id: number): number => (1 << (id % 32)) >>> 0

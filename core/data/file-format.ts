/**
 * Batches in a file that may be cut off or damaged anywhere: what the file exporter writes and the file receiver reads.
 *
 *   file    header frame*
 *   header  "TAPIOEV1"              8 bytes
 *           marker                 16 random bytes, the same throughout the file
 *   frame   marker                 16 bytes
 *           length                 u32, little-endian: bytes of the document
 *           check                  u32, little-endian: CRC32 of marker and length
 *           document               codec.ts, with its own checksum
 *
 * A file is only ever appended to, so after a kill -9 or a full disk it is whole up to its last frame. A reader that finds
 * a frame damaged looks for the next marker and loses just that frame. The marker is random for each file (as in Avro's
 * object container files) so that no batch can contain one: text in a log record cannot pass for a frame.
 */
import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { EventBatch } from './batch.js'
import { prepareBatch } from './codec.js'
import type { Letter } from './letter.js'

export const magic = Buffer.from('TAPIOEV1', 'latin1')
export const markerLength = 16
export const headerLength = magic.length + markerLength
/** Bytes of a frame before its document. */
export const frameHeadLength = markerLength + 8

export function newMarker (): Buffer {
  return randomBytes(markerLength)
}

export function fileHeader (marker: Uint8Array): Buffer {
  return Buffer.concat([magic, marker])
}

/** The marker that a whole header names, or undefined when it is none. */
export function markerOf (header: Buffer): Buffer | undefined {
  return header.length >= headerLength && header.subarray(0, magic.length).equals(magic) ? Buffer.from(header.subarray(magic.length, headerLength)) : undefined
}

/** `batch` as a frame; with `letter` as a dead letter. */
export function encodeFrame (batch: EventBatch, marker: Uint8Array, letter?: Letter): Buffer {
  const document = prepareBatch(batch, true, letter)
  const frame = Buffer.allocUnsafeSlow(frameHeadLength + document.byteLength)
  writeFrameHead(frame, marker, document.byteLength)
  document.writeTo(frame.subarray(frameHeadLength))
  return frame
}

/** The head of a frame with a document of `length` bytes, at the start of `frame`. */
export function writeFrameHead (frame: Buffer, marker: Uint8Array, length: number): void {
  frame.set(marker)
  frame.writeUInt32LE(length, markerLength)
  frame.writeUInt32LE(crc32(frame.subarray(0, markerLength + 4)), markerLength + 4)
}

/** The document's length when `bytes` begins with an undamaged frame head, else -1. */
export function frameLength (bytes: Buffer): number {
  if (bytes.length < frameHeadLength) return -1
  const check = bytes.readUInt32LE(markerLength + 4)
  return crc32(bytes.subarray(0, markerLength + 4)) === check ? bytes.readUInt32LE(markerLength) : -1
}

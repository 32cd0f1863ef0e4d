/**
 * A batch as one versioned msgpack document: what crosses threads, is queued on disk, goes over NATS and into files.
 *
 *   95                                 array of 5
 *   ab "tapio.batch"                   name
 *   01                                 version: higher ones are refused; unknown columns of this one are skipped
 *   8x { … }                           header, a map (below)
 *   ce CRC32                           of the header's and the body's bytes; 0 = not computed (memory to memory)
 *   c6 LEN32  pad  body                bin 32; `pad` zero bytes (header.p of them) put the body at a multiple of 8 from the
 *                                      document's first byte, so a reader makes typed-array views of it without copying
 *
 *   header  n  rows                                     body, every part at a multiple of 8
 *           p  pad before the body                        columns, in the order of c
 *           c  [[column id, offset], …]                   string ends (u32), string bytes
 *           s  [strings, offset of ends, of bytes, bytes] attribute indexes (u32 a row)
 *           a  [[key, edited, offset, [values]], …]       raw buffers
 *           r  [[envelope|nil, attributes|nil, edited], …]
 *           o  [[envelope|nil, [name, version, attributes]|nil], …]
 *           b  [[offset, length], …]   raw buffers
 *           w  raw buffers are whole requests (RawStore.complete)
 *
 * Numbers are little-endian, as on every platform Node runs on. The document is plain msgpack: any reader can open it.
 */
import { crc32 } from 'node:zlib'
import { Packr } from 'msgpackr'
import type { EventBatch } from './batch.js'
import { columnNames, columnSpecs } from './columns.js'
import { compactRaw } from './compact.js'

export const formatName = 'tapio.batch'
export const formatVersion = 1

/** Bytes before the header: array tag, name, version. */
export const prefix = Buffer.concat([Buffer.from([0x95, 0xa0 | formatName.length]), Buffer.from(formatName), Buffer.from([formatVersion])])

/** Bytes between header and pad: CRC (5) and the bin tag with its length (5). */
export const between = 10

/** Records off: a document must be readable on its own. */
export const headerCodec = new Packr({ useRecords: false })

export interface Header {
  n: number
  p: number
  c: [number, number][]
  s: [number, number, number, number]
  a: [string, boolean, number, unknown[]][]
  r: [Uint8Array | null, unknown, boolean][]
  o: [Uint8Array | null, [string, string, unknown] | null][]
  b: [number, number][]
  w: boolean
}

/** A batch ready to be written: its size is known before a byte is copied, so a ring slot can be claimed for it. */
export interface EncodedBatch {
  readonly byteLength: number
  readonly rows: number
  /** Writes the document to the start of `target` (at least `byteLength` long). */
  writeTo(target: Uint8Array): void
}

/** Lays out `batch`. `checksum` adds the CRC that files and queues need; between threads it would only cost time. */
export function prepareBatch (batch: EventBatch, checksum = false): EncodedBatch {
  const layout = new Layout()
  const compact = compactRaw(batch)
  const header = describe(compact, layout)
  const packed = packHeader(header)
  const bodyAt = prefix.length + packed.length + between + header.p
  return {
    byteLength: bodyAt + layout.length,
    rows: batch.count,
    writeTo (target) {
      const out = Buffer.from(target.buffer, target.byteOffset, target.byteLength)
      out.set(prefix)
      out.set(packed, prefix.length)
      layout.writeTo(out, bodyAt)
      writeBetween(out, prefix.length + packed.length, header.p, layout.length, checksum)
    }
  }
}

/** The document in memory of its own, aligned. */
export function encodeBatch (batch: EventBatch, checksum = false): Buffer {
  const encoded = prepareBatch(batch, checksum)
  const out = Buffer.allocUnsafeSlow(encoded.byteLength)
  encoded.writeTo(out)
  return out
}

/** The pad depends on the header's length and the header holds the pad; both are one byte whatever the pad is (0 to 7). */
function packHeader (header: Header): Buffer {
  const length = headerCodec.pack(header).length
  header.p = (8 - (prefix.length + length + between) % 8) % 8
  return Buffer.from(headerCodec.pack(header))
}

function writeBetween (out: Buffer, at: number, pad: number, bodyLength: number, checksum: boolean): void {
  const bodyAt = at + between + pad
  out.fill(0, at + between, bodyAt)
  const crc = checksum ? checksumOf(out, at, bodyAt, bodyLength) : 0
  out[at] = 0xce
  out.writeUInt32BE(crc, at + 1)
  out[at + 5] = 0xc6
  out.writeUInt32BE(bodyLength + pad, at + 6)
}

/** CRC of header then body; 0 is kept for "none". */
export function checksumOf (document: Buffer, headerEnd: number, bodyAt: number, bodyLength: number): number {
  const crc = crc32(document.subarray(bodyAt, bodyAt + bodyLength), crc32(document.subarray(prefix.length, headerEnd)))
  return crc === 0 ? 1 : crc
}

function describe (batch: EventBatch, layout: Layout): Header {
  const columns: Header['c'] = []
  for (const name of columnNames) {
    const array = batch.columns[name]
    if (array !== undefined) columns.push([columnSpecs[name].id, layout.add(array)])
  }
  const strings = batch.strings.encode()
  const ends = layout.add(strings.ends)
  const bytes = layout.add(strings.bytes)
  return {
    n: batch.count,
    p: 0,
    c: columns,
    s: [strings.ends.length, ends, bytes, strings.bytes.length],
    a: [...batch.attributes].map(([key, column]) => [key, column.edited, layout.add(column.index), [...column.values]]),
    r: batch.resources.map(r => [r.envelope ?? null, r.envelope === undefined || r.edited ? r.attributes : null, r.edited]),
    o: batch.scopes.map(s => [s.envelope ?? null, s.envelope === undefined ? [s.name, s.version, s.attributes] : null]),
    b: batch.raw.buffers.map(b => [layout.add(b), b.length]),
    w: batch.raw.complete
  }
}

/** The parts of the body and where they go. */
class Layout {
  length = 0
  readonly #parts: { array: ArrayBufferView, at: number }[] = []

  add (array: ArrayBufferView): number {
    const at = this.length
    this.#parts.push({ array, at })
    this.length = Math.ceil((at + array.byteLength) / 8) * 8
    return at
  }

  writeTo (out: Buffer, bodyAt: number): void {
    let end = 0
    for (const { array, at } of this.#parts) {
      if (at > end) out.fill(0, bodyAt + end, bodyAt + at)
      out.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), bodyAt + at)
      end = at + array.byteLength
    }
    out.fill(0, bodyAt + end, bodyAt + this.length)
  }
}

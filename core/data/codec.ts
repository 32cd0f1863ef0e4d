/**
 * A batch as one versioned msgpack document: what crosses threads, is queued on disk, goes over NATS and into files.
 *
 *   byte 0   96                   array of 6
 *        1   ab "tapio.batch"     name
 *       13   01                   version: higher ones are refused; unknown columns of this one are skipped
 *       14   ce CRC32             of every byte after it; 0 = not computed (memory to memory)
 *       19   ce HLEN32            bytes of the header: a reader need not parse it to find the body
 *       24   de N16 { … }         header, a map (below)
 *    24+HLEN c6 LEN32  pad  body  bin 32; 0 to 7 `pad` zero bytes put the body at a multiple of 8 from the document's first
 *                                 byte, so a reader makes typed-array views of it without copying
 *
 *   header  n  rows                                     body, every part at a multiple of 8
 *           c  [column id, offset, …]                     columns, in the order of c
 *           s  [strings, offset of ends, of bytes, bytes] string ends (u32), string bytes
 *           a  [[key, edited, offset, [values]], …]       attribute indexes (u32 a row)
 *           r  [[envelope, attributes|nil, edited] | attributes as JSON text, …]
 *           o  [[envelope|nil, [name, version, attributes]|nil], …]
 *           b  [offset, length, …]                        raw buffers
 *           w  raw buffers are whole requests (RawStore.complete)
 *           q  [signal, [rows, items, first id, observed ns, source], …] instead of most columns: the raw buffers are requests
 *              that nobody has read (unread.ts). c, r and o are then there only when a resource or record was changed
 *           f  [address|nil, metadata|nil] of the connection, when kept (origin.ts)
 *           l  [reason, milliseconds since the epoch, exporter, rows rejected] of a dead letter (letter.ts)
 *
 * Offsets count from the body. Numbers of the body are little-endian, as on every platform Node runs on. The document is
 * plain msgpack without extensions: any reader can open it. Attributes that were edited come back with one zero: -0 is 0
 * (the bytes of a record keep theirs).
 */
import { crc32 } from 'node:zlib'
import { Packr } from 'msgpackr'
import type { EventBatch } from './batch.js'
import { columnNames, columnSpecs, type Columns } from './columns.js'
import { compact } from './compact.js'
import { writeLetter, type Letter, type WrittenLetter } from './letter.js'
import type { Origin } from './origin.js'
import type { Resource, Scope } from './resource.js'
import type { Unread } from './unread.js'

export const formatName = 'tapio.batch'
export const formatVersion = 1

/** The document's first bytes: array tag, name, version. */
export const prefix = Buffer.concat([Buffer.from([0x96, 0xa0 | formatName.length]), Buffer.from(formatName), Buffer.from([formatVersion])])

export const crcAt = prefix.length
export const headerAt = crcAt + 10

/** Where the body starts when the header ends at `headerEnd`: after the bin tag, its length and the pad. */
export const bodyAfter = (headerEnd: number): number => align(headerEnd + 5)

const align = (n: number): number => Math.ceil(n / 8) * 8

/** Lengths and offsets are 32 bits. */
const maxBytes = 0xffffffff

/** Records off: a document must be readable on its own. A bigint beyond 64 bits is not worth losing a batch for. */
const headerCodec = new Packr({ useRecords: false, largeBigIntToString: true })

export interface Header {
  n: number
  c: number[]
  s: [number, number, number, number]
  a: [string, boolean, number, readonly unknown[]][]
  r: (string | [Uint8Array, unknown, boolean])[]
  o: [Uint8Array | null, [string, string, unknown] | null][]
  b: number[]
  w: boolean
  q?: [number, ...[number, number, Uint8Array, bigint, string][]]
  f?: [string | null, Origin['metadata'] | null]
  l?: WrittenLetter
}

/** A batch ready to be written: its size is known before a byte is copied, so a ring slot can be claimed for it. */
export interface EncodedBatch {
  readonly byteLength: number
  readonly rows: number
  /** Writes the document to the start of `target` (at least `byteLength` long, else RangeError before a byte is written). */
  writeTo(target: Uint8Array): void
}

/**
 * Lays out `batch`. `checksum` adds the CRC that files and queues need; between threads it would only cost time. `letter` makes it a dead
 * letter. Throws RangeError when the document would take 4 GiB or more: bound batches before.
 */
export function prepareBatch (batch: EventBatch, checksum = false, letter?: Letter): EncodedBatch {
  const layout = new Layout()
  const described = describe(compact(batch), layout)
  if (letter !== undefined) described.l = writeLetter(letter)
  const header = headerCodec.pack(described)
  const headerEnd = headerAt + header.length
  const bodyAt = bodyAfter(headerEnd)
  const byteLength = bodyAt + layout.length
  if (byteLength > maxBytes) throw new RangeError(`a batch of ${batch.count} rows takes ${byteLength} bytes encoded; at most ${maxBytes}`)
  return {
    byteLength,
    rows: batch.count,
    writeTo (target) {
      if (target.length < byteLength) throw new RangeError(`a document of ${byteLength} bytes does not fit into ${target.length}`)
      const out = Buffer.from(target.buffer, target.byteOffset, byteLength)
      out.set(prefix)
      out[headerAt - 5] = 0xce
      out.writeUInt32BE(header.length, headerAt - 4)
      out.set(header, headerAt)
      out[headerEnd] = 0xc6
      out.writeUInt32BE(byteLength - headerEnd - 5, headerEnd + 1)
      out.fill(0, headerEnd + 5, bodyAt)
      layout.writeTo(out, bodyAt)
      out[crcAt] = 0xce
      out.writeUInt32BE(checksum ? checksumOf(out) : 0, crcAt + 1)
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

/** CRC of everything after the CRC itself; 0 is kept for "none". */
export function checksumOf (document: Buffer): number {
  const crc = crc32(document.subarray(crcAt + 5))
  return crc === 0 ? 1 : crc
}

function describe (batch: EventBatch, layout: Layout): Header {
  const { unread, origin } = batch
  return {
    ...unread === undefined ? describeRead(batch, layout) : describeUnread(batch, unread, layout),
    n: batch.count,
    a: Array.from(batch.attributes, ([key, column]) => [key, column.edited, layout.add(column.index), column.values]),
    b: batch.raw.buffers.flatMap(b => [layout.add(b), b.length]),
    w: batch.raw.complete,
    ...origin === undefined ? {} : { f: [origin.address ?? null, origin.metadata ?? null] }
  }
}

type Rows = Pick<Header, 'c' | 's' | 'r' | 'o' | 'q'>

function describeUnread (batch: EventBatch, unread: Unread, layout: Layout): Rows {
  const q: Header['q'] = [unread.signal, ...unread.requests.map(r => [r.rows, r.items, r.firstId, r.observedTimeUnixNano, r.source] satisfies [number, number, Uint8Array, bigint, string])]
  if (batch.raw.complete || batch.located === undefined) return { c: [], s: [0, 0, 0, 0], r: [], o: [], q }
  const { resources, scopes } = batch.located
  return { c: describeColumns(batch.located.layout, layout), s: [0, 0, 0, 0], ...describeTables(resources, scopes), q }
}

function describeColumns (columns: Partial<Columns>, layout: Layout): number[] {
  const entries: number[] = []
  for (const name of columnNames) {
    const array = columns[name]
    if (array !== undefined) entries.push(columnSpecs[name].id, layout.add(array))
  }
  return entries
}

function describeTables (resources: readonly Resource[], scopes: readonly Scope[]): Pick<Header, 'r' | 'o'> {
  return {
    r: resources.map(r => r.envelope === undefined ? r.text : [r.envelope, r.edited ? r.attributes : null, r.edited]),
    o: scopes.map(s => [s.envelope ?? null, s.envelope === undefined ? [s.name, s.version, s.attributes] : null])
  }
}

function describeRead (batch: EventBatch, layout: Layout): Rows {
  const columns = describeColumns(batch.columns, layout)
  const strings = batch.strings.encode()
  const ends = layout.add(strings.ends)
  const bytes = layout.add(strings.bytes)
  return { c: columns, s: [strings.ends.length, ends, bytes, strings.bytes.length], ...describeTables(batch.resources, batch.scopes) }
}

/** The parts of the body and where they go. */
class Layout {
  length = 0
  readonly #parts: Uint8Array[] = []

  add (array: ArrayBufferView): number {
    const at = this.length
    this.#parts.push(array instanceof Uint8Array ? array : new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
    this.length = align(at + array.byteLength)
    return at
  }

  writeTo (out: Buffer, bodyAt: number): void {
    let at = bodyAt
    for (const part of this.#parts) {
      out.set(part, at)
      const end = at + part.length
      at = align(end)
      for (let gap = end; gap < at; gap++) out[gap] = 0
    }
  }
}

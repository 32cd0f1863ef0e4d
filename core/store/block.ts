/**
 * A block: up to 4096 events as one document of core/data/codec.ts with its checksum, deflated. Level 1: the next ones cost more time
 * for some percent.
 *
 *   value   length of the document u32 | deflated document
 *   head    rows u32 | first and last event time u64 u64 | stored at, ms f64 | bytes of the value u32 | worst severity u8 | bits of its index u7, has words u1
 */
import { deflateRaw, inflateRaw, inflateRawSync, type ZlibOptions } from 'node:zlib'
import { EventBatch } from '../data/batch.js'
import { encodeBatch } from '../data/codec.js'
import { decodeBatch } from '../data/decode.js'
import { encodeIndex, type BlockIndex } from './block-index.js'
import { timeOf } from './match.js'
import { termsOf } from './terms.js'
import { wordsOf } from './words.js'

export interface BlockHead {
  /** Number of its first event in the partition: events keep their number when blocks are merged. */
  readonly first: number
  readonly rows: number
  readonly minNano: bigint
  readonly maxNano: bigint
  readonly storedMs: number
  readonly bytes: number
  readonly maxSeverity: number
  readonly indexBits: number
  /** Whether signs and words are in its index: those of before there were any are not. */
  readonly hasWords: boolean
}

export interface Block { readonly head: BlockHead, readonly value: Buffer, readonly index: BlockIndex }

const headBytes = 34
const wordsBit = 0x80
/** Longer documents are put together of such pieces. */
const maxChunk = 4 << 20

/** Rows `from` to `to` (excluded) of `batch`, the first of which is event `first`. Compression runs on a thread of libuv's, not on this one. */
export async function makeBlock (batch: EventBatch, from: number, to: number, first: number, storedMs: number): Promise<Block> {
  const index = encodeIndex(termsOf(batch, from, to), wordsOf(batch, from, to))
  const document = encodeBatch(part(batch, from, to), true)
  const value = Buffer.concat([lengthOf(document), await deflate(document)])
  let [minNano, maxNano, maxSeverity] = [timeOf(batch, from), timeOf(batch, from), 0]
  for (let row = from; row < to; row++) {
    const time = timeOf(batch, row)
    if (time < minNano) minNano = time
    if (time > maxNano) maxNano = time
    maxSeverity = Math.max(maxSeverity, batch.columns.severity[row] as number)
  }
  return { head: { first, rows: to - from, minNano, maxNano, storedMs, bytes: value.length, maxSeverity, indexBits: index.bits, hasWords: true }, value, index }
}

/** Rows of a larger batch with their own raw records alone. */
function part (batch: EventBatch, from: number, to: number): EventBatch {
  const slice = batch.slice(from, to)
  const { rawEncoding, rawOffset, rawLength } = slice.columns
  if (slice === batch || rawEncoding === undefined) return slice
  const records = Array.from(slice, row => row.raw ?? nothing)
  const offsets = new Uint32Array(slice.count)
  let at = 0
  records.forEach((record, row) => { offsets[row] = at; at += record.length })
  const columns = { ...slice.columns, rawBuffer: new Uint16Array(slice.count), rawOffset: rawOffset === undefined ? new Uint32Array(slice.count) : offsets, ...(rawLength !== undefined && { rawLength }) }
  const { count, strings, resources, scopes, attributes, origin } = slice
  return new EventBatch({ count, columns, strings, resources, scopes, attributes, origin, raw: { buffers: [Buffer.concat(records)], complete: false } })
}

const nothing = new Uint8Array()

/** Undefined: damaged. */
export function readBlock (value: Buffer): EventBatch | undefined {
  try {
    return documentIn(inflateRawSync(value.subarray(4), sizesOf(value)))
  } catch {
    return undefined
  }
}

/** The same, unpacked on a thread of libuv's: half of the work. `value` must stay as it is. */
export function readBlockAside (value: Buffer): Promise<EventBatch | undefined> {
  return new Promise(resolve => {
    const finish = (error: Error | null, document: Buffer): void => { resolve(error === null ? documentIn(document) : undefined) }
    try { inflateRaw(value.subarray(4), sizesOf(value), finish) } catch { resolve(undefined) }
  })
}

/** All into one piece of memory: joining many would copy them. No more of it than a block can be, whatever the bytes say. */
function sizesOf (value: Buffer): ZlibOptions {
  const length = Math.max(1, value.readUInt32LE(0))
  return { maxOutputLength: length, chunkSize: Math.min(Math.max(64, length + 1), maxChunk) }
}

function documentIn (bytes: Buffer): EventBatch | undefined {
  const decoded = decodeBatch(bytes)
  return decoded.ok ? decoded.batch : undefined
}

/** Its number is its key. */
export function encodeHead ({ rows, minNano, maxNano, storedMs, bytes, maxSeverity, indexBits, hasWords }: BlockHead): Buffer {
  const out = Buffer.alloc(headBytes)
  out.writeUInt32LE(rows, 0)
  out.writeBigUInt64LE(minNano, 4)
  out.writeBigUInt64LE(maxNano, 12)
  out.writeDoubleLE(storedMs, 20)
  out.writeUInt32LE(bytes, 28)
  out.writeUInt8(maxSeverity, 32)
  out.writeUInt8(indexBits | (hasWords ? wordsBit : 0), 33)
  return out
}

export function decodeHead (first: number, bytes: Buffer): BlockHead {
  return {
    first, rows: bytes.readUInt32LE(0), minNano: bytes.readBigUInt64LE(4), maxNano: bytes.readBigUInt64LE(12), storedMs: bytes.readDoubleLE(20),
    bytes: bytes.readUInt32LE(28), maxSeverity: bytes.readUInt8(32), indexBits: bytes.readUInt8(33) & ~wordsBit, hasWords: (bytes.readUInt8(33) & wordsBit) !== 0
  }
}

function lengthOf (document: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(document.length)
  return length
}

function deflate (document: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => deflateRaw(document, { level: 1 }, (error, packed) => { if (error === null) resolve(packed); else reject(error) }))
}

/**
 * What two instances of Tapio say to each other on the one stream between them: arrays of plain msgpack, one a gRPC message.
 *
 *   collector                                    server
 *   [1, version, collector, epoch, acked]  ──►                           Hello: who I am, and the last batch I know you have
 *                                          ◄──   [1, version, taken,     Welcome: the last batch I have, and what I can take
 *                                                 max bytes, remembered,
 *                                                 [[sequence, count, reason, rows|nil], …]]
 *   [2, sequence, document]                ──►                           Batch: core/data/codec.ts, with its checksum
 *                                          ◄──   [2, sequence, count, reason, rows|nil]
 *                                                                        Ack: its outcome is known; `count` rows were rejected
 *
 * Sequences count the batches of an `epoch` (one life of an exporter) from 1. A batch that was not acknowledged is sent again on
 * the next connection, in order (go back N). `rows` are the numbers of rejected rows, u32 little-endian. A later minor change may
 * add items at the end of an array: readers ignore them. The head of a Batch has 16 bytes, so that the document keeps its alignment.
 */
import { Packr } from 'msgpackr'
import type { EncodedBatch } from '../data/codec.js'
import { Malformed, PlainReader } from '../data/plain-msgpack.js'
import type { AttributeValue } from '../data/attributes.js'

export const wireVersion = 1

/** Text of a Hello and reasons are cut here: nobody needs more, and servers keep them. */
export const maxIdLength = 256
const maxReasonLength = 1024
/** Bytes of a Batch before its document. */
export const batchHeadLength = 16

export interface Hello { readonly kind: 'hello', readonly version: number, readonly collector: string, readonly epoch: string, readonly acked: number }
export interface Batch { readonly kind: 'batch', readonly sequence: number, readonly document: Buffer }
export interface Ack {
  readonly kind: 'ack'
  readonly sequence: number
  /** Rows that were rejected; more than the batch has: all. */
  readonly count: number
  readonly reason: string
  readonly rows?: Uint32Array
}
export interface Welcome {
  readonly kind: 'welcome'
  readonly version: number
  /** The last sequence of the collector's epoch whose outcome is known. */
  readonly taken: number
  /** Largest message. */
  readonly maxBytes: number
  /** How many of the last event ids the server knows again. */
  readonly remembered: number
  /** What was rejected of the last batches, for acknowledgements that did not arrive. */
  readonly rejections: readonly Ack[]
}
export interface Fault { readonly kind: 'malformed', readonly reason: string }

const packer = new Packr({ useRecords: false })

export function encodeHello ({ collector, epoch, acked }: Omit<Hello, 'kind' | 'version'>): Buffer {
  return packer.pack([1, wireVersion, collector, epoch, acked])
}

/** The message in memory of its own. */
export function encodeBatchMessage (sequence: number, document: EncodedBatch): Buffer {
  const out = Buffer.allocUnsafeSlow(batchHeadLength + document.byteLength)
  out.set([0x93, 2, 0xcf])
  out.writeBigUInt64BE(BigInt(sequence), 3)
  out[11] = 0xc6
  out.writeUInt32BE(document.byteLength, 12)
  document.writeTo(out.subarray(batchHeadLength))
  return out
}

/** Gives an encoded Batch another sequence: after a new epoch has begun. */
export function renumber (message: Buffer, sequence: number): void {
  message.writeBigUInt64BE(BigInt(sequence), 3)
}

export function encodeWelcome ({ taken, maxBytes, remembered, rejections }: Omit<Welcome, 'kind' | 'version'>): Buffer {
  return packer.pack([1, wireVersion, taken, maxBytes, remembered, rejections.map(ackItems)])
}

export function encodeAck (ack: Omit<Ack, 'kind'>): Buffer {
  return packer.pack([2, ...ackItems(ack)])
}

const ackItems = ({ sequence, count, reason, rows }: Omit<Ack, 'kind'>): unknown[] => [sequence, count, reason.slice(0, maxReasonLength), rows === undefined ? null : littleEndian(rows)]

function littleEndian (rows: Uint32Array): Buffer {
  return Buffer.from(rows.buffer, rows.byteOffset, rows.byteLength)
}

/** What a collector sent. Never throws: the bytes come from outside. */
export function readFromCollector (bytes: Buffer): Hello | Batch | Fault {
  return read(bytes, (type, items) => {
    if (type === 1) return { kind: 'hello', version: count(items[1], 'version'), collector: name(items[2], 'collector id'), epoch: name(items[3], 'epoch'), acked: count(items[4], 'last acknowledged sequence') }
    if (type !== 2) throw new Malformed(`message type ${String(type)}: a collector sends 1 (Hello) or 2 (Batch)`)
    const document = items[2]
    if (!(document instanceof Uint8Array)) throw new Malformed('the document of a batch is not binary')
    return { kind: 'batch', sequence: count(items[1], 'sequence'), document: document as Buffer }
  })
}

/** What a server sent. Never throws. */
export function readFromServer (bytes: Buffer): Welcome | Ack | Fault {
  return read(bytes, (type, items) => {
    if (type === 2) return ackOf(items.slice(1))
    if (type !== 1) throw new Malformed(`message type ${String(type)}: a server sends 1 (Welcome) or 2 (Ack)`)
    const rejections = items[5]
    if (!Array.isArray(rejections)) throw new Malformed('the rejections of a Welcome are not a list')
    return {
      kind: 'welcome', version: count(items[1], 'version'), taken: count(items[2], 'taken'), maxBytes: count(items[3], 'max bytes'),
      remembered: count(items[4], 'remembered'), rejections: rejections.map(r => ackOf(listOf(r)))
    }
  })
}

function read<T> (bytes: Buffer, decode: (type: AttributeValue | undefined, items: readonly AttributeValue[]) => T): T | Fault {
  try {
    const items = listOf(PlainReader.only(bytes))
    return decode(items[0], items)
  } catch (error) {
    if (error instanceof Malformed) return { kind: 'malformed', reason: error.message }
    throw error
  }
}

function listOf (value: AttributeValue): readonly AttributeValue[] {
  if (!Array.isArray(value)) throw new Malformed('not an array')
  return value
}

function ackOf (items: readonly AttributeValue[]): Ack {
  const [sequence, rejected, reason, bytes] = items
  if (typeof reason !== 'string') throw new Malformed('the reason of an Ack is not text')
  const ack = { kind: 'ack' as const, sequence: count(sequence, 'sequence'), count: count(rejected, 'rejected rows'), reason: reason.slice(0, maxReasonLength) }
  return bytes instanceof Uint8Array && bytes.length % 4 === 0 ? { ...ack, rows: new Uint32Array(new Uint8Array(bytes).buffer) } : ack
}

/** A whole number from 0 that a double holds exactly. */
function count (value: AttributeValue | undefined, what: string): number {
  const number = typeof value === 'bigint' ? Number(value) : value
  if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 0) throw new Malformed(`the ${what} is no whole number`)
  return number
}

function name (value: AttributeValue | undefined, what: string): string {
  if (typeof value !== 'string' || value === '' || value.length > maxIdLength) throw new Malformed(`the ${what} is no text of 1 to ${maxIdLength} characters`)
  return value
}

/** Records on their way to the disk, and back: columns beside the bytes, so that a query looks at bytes only of what it wants. */
import { deflateRaw, inflateRawSync } from 'node:zlib'
import { blockHeadLength, columnBytes, deflated, encodeBlockHead, encodeDocument, kinds, maxDocumentBytes, typeBit, type BlockHead } from './segment-format.js'

/** Memory for one block, filled over and over: nothing is allocated for a record. */
export class BlockBuffer {
  readonly times: BigUint64Array
  readonly cgroups: BigUint64Array
  readonly pids: Uint32Array
  readonly ends: Uint32Array
  readonly types: Uint16Array
  readonly payload: Buffer
  count = 0
  /** Number of its first record in its segment. */
  first = 0

  constructor (readonly maxRecords: number, bytes: number) {
    this.times = new BigUint64Array(maxRecords)
    this.cgroups = new BigUint64Array(maxRecords)
    this.pids = new Uint32Array(maxRecords)
    this.ends = new Uint32Array(maxRecords)
    this.types = new Uint16Array(maxRecords)
    this.payload = Buffer.allocUnsafeSlow(bytes)
  }

  get used (): number { return this.count === 0 ? 0 : this.ends[this.count - 1] as number }

  hasRoom (bytes: number): boolean {
    return this.count < this.maxRecords && this.used + bytes <= this.payload.length
  }

  /** The caller has asked `hasRoom`. */
  append (type: number, time: bigint, cgroup: bigint, pid: number, bytes: Uint8Array): void {
    const n = this.count
    const at = this.used
    this.payload.set(bytes, at)
    this.times[n] = time
    this.cgroups[n] = cgroup
    this.pids[n] = pid
    this.types[n] = type
    this.ends[n] = at + bytes.length
    this.count = n + 1
  }

  reset (first: number): void {
    this.count = 0
    this.first = first
  }

  head (): BlockHead {
    let [minTime, maxTime, types] = [this.times[0] as bigint, this.times[0] as bigint, 0]
    for (let i = 0; i < this.count; i++) {
      const time = this.times[i] as bigint
      if (time < minTime) minTime = time
      if (time > maxTime) maxTime = time
      types |= typeBit(this.types[i] as number)
    }
    return { first: this.first, count: this.count, minTime, maxTime, types: types >>> 0, bodyLength: this.count * columnBytes + this.used }
  }

  /** The columns and records, in file order, copied: the buffer may be filled again. */
  body (): Buffer {
    const { count } = this
    return Buffer.concat([...[this.times, this.cgroups, this.pids, this.ends, this.types].map(column => new Uint8Array(column.buffer, 0, count * column.BYTES_PER_ELEMENT)), this.payload.subarray(0, this.used)])
  }
}

/** The block as a frame. Compression runs on a thread of libuv's, not on this one. */
export async function encodeBlock (marker: Uint8Array, head: BlockHead, body: Buffer, compress: boolean): Promise<Buffer> {
  const packed = compress ? await deflate(body) : body
  return encodeDocument(marker, kinds.block, compress ? deflated : 0, [encodeBlockHead(head), packed])
}

/** Level 1: kernel records are mostly zeros and repeats, higher levels cost twice the time for some percent. */
function deflate (body: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => deflateRaw(body, { level: 1 }, (error, packed) => { if (error === null) resolve(packed); else reject(error) }))
}

export interface Block extends BlockHead {
  readonly times: BigUint64Array
  readonly cgroups: BigUint64Array
  readonly pids: Uint32Array
  readonly typeIds: Uint16Array
  bytes(i: number): Uint8Array
}

/** The block of a document's checked content, or what is wrong with it. */
export function decodeBlock (head: BlockHead, content: Buffer, flags: number): Block | string {
  const { count, bodyLength } = head
  if (bodyLength > maxDocumentBytes || bodyLength < count * columnBytes) return `a block of ${count} records and ${bodyLength} bytes`
  const stored = content.subarray(blockHeadLength)
  const body = (flags & deflated) === 0 ? stored : inflate(stored, bodyLength)
  if (body?.length !== bodyLength) return 'a block does not unpack to its length'
  // Memory of its own, so that the columns are aligned.
  const memory = new Uint8Array(body).buffer
  const ends = new Uint32Array(memory, count * 20, count)
  const base = count * columnBytes
  for (let i = 0, before = 0; i < count; i++) {
    const end = ends[i] as number
    if (end < before || base + end > bodyLength) return 'a block whose records overlap'
    before = end
  }
  return {
    ...head,
    times: new BigUint64Array(memory, 0, count),
    cgroups: new BigUint64Array(memory, count * 8, count),
    pids: new Uint32Array(memory, count * 16, count),
    typeIds: new Uint16Array(memory, count * 24, count),
    bytes: i => new Uint8Array(memory, base + (i === 0 ? 0 : ends[i - 1] as number), (ends[i] as number) - (i === 0 ? 0 : ends[i - 1] as number))
  }
}

function inflate (stored: Buffer, length: number): Buffer | undefined {
  try {
    return inflateRawSync(stored, { maxOutputLength: Math.max(1, length) })
  } catch {
    return undefined
  }
}

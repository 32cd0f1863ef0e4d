/** Counts the spans of a trace export request and sums the hashes of their ids, without decoding anything else. */
import { idHash } from './payload.js'

/** Spans seen, the sum of their ids' hashes modulo 2^32, and how many came with the uid of their pod. */
export interface Tally { spans: number, sum: number, enriched: number }

export const emptyTally: Readonly<Tally> = { spans: 0, sum: 0, enriched: 0 }

const bytesField = (number: number): number => number << 3 | 2

/** The request's bytes with a position in them: one object a request, because a sink that costs much measures itself. */
class Cursor {
  at = 0

  constructor (readonly bytes: Buffer) {}

  varint (): number {
    let value = 0
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.bytes[this.at++] as number
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
  }

  /** Stands at the content of the next field with this tag and returns its end; -1 when there is none before `end`. */
  enter (tag: number, end: number): number {
    while (this.at < end) {
      const found = this.varint()
      const wire = found & 7
      if (wire === 0) { this.varint(); continue }
      if (wire !== 2) { this.at += wire === 1 ? 8 : 4; continue }
      const length = this.varint()
      if (found === tag) return this.at + length
      this.at += length
    }
    return -1
  }
}

/** Adds what is in `request` to `tally`. */
export function countSpans (request: Buffer, tally: Tally): void {
  const cursor = new Cursor(request)
  for (let resource = cursor.enter(bytesField(1), request.length); resource >= 0; resource = cursor.enter(bytesField(1), request.length)) {
    const before = tally.spans
    const enriched = isEnriched(cursor, resource)
    for (let scope = cursor.enter(bytesField(2), resource); scope >= 0; scope = cursor.enter(bytesField(2), resource)) {
      for (let span = cursor.enter(bytesField(2), scope); span >= 0; span = cursor.enter(bytesField(2), scope)) {
        addSpan(cursor, span, tally)
        cursor.at = span
      }
    }
    if (enriched) tally.enriched += tally.spans - before
  }
}

/** Leaves the cursor where it was. */
function isEnriched (cursor: Cursor, end: number): boolean {
  const { at, bytes } = cursor
  const resource = cursor.enter(bytesField(1), end)
  const found = resource >= 0 && bytes.subarray(cursor.at, resource).includes('k8s.pod.uid')
  cursor.at = at
  return found
}

function addSpan (cursor: Cursor, end: number, tally: Tally): void {
  if (cursor.enter(bytesField(2), end) < 0) throw new Error('a span without an id')
  const { bytes, at } = cursor
  tally.spans++
  tally.sum = tally.sum + idHash(bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4)) >>> 0
}

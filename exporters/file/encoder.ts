/** The two formats: how a file begins, what a batch becomes, and how to go on in a file that is already there. */
import type { EventBatch } from '../../core/data/batch.js'
import { encodeFrame, fileHeader, headerLength, magic, markerOf, newMarker } from '../../core/data/file-format.js'
import { eventToJson } from '../../core/data/json.js'

export interface Encoder {
  /** What a new file begins with. */
  begin(): Uint8Array
  /**
   * Takes up a file of which `head` are the first 24 bytes (or all, when it has less) and `last` is the last: how many of
   * its bytes to keep and what to add first. A string says why the file must not be touched.
   */
  resume(head: Buffer, last: number): { readonly keep: 'all' | 'none', readonly add: Uint8Array } | string
  encode(batch: EventBatch): Uint8Array
}

export function createEncoder (format: 'msgpack' | 'json', jsonRaw: boolean): Encoder {
  return format === 'msgpack' ? new FrameEncoder() : new LineEncoder(jsonRaw)
}

const nothing = new Uint8Array()

class FrameEncoder implements Encoder {
  #marker = newMarker()

  begin (): Uint8Array {
    this.#marker = newMarker()
    return fileHeader(this.#marker)
  }

  resume (head: Buffer): ReturnType<Encoder['resume']> {
    const marker = markerOf(head)
    if (marker !== undefined) {
      this.#marker = marker
      // A frame cut off at the end does no harm: readers find the next marker.
      return { keep: 'all', add: nothing }
    }
    // Ended while the header was being written: there is no batch in it.
    const start = head.subarray(0, magic.length)
    if (head.length < headerLength && start.equals(magic.subarray(0, start.length))) return { keep: 'none', add: this.begin() }
    return 'the file exists and is no tapio event file; it was left alone'
  }

  encode (batch: EventBatch): Uint8Array { return encodeFrame(batch, this.#marker) }
}

class LineEncoder implements Encoder {
  constructor (readonly raw: boolean) {}

  begin (): Uint8Array { return nothing }

  resume (head: Buffer, last: number): ReturnType<Encoder['resume']> {
    if (head.subarray(0, magic.length).equals(magic)) return 'the file exists and holds msgpack, not JSON lines; it was left alone'
    return { keep: 'all', add: last === 10 ? nothing : Buffer.from('\n') }
  }

  encode (batch: EventBatch): Uint8Array {
    let text = ''
    for (const row of batch) text += eventToJson(row, { raw: this.raw }) + '\n'
    return Buffer.from(text)
  }
}

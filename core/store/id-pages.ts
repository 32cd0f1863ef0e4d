/**
 * Which event ids there are, and where. An id is eight bytes of its source's run and a counter (core/data/ids.ts), so ids are kept by
 * pages of 256: the key is an id without its last byte, the value says which last bytes there are, in runs:
 *
 *   number of the first event u32 | its id's last byte u8 | ids in the run - 1 u8 | …
 *
 * Ids that count up cost 6 bytes a page; those that are hashes have a page each.
 */
import type { EventBatch } from '../data/batch.js'
import { idWords } from './terms.js'

export const pageKeyBytes = 15
const runBytes = 6

interface Page { readonly seen: Uint8Array, readonly key: Buffer, readonly runs: number[] }

/** Number of the event whose id has this last byte, by the runs of its page. */
export function eventIn (runs: Buffer, lastByte: number): number | undefined {
  for (let at = 0; at + runBytes <= runs.length; at += runBytes) {
    const first = runs.readUInt8(at + 4)
    if (lastByte >= first && lastByte <= first + runs.readUInt8(at + 5)) return runs.readUInt32LE(at) + lastByte - first
  }
  return undefined
}

/** The ids of the events being written, with what was there before. */
export class NewIds {
  readonly #pages = new Map<string, Page>()

  /** `stored`: all runs of a page that are kept anywhere. */
  constructor (readonly stored: (pageKey: Buffer) => readonly Buffer[]) {}

  /** 1 for each row whose id was not seen before; rows without an id are always new. */
  fresh (batch: EventBatch): Uint8Array {
    const fresh = new Uint8Array(batch.count).fill(1)
    this.#walk(batch, (row, page, lastByte) => {
      const [at, bit] = [lastByte >> 3, 1 << (lastByte & 7)]
      if (((page.seen[at] as number) & bit) !== 0) fresh[row] = 0
      else page.seen[at] = (page.seen[at] as number) | bit
    })
    return fresh
  }

  /** The rows of `batch` are events `first` and on. */
  place (batch: EventBatch, first: number): void {
    this.#walk(batch, (row, { runs }, lastByte) => {
      const last = runs.length - 3
      const length = last < 0 ? 0 : (runs[last + 2] as number) + 1
      if (last >= 0 && (runs[last] as number) + length === first + row && (runs[last + 1] as number) + length === lastByte) runs[last + 2] = length
      else runs.push(first + row, lastByte, 0)
    })
  }

  /** What is to be added to each page. */
  * added (): Generator<[Buffer, Buffer]> {
    for (const { key, runs } of this.#pages.values()) {
      if (runs.length === 0) continue
      const out = Buffer.alloc(runs.length / 3 * runBytes)
      for (let i = 0; i < runs.length; i += 3) {
        out.writeUInt32LE(runs[i] as number, i * 2)
        out.writeUInt8(runs[i + 1] as number, i * 2 + 4)
        out.writeUInt8(runs[i + 2] as number, i * 2 + 5)
      }
      yield [key, out]
    }
  }

  #walk (batch: EventBatch, visit: (row: number, page: Page, lastByte: number) => void): void {
    const { id } = batch.columns
    const words = idWords(id)
    if (id === undefined || words === undefined) return
    const bytes = Buffer.from(id.buffer, id.byteOffset, id.length)
    let before = 0
    let page: Page | undefined
    for (let row = 0; row < batch.count; row++) {
      const at = row * 4
      if (((words[at] as number) | (words[at + 1] as number) | (words[at + 2] as number) | (words[at + 3] as number)) === 0) continue
      if (page === undefined || !samePage(words, before, at)) page = this.#page(bytes, row * 16)
      before = at
      visit(row, page, bytes[row * 16 + 15] as number)
    }
  }

  #page (bytes: Buffer, at: number): Page {
    const name = bytes.toString('latin1', at, at + pageKeyBytes)
    const known = this.#pages.get(name)
    if (known !== undefined) return known
    const key = Buffer.from(bytes.subarray(at, at + pageKeyBytes))
    const seen = new Uint8Array(32)
    for (const runs of this.stored(key)) mark(seen, runs)
    const made: Page = { seen, key, runs: [] }
    this.#pages.set(name, made)
    return made
  }
}

/** All but the last byte, which is the high byte of the last word. */
function samePage (words: Uint32Array, a: number, b: number): boolean {
  return words[a] === words[b] && words[a + 1] === words[b + 1] && words[a + 2] === words[b + 2] && (((words[a + 3] as number) ^ (words[b + 3] as number)) & 0xffffff) === 0
}

function mark (seen: Uint8Array, runs: Buffer): void {
  for (let at = 0; at + runBytes <= runs.length; at += runBytes) {
    const first = runs.readUInt8(at + 4)
    for (let byte = first; byte <= Math.min(255, first + runs.readUInt8(at + 5)); byte++) seen[byte >> 3] = (seen[byte >> 3] as number) | 1 << (byte & 7)
  }
}

/** Reads a segment that may be finished, being written, cut off or damaged anywhere; trusts nothing of it. */
import { open, type FileHandle } from 'node:fs/promises'
import { frameHeadLength, frameLength, markerLength } from '../data/file-format.js'
import { decodeBlock, type Block } from './block.js'
import { blockHeadLength, checkedContent, decodeBlockHead, decodeIndex, documentHeadLength, headerLength, kinds, magic, maxDocumentBytes, trailerLength, trailerMagic, type BlockPlace } from './segment-format.js'
import type { SegmentFile } from './segments.js'
import { decodeTypes, type RawType } from './types.js'

export interface Damage {
  readonly offset: number
  readonly bytes: number
  readonly reason: string
  /** At the end of a segment that was not finished: normal after a kill, or while it is being written. */
  readonly tail: boolean
}

const firstLook = frameHeadLength + documentHeadLength + blockHeadLength
const seekWindow = 1 << 20

export class SegmentReader {
  types: ReadonlyMap<number, RawType> = new Map()
  readonly blocks: BlockPlace[] = []
  readonly damages: Damage[] = []
  #marker: Buffer = Buffer.alloc(0)

  private constructor (readonly handle: FileHandle, readonly size: number) {}

  /** Reads types and index, or looks from block to block where there is no index. Throws the system's error. */
  static async open (path: string): Promise<SegmentReader> {
    const handle = await open(path, 'r')
    try {
      const reader = new SegmentReader(handle, (await handle.stat()).size)
      await reader.#begin()
      return reader
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  async close (): Promise<void> { await this.handle.close() }

  /** The block at `place`, or what is wrong with it. */
  async block (place: BlockPlace): Promise<Block | string> {
    const document = await this.#document(place.offset)
    if (typeof document === 'string') return document
    if (document.kind !== kinds.block || document.content.length < blockHeadLength) return 'no block where one should be'
    return decodeBlock(decodeBlockHead(document.content), document.content, document.flags)
  }

  async #begin (): Promise<void> {
    const start = await this.#read(0, headerLength + markerLength)
    // The first frame repeats the marker: a damaged header hides nothing.
    const first = await this.#read(headerLength, frameHeadLength)
    const told = frameLength(first) >= 0 ? first : start.subarray(magic.length)
    this.#marker = Buffer.from(told.subarray(0, markerLength))
    if (this.#marker.length < markerLength) { this.#damaged(0, this.size, 'no raw store segment', true); return }
    if (!start.subarray(0, magic.length).equals(magic)) {
      this.#damaged(0, headerLength, 'the header is damaged', false)
      if (frameLength(first) < 0) return
    }
    if (!await this.#readIndex()) await this.#scan()
  }

  async #readIndex (): Promise<boolean> {
    const trailer = await this.#read(this.size - trailerLength, trailerLength)
    if (trailer.length < trailerLength || !trailer.subarray(4).equals(trailerMagic)) return false
    const index = await this.#document(this.size - trailerLength - trailer.readUInt32LE(0))
    const types = await this.#document(headerLength)
    if (typeof index === 'string' || typeof types === 'string' || index.kind !== kinds.index || types.kind !== kinds.types) return false
    this.#take(types.content)
    this.blocks.push(...decodeIndex(index.content))
    return true
  }

  async #scan (): Promise<void> {
    for (let at = headerLength; at < this.size;) {
      const look = await this.#read(at, firstLook)
      const length = frameHeadLength + frameLength(look)
      const sound = length >= frameHeadLength && look.subarray(0, markerLength).equals(this.#marker)
      if (sound && at + length <= this.size) {
        await this.#takeFrame(at, length, look)
        at += length
        continue
      }
      const next = await this.#seek(at + 1)
      this.#damaged(at, next - at, sound ? 'cut off inside a block' : 'the head of a block is damaged', next === this.size)
      at = next
    }
  }

  async #takeFrame (at: number, length: number, look: Buffer): Promise<void> {
    const kind = look[frameHeadLength]
    if (kind === kinds.types) {
      const document = await this.#document(at)
      if (typeof document === 'string') this.#damaged(at, length, document, false)
      else this.#take(document.content)
    }
    if (kind === kinds.block && look.length === firstLook) this.blocks.push({ ...decodeBlockHead(look.subarray(frameHeadLength + documentHeadLength)), offset: at, length })
  }

  #take (content: Buffer): void {
    this.types = new Map(decodeTypes(content).map(type => [type.id, type]))
  }

  /** Where the next marker is, or the end. */
  async #seek (from: number): Promise<number> {
    for (let at = from; at < this.size; at += seekWindow - markerLength) {
      const found = (await this.#read(at, seekWindow)).indexOf(this.#marker)
      if (found >= 0) return at + found
    }
    return this.size
  }

  async #document (at: number): Promise<{ kind: number, flags: number, content: Buffer } | string> {
    const head = await this.#read(at, frameHeadLength)
    const length = frameLength(head)
    if (length < 0 || !head.subarray(0, markerLength).equals(this.#marker)) return 'the head of a block is damaged'
    if (length > maxDocumentBytes || length > this.size) return `a block of ${length} bytes`
    const document = await this.#read(at + frameHeadLength, length)
    const content = document.length === length ? checkedContent(document) : undefined
    return content === undefined ? 'the check of a block is wrong' : { kind: document[0] as number, flags: document.readUInt16LE(2), content }
  }

  /** As many of the bytes as there are. */
  async #read (at: number, length: number): Promise<Buffer> {
    if (at < 0 || length <= 0) return Buffer.alloc(0)
    const buffer = Buffer.allocUnsafe(length)
    let got = 0
    while (got < length) {
      const { bytesRead } = await this.handle.read(buffer, got, length - got, at + got)
      if (bytesRead === 0) break
      got += bytesRead
    }
    return buffer.subarray(0, got)
  }

  #damaged (offset: number, bytes: number, reason: string, tail: boolean): void {
    this.damages.push({ offset, bytes, reason, tail })
  }
}

/** Milliseconds since the epoch of a segment's newest record; when it was begun, if it has none that can be read. */
export async function newestTimeMs (segment: SegmentFile): Promise<number> {
  const reader = await SegmentReader.open(segment.path).catch(() => undefined)
  await reader?.close()
  return (reader?.blocks ?? []).reduce((newest, block) => Math.max(newest, Number(block.maxTime / 1_000_000n)), segment.begunMs)
}

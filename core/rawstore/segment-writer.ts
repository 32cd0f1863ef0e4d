/** The segment being written. Whatever a failed write left behind is cut off again, so that a full disk tears nothing. */
import { unlink, type FileHandle } from 'node:fs/promises'
import { newMarker } from '../data/file-format.js'
import { openToWrite } from '../files/safe-open.js'
import { encodeBlock, type BlockBuffer } from './block.js'
import { encodeDocument, encodeIndex, encodeTrailer, kinds, segmentHeader, type BlockPlace } from './segment-format.js'
import { segmentPath } from './segments.js'
import { encodeTypes, type RawType } from './types.js'

export class SegmentWriter {
  readonly #places: BlockPlace[] = []
  #size = 0

  private constructor (readonly id: string, readonly path: string, readonly handle: FileHandle, readonly marker: Buffer) {}

  /** Makes the file, readable by its owner alone: records hold command lines. Throws the system's error. */
  static async create (directory: string, id: string, types: readonly RawType[]): Promise<SegmentWriter> {
    const path = segmentPath(directory, id)
    const marker = newMarker()
    const writer = new SegmentWriter(id, path, await openToWrite(path, 'wx'), marker)
    try {
      await writer.#write(Buffer.concat([segmentHeader(marker), encodeDocument(marker, kinds.types, 0, [encodeTypes(types)])]))
    } catch (error) {
      await writer.handle.close()
      await unlink(path).catch(() => undefined)
      throw error
    }
    return writer
  }

  get size (): number { return this.#size }

  async append (block: BlockBuffer, compress: boolean): Promise<void> {
    const head = block.head()
    const frame = await encodeBlock(this.marker, head, block.body(), compress)
    const offset = this.#size
    await this.#write(frame)
    this.#places.push({ ...head, offset, length: frame.length })
  }

  /** Writes the index and closes. A segment without one is as good, only slower to look through. */
  async finish (): Promise<void> {
    try {
      const index = encodeDocument(this.marker, kinds.index, 0, [encodeIndex(this.#places)])
      await this.#write(Buffer.concat([index, encodeTrailer(index.length)]))
    } finally {
      await this.handle.close()
    }
  }

  async #write (bytes: Uint8Array): Promise<void> {
    try {
      // Where it belongs, not where the file stands: behind a write that failed half way that is too far.
      for (let at = 0; at < bytes.length;) at += (await this.handle.write(bytes, at, bytes.length - at, this.#size + at)).bytesWritten
    } catch (error) {
      await this.handle.truncate(this.#size).catch(() => undefined)
      throw error
    }
    this.#size += bytes.length
  }
}

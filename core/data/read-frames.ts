/** Reads the container of file-format.ts from a stream, holding at most one frame, and steps over what is damaged. */
import type { EventBatch } from './batch.js'
import { ByteWindow } from './byte-window.js'
import { decodeBatch, type DecodeResult } from './decode.js'
import { frameHeadLength, frameLength, headerLength, markerLength, markerOf } from './file-format.js'
import type { Letter } from './letter.js'

export type FileItem =
  | { readonly kind: 'batch', readonly batch: EventBatch, readonly offset: number, readonly letter?: Letter }
  /** `bytes` bytes from `offset` on could not be used. */
  | { readonly kind: 'damage', readonly offset: number, readonly bytes: number, readonly reason: string }

/** Where a batch that nobody wants begins: it is stepped over without a look into it. */
export type Skip = (offset: number) => boolean

/** Every whole batch of the file in order, and one `damage` for every stretch between that is none. */
export async function * readFrames (chunks: AsyncIterable<Uint8Array>, maxFrameBytes: number, skip: Skip = () => false): AsyncGenerator<FileItem> {
  const window = new ByteWindow(chunks)
  try {
    yield * new FrameReader(window, maxFrameBytes, skip).read()
  } finally {
    await window.close()
  }
}

class FrameReader {
  #damageAt = -1
  #reason = ''

  constructor (readonly window: ByteWindow, readonly maxFrameBytes: number, readonly skip: Skip) {}

  async * read (): AsyncGenerator<FileItem> {
    const marker = await this.#readHeader()
    if (marker === undefined) { yield * this.#rest(); return }
    while (await this.window.fill(1)) {
      const offset = this.window.offset
      const result = await this.#frame(marker)
      if (typeof result === 'string') {
        this.#damaged(result)
        if (!await this.#seek(marker)) break
        continue
      }
      yield * this.#endDamage(offset)
      if (result.ok) yield { kind: 'batch', batch: result.batch, offset, ...result.letter !== undefined && { letter: result.letter } }
    }
    yield * this.#rest()
  }

  /**
   * The file's marker. When the header is damaged, the first frame tells it: its check shows that it is not damaged too.
   */
  async #readHeader (): Promise<Buffer | undefined> {
    await this.window.fill(headerLength + frameHeadLength)
    const { bytes } = this.window
    const named = markerOf(bytes)
    const first = bytes.subarray(headerLength)
    const told = frameLength(first) >= 0 ? Buffer.from(first.subarray(0, markerLength)) : undefined
    if (named === undefined) this.#damaged(bytes.length === 0 ? '' : 'not a tapio event file, or its header is damaged')
    if (named !== undefined && told !== undefined && !named.equals(told)) this.#damaged('the header is damaged')
    const marker = told ?? named
    if (marker !== undefined) this.window.skip(headerLength)
    return marker
  }

  /** The batch of the frame at the window's start, which is then skipped, or what is wrong with it. Not ok: nobody wants it. */
  async #frame (marker: Buffer): Promise<Extract<DecodeResult, { ok: true }> | { readonly ok: false } | string> {
    if (!await this.window.fill(frameHeadLength)) return 'cut off inside the head of a frame'
    const { bytes } = this.window
    const length = frameLength(bytes)
    if (length < 0 || !bytes.subarray(0, markerLength).equals(marker)) return 'the head of a frame is damaged'
    if (length > this.maxFrameBytes) return `a frame of ${length} bytes; at most ${this.maxFrameBytes} are read`
    if (!await this.window.fill(frameHeadLength + length)) return `cut off inside a frame of ${length} bytes`
    if (this.skip(this.window.offset)) { this.window.skip(frameHeadLength + length); return { ok: false } }
    // Memory of its own: the batch keeps views of it.
    const document = Buffer.allocUnsafeSlow(length)
    this.window.bytes.copy(document, 0, frameHeadLength, frameHeadLength + length)
    const decoded = decodeBatch(document)
    if (!decoded.ok) return decoded.error
    this.window.skip(frameHeadLength + length)
    return decoded
  }

  /** Moves on to the next marker; false when there is none. */
  async #seek (marker: Buffer): Promise<boolean> {
    for (let from = 1; ;) {
      const at = this.window.bytes.indexOf(marker, from)
      if (at >= 0) { this.window.skip(at); return true }
      // A marker may have begun in the last bytes.
      this.window.skip(Math.max(0, this.window.length - markerLength + 1))
      from = 0
      if (!await this.window.fill(this.window.length + 1)) return false
    }
  }

  #damaged (reason: string): void {
    if (this.#damageAt >= 0) return
    this.#damageAt = this.window.offset
    this.#reason = reason
  }

  * #endDamage (offset: number): Generator<FileItem> {
    if (this.#damageAt >= 0 && offset > this.#damageAt) yield { kind: 'damage', offset: this.#damageAt, bytes: offset - this.#damageAt, reason: this.#reason }
    this.#damageAt = -1
  }

  /** What is left is no frame: how much of it there is, without keeping it. */
  async * #rest (): AsyncGenerator<FileItem> {
    while (await this.window.fill(1)) {
      this.#damaged('cut off')
      this.window.skip(this.window.length)
    }
    yield * this.#endDamage(this.window.offset)
  }
}

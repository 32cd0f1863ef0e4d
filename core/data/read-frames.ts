/** Reads the container of file-format.ts from a stream, holding at most one frame, and steps over what is damaged. */
import type { EventBatch } from './batch.js'
import { ByteWindow } from './byte-window.js'
import { decodeBatch, type DecodeResult } from './decode.js'
import { frameHeadLength, frameLength, headerLength, markerLength, markerOf } from './file-format.js'
import type { Letter } from './letter.js'

export type FileItem =
  /** `end`: where what follows begins. */
  | { readonly kind: 'batch', readonly batch: EventBatch, readonly offset: number, readonly end: number, readonly letter?: Letter }
  /** `bytes` bytes from `offset` on could not be used. `isLast`: up to the end of the stream, which a file that grows may yet complete. */
  | { readonly kind: 'damage', readonly offset: number, readonly bytes: number, readonly end: number, readonly reason: string, readonly isLast: boolean }

/** Where to begin that is not the start: the stream begins there. */
export interface FrameStart { readonly offset: number, readonly marker: Buffer }

/** Where a batch that nobody wants begins: it is stepped over without a look into it. */
export type Skip = (offset: number) => boolean

/** Every whole batch of the file in order, and one `damage` for every stretch between that is none. */
export async function * readFrames (chunks: AsyncIterable<Uint8Array>, maxFrameBytes: number, skip: Skip = () => false, from?: FrameStart): AsyncGenerator<FileItem> {
  const window = new ByteWindow(chunks, from?.offset)
  try {
    yield * new FrameReader(window, maxFrameBytes, skip).read(from?.marker)
  } finally {
    await window.close()
  }
}

/** The marker of a file that begins with `head`; undefined when neither its header nor its first frame tells it. */
export function markerIn (head: Buffer): Buffer | undefined {
  const first = head.subarray(headerLength)
  return frameLength(first) >= 0 ? Buffer.from(first.subarray(0, markerLength)) : markerOf(head)
}

class FrameReader {
  #damageAt = -1
  #reason = ''

  constructor (readonly window: ByteWindow, readonly maxFrameBytes: number, readonly skip: Skip) {}

  async * read (known: Buffer | undefined): AsyncGenerator<FileItem> {
    const marker = known ?? await this.#readHeader()
    if (marker === undefined) { yield * this.#rest(); return }
    while (await this.window.fill(1)) {
      const offset = this.window.offset
      const result = await this.#frame(marker)
      if (typeof result === 'string') {
        this.#damaged(result)
        if (!await this.#seek(marker)) break
        continue
      }
      yield * this.#endDamage(offset, false)
      if (result.ok) yield { kind: 'batch', batch: result.batch, offset, end: this.window.offset, ...result.letter !== undefined && { letter: result.letter } }
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
    const told = frameLength(first) >= 0 ? first.subarray(0, markerLength) : undefined
    if (named === undefined) this.#damaged(bytes.length === 0 ? '' : 'not a tapio event file, or its header is damaged')
    if (named !== undefined && told !== undefined && !named.equals(told)) this.#damaged('the header is damaged')
    const marker = markerIn(bytes)
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

  * #endDamage (offset: number, isLast: boolean): Generator<FileItem> {
    if (this.#damageAt >= 0 && offset > this.#damageAt) yield { kind: 'damage', offset: this.#damageAt, bytes: offset - this.#damageAt, end: offset, reason: this.#reason, isLast }
    this.#damageAt = -1
  }

  /** What is left is no frame: how much of it there is, without keeping it. */
  async * #rest (): AsyncGenerator<FileItem> {
    while (await this.window.fill(1)) {
      this.#damaged('cut off')
      this.window.skip(this.window.length)
    }
    yield * this.#endDamage(this.window.offset, true)
  }
}

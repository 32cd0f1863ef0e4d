/**
 * The bytes of one request as they come. Large chunks are kept as they are; small ones are copied together, because a client
 * that sends byte by byte would otherwise make each byte cost an object and whatever read buffer it points into.
 */
const smallBytes = 4096
const blockBytes = 16_384

export class Chunks {
  readonly #parts: Buffer[] = []
  /** The last part, with room behind it, when it is ours. */
  #block: Buffer | undefined
  #filled = 0
  #length = 0

  get length (): number { return this.#length }

  add (chunk: Buffer): void {
    this.#length += chunk.length
    // The first is kept as it is: most requests are one chunk.
    if (chunk.length >= smallBytes || this.#parts.length === 0) {
      this.#closeBlock()
      this.#parts.push(chunk)
      return
    }
    if (this.#block === undefined || this.#filled + chunk.length > blockBytes) {
      this.#closeBlock()
      this.#parts.push(this.#block = Buffer.allocUnsafeSlow(blockBytes))
    }
    this.#filled += chunk.copy(this.#block, this.#filled)
  }

  /** The bytes when they are in one piece. Nothing may be added afterwards. */
  whole (): Buffer | undefined {
    this.#closeBlock()
    return this.#parts.length === 1 ? this.#parts[0] : undefined
  }

  /** All bytes: the one piece itself, or a copy of several. Nothing may be added afterwards. */
  bytes (): Buffer { return this.whole() ?? this.copyTo(Buffer.allocUnsafeSlow(this.#length)) }

  /** Fills `target`, which is as long as all bytes. */
  copyTo (target: Buffer): Buffer {
    let at = 0
    for (const part of this.#parts) {
      target.set(part, at)
      at += part.length
    }
    return target
  }

  #closeBlock (): void {
    if (this.#block === undefined) return
    this.#parts[this.#parts.length - 1] = this.#block.subarray(0, this.#filled)
    this.#block = undefined
    this.#filled = 0
  }
}

/** A body in one piece, or in several. */
export type Body = Buffer | Chunks

export const wholeBody = (body: Body): Buffer => Buffer.isBuffer(body) ? body : body.bytes()

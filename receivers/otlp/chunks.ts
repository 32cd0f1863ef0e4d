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

  /** All bytes: the one chunk itself, or a copy of several. Nothing may be added afterwards. */
  bytes (): Buffer {
    this.#closeBlock()
    return this.#parts.length === 1 ? this.#parts[0] as Buffer : Buffer.concat(this.#parts, this.#length)
  }

  #closeBlock (): void {
    if (this.#block === undefined) return
    this.#parts[this.#parts.length - 1] = this.#block.subarray(0, this.#filled)
    this.#block = undefined
    this.#filled = 0
  }
}

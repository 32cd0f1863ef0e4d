/** Bodies that are compressed: which encodings there are, and how many are undone at once. */
import { compressions, decompress, type Compression, type Decompressed } from '../../core/net/compression.js'

export type { Compression, Decompressed }
export const contentEncodings: readonly string[] = compressions

/**
 * Decompresses, a few at a time: until a body is out its size is unknown, so what the queue lets in at once (libuv has four
 * threads for it anyway) times the size limit is the memory that bombs can take.
 */
export class Decompressor {
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor (readonly maxBytes: number, readonly concurrency = 4) {}

  async run (compression: Compression, body: Buffer): Promise<Decompressed> {
    if (this.#running >= this.concurrency) await new Promise<void>(resolve => this.#waiting.push(resolve))
    else this.#running++
    try {
      return await decompress(compression, body, this.maxBytes)
    } finally {
      // The place goes to the next in line, or back.
      const next = this.#waiting.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }
}

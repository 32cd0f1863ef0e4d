/**
 * Memory for the frames of a queue: each is encoded into it once, written to the disk from it, and given out from it while it is young.
 * Frames that follow one another lie side by side, so that a group is one write. A block is used anew when nobody holds a frame in it:
 * fresh memory costs four times what copying into it does, and a full collection for every 64 MB of buffers that V8 sees come and go.
 */

/** Bytes that stay as they are until `release`. Whoever has one holds it once. */
export interface Frame {
  readonly bytes: Buffer
  hold(): void
  /** Once for every `hold`, and once for the claim. */
  release(): void
}

const blockBytes = 1 << 20
/** Larger ones have memory of their own. */
const largestFrame = blockBytes >> 1
/** The others go when they are free: an outage needs more of them than the days after it. */
const keptBlocks = 4

class Block {
  readonly bytes = Buffer.allocUnsafeSlow(blockBytes)
  end = 0
  frames = 0
}

export class FrameMemory {
  readonly #free: Block[] = []
  #current: Block | undefined
  #blocks = 0

  /** `maxBlocks` of 1 MiB; what finds no room in them has memory of its own. 0: all have, and it stays as it is for good. */
  constructor (readonly maxBlocks: number) {}

  /** Whether frames lie in memory that is used anew after their release. */
  get lends (): boolean { return this.maxBlocks > 0 }

  claim (length: number): Frame {
    const block = length > largestFrame ? undefined : this.#blockFor(length)
    if (block === undefined) return { bytes: Buffer.allocUnsafeSlow(length), hold: () => undefined, release: () => undefined }
    const bytes = block.bytes.subarray(block.end, block.end += length)
    block.frames++
    let holders = 1
    return {
      bytes,
      hold: () => { holders++ },
      release: () => {
        if (--holders === 0 && --block.frames === 0) this.#reuse(block)
      }
    }
  }

  /** undefined: all blocks are in use. */
  #blockFor (length: number): Block | undefined {
    if (this.#current !== undefined && this.#current.end + length <= blockBytes) return this.#current
    const block = this.#free.pop() ?? this.#fresh()
    if (block === undefined) return undefined
    const before = this.#current
    this.#current = block
    if (before?.frames === 0) this.#keep(before)
    return block
  }

  #fresh (): Block | undefined {
    if (this.#blocks >= this.maxBlocks) return undefined
    this.#blocks++
    return new Block()
  }

  #reuse (block: Block): void {
    if (block === this.#current) block.end = 0
    else this.#keep(block)
  }

  #keep (block: Block): void {
    block.end = 0
    if (this.#free.length < keptBlocks) this.#free.push(block)
    else this.#blocks--
  }
}

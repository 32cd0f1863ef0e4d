/**
 * Memory for the raw bytes that a parcel holds, in blocks. Bytes that came in lent memory are copied here, one after the
 * other; where what follows keeps nothing either, the blocks of a delivered parcel serve the next one. A buffer a request
 * instead costs more than the copy: page faults, and collections that V8 makes for every 64 MB of buffers.
 */
const blockBytes = 1024 * 1024

/** What waits to be used again: two parcels of 8192 spans. */
const maxFree = 8

export class BlockPool {
  readonly #free: Buffer[] = []

  /** `reuse` = bytes of a parcel are free again with its outcome. */
  constructor (readonly reuse: boolean) {}

  take (): Buffer { return this.#free.pop() ?? Buffer.allocUnsafeSlow(blockBytes) }

  give (blocks: readonly Buffer[]): void {
    if (this.reuse) this.#free.push(...blocks.slice(0, maxFree - this.#free.length))
  }
}

export class Shelf {
  #blocks: Buffer[] = []
  #used = blockBytes

  constructor (readonly pool: BlockPool) {}

  /** A copy of `bytes`, at a multiple of eight; larger ones get memory of their own. */
  readonly place = (bytes: Uint8Array): Uint8Array => {
    const { length } = bytes
    if (length > blockBytes / 2) return copyInto(Buffer.allocUnsafeSlow(length), bytes)
    if (this.#used + length > blockBytes) {
      this.#blocks.push(this.pool.take())
      this.#used = 0
    }
    const at = this.#used
    this.#used = (at + length + 7) & ~7
    return copyInto((this.#blocks.at(-1) as Buffer).subarray(at, at + length), bytes)
  }

  /** The blocks that hold what was placed until now; what comes next goes into others. */
  clear (): readonly Buffer[] {
    const blocks = this.#blocks
    this.#blocks = []
    this.#used = blockBytes
    return blocks
  }
}

function copyInto (target: Buffer, bytes: Uint8Array): Buffer {
  target.set(bytes)
  return target
}

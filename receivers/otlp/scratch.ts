/**
 * Memory for bodies that came in several chunks, used again and again where what follows keeps nothing (`nextBorrows`). A
 * fresh buffer a request is what cost most after reading it: page faults, and a full collection for every 64 MB of buffers
 * that V8 sees come and go.
 */
const smallestBytes = 256 * 1024

/** Larger blocks, and more of them than this, are not kept: as many requests as wait for the pipeline need one each. */
const largestKeptBytes = 4 * 1024 * 1024
const maxKept = 4

export interface Loan {
  readonly bytes: Buffer
  /** `bytes` may be used for something else. Once. */
  end(): void
}

export class Scratch {
  readonly #free: Buffer[] = []

  constructor (readonly lends: boolean) {}

  /** `length` bytes of any content. Undefined when nothing may be lent. */
  borrow (length: number): Loan | undefined {
    if (!this.lends) return undefined
    const at = this.#free.findIndex(block => block.length >= length)
    const block = at >= 0 ? this.#free.splice(at, 1)[0] as Buffer : Buffer.allocUnsafeSlow(Math.max(smallestBytes, 2 ** Math.ceil(Math.log2(length))))
    return { bytes: block.subarray(0, length), end: () => this.#keep(block) }
  }

  #keep (block: Buffer): void {
    if (block.length > largestKeptBytes) return
    if (this.#free.length === maxKept) this.#free.shift()
    this.#free.push(block)
  }
}

/** Lines out of chunks that may end anywhere; a line that is too long is skipped to its end, and what follows is read. */
const newline = 10

export class EntryLines {
  #open: Buffer[] = []
  #bytes = 0
  /** In a line that is too long. */
  #skipping = false

  constructor (readonly maxBytes: number, readonly onTooLong: () => void) {}

  push (chunk: Buffer): string[] {
    const lines: string[] = []
    let from = 0
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, from)) {
      this.#grow(chunk.subarray(from, at))
      from = at + 1
      if (!this.#skipping && this.#bytes > 0) lines.push(Buffer.concat(this.#open).toString())
      this.#skipping = false
      this.#clear()
    }
    this.#grow(chunk.subarray(from))
    return lines
  }

  #grow (piece: Buffer): void {
    if (this.#skipping || piece.length === 0) return
    this.#open.push(piece)
    this.#bytes += piece.length
    if (this.#bytes <= this.maxBytes) return
    this.#skipping = true
    this.#clear()
    this.onTooLong()
  }

  #clear (): void { this.#open = []; this.#bytes = 0 }
}

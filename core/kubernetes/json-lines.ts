/** Lines out of chunks that may end anywhere, also within a character. */

export class LineTooLong extends Error {
  override readonly name = 'LineTooLong'
  constructor (readonly maxBytes: number) { super(`a line of more than ${maxBytes} bytes`) }
}

const newline = 10

export class LineSplitter {
  /** Chunks of the line that has no end yet. */
  #open: Buffer[] = []
  #openBytes = 0

  constructor (readonly maxBytes: number) {}

  /** The lines that end in `chunk`, without empty ones. Throws LineTooLong; what follows it is no longer of use. */
  * push (chunk: Buffer): Generator<string> {
    let from = 0
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, from)) {
      this.#grow(chunk.subarray(from, at))
      const line = this.#take()
      from = at + 1
      if (line.trim() !== '') yield line
    }
    this.#grow(chunk.subarray(from))
  }

  /** Bytes of a line that never ended. */
  get pending (): number { return this.#openBytes }

  #grow (piece: Buffer): void {
    if (piece.length === 0) return
    this.#openBytes += piece.length
    if (this.#openBytes > this.maxBytes) throw new LineTooLong(this.maxBytes)
    this.#open.push(piece)
  }

  #take (): string {
    const [first] = this.#open
    const line = this.#open.length === 1 && first !== undefined ? first.toString() : Buffer.concat(this.#open).toString()
    this.#open = []
    this.#openBytes = 0
    return line
  }
}

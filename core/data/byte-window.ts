/** The part of a stream that is being looked at: grows at its end as chunks come, shrinks at its start as they are used. */
export class ByteWindow {
  #memory = Buffer.allocUnsafeSlow(65536)
  #start = 0
  #end = 0
  #ended = false
  readonly #source: AsyncIterator<Uint8Array>

  /** `offset`: where the window starts in the stream. */
  constructor (source: AsyncIterable<Uint8Array>, public offset = 0) {
    this.#source = source[Symbol.asyncIterator]()
  }

  get length (): number { return this.#end - this.#start }

  /** What is there, as a view: valid until the next `fill`. */
  get bytes (): Buffer { return this.#memory.subarray(this.#start, this.#end) }

  /** True when at least `count` bytes are there now; false when the stream ends before that. */
  async fill (count: number): Promise<boolean> {
    while (this.length < count && !this.#ended) {
      const { value, done } = await this.#source.next()
      if (done === true) this.#ended = true
      else this.#append(value)
    }
    return this.length >= count
  }

  /** Gives up `count` bytes at the start. */
  skip (count: number): void {
    this.#start += count
    this.offset += count
  }

  /** Lets the source go before its end. */
  async close (): Promise<void> {
    await this.#source.return?.()
  }

  #append (chunk: Uint8Array): void {
    if (this.#end + chunk.length > this.#memory.length) this.#makeRoom(chunk.length)
    this.#memory.set(chunk, this.#end)
    this.#end += chunk.length
  }

  /** Moves what is left to the front, into twice the memory when that is not enough: copying stays linear. */
  #makeRoom (count: number): void {
    const needed = this.length + count
    const target = needed * 2 > this.#memory.length ? Buffer.allocUnsafeSlow(needed * 2) : this.#memory
    this.#memory.copy(target, 0, this.#start, this.#end)
    this.#end -= this.#start
    this.#start = 0
    this.#memory = target
  }
}

/** First in, first out, of integers: a ring that grows. */
export class IntQueue {
  #ring = new Int32Array(64)
  #head = 0
  size = 0

  push (value: number): void {
    if (this.size === this.#ring.length) this.#grow()
    this.#ring[(this.#head + this.size++) % this.#ring.length] = value
  }

  /** Undefined when empty. */
  peek (): number | undefined { return this.size === 0 ? undefined : this.#ring[this.#head] }

  shift (): void {
    this.#head = (this.#head + 1) % this.#ring.length
    this.size--
  }

  get byteLength (): number { return this.#ring.byteLength }

  #grow (): void {
    const larger = new Int32Array(this.#ring.length * 2)
    for (let i = 0; i < this.size; i++) larger[i] = this.#ring[(this.#head + i) % this.#ring.length] as number
    this.#ring = larger
    this.#head = 0
  }
}

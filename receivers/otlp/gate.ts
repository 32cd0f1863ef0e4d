/**
 * How much may be under way at once, over both protocols: the receiver's memory bound. A request takes a place when its
 * head arrives and bytes as its body arrives; both are given back together when it is answered.
 */
export class Gate {
  #places: number
  #bytes = 0

  constructor (readonly maxRequests: number, readonly maxBytes: number, readonly onChange: (bytes: number) => void = () => {}) {
    this.#places = maxRequests
  }

  get bytes (): number { return this.#bytes }
  get requests (): number { return this.maxRequests - this.#places }

  /** A place, or undefined when all are taken. */
  enter (): Place | undefined {
    if (this.#places === 0) return undefined
    this.#places--
    return new Place(this)
  }

  /** For Place alone: `n` more bytes (or fewer) are held, and a place is given back. */
  add (n: number, places = 0): void {
    this.#bytes += n
    this.#places += places
    this.onChange(this.#bytes)
  }
}

export class Place {
  #held = 0
  #left = false

  constructor (readonly gate: Gate) {}

  /**
   * Counts `n` more bytes for this request; false when that would be too many at once. One request alone always fits: its
   * own size limit bounds it, and refusing it for ever would help nobody.
   */
  take (n: number): boolean {
    const { gate } = this
    if (this.#left || (gate.bytes + n > gate.maxBytes && gate.bytes > this.#held)) return false
    this.#held += n
    gate.add(n)
    return true
  }

  /** Gives everything back; further calls do nothing. */
  leave (): void {
    if (this.#left) return
    this.#left = true
    this.gate.add(-this.#held, 1)
  }
}

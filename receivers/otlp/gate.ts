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
    let held = 0
    let left = false
    return {
      /** One request alone always fits: its own size limit bounds it, and refusing it for ever would help nobody. */
      take: n => {
        if (left || (this.#bytes + n > this.maxBytes && this.#bytes > held)) return false
        held += n
        this.#add(n)
        return true
      },
      leave: () => {
        if (left) return
        left = true
        this.#places++
        this.#add(-held)
      }
    }
  }

  #add (n: number): void {
    this.#bytes += n
    this.onChange(this.#bytes)
  }
}

export interface Place {
  /** Counts `n` more bytes for this request; false when that would be too many at once. */
  take(n: number): boolean
  /** Gives everything back; further calls do nothing. */
  leave(): void
}

/** So many looks a second of event time: of a flood some tell as much as all, and the same rows always give the same ones. */

/** Back by more: a time far ahead was a broken clock's. */
const maxSkewSeconds = 60

export class Budget {
  #second = 0
  #left: number

  constructor (readonly perSecond: number) { this.#left = perSecond }

  /** True: this one is looked at. */
  take (timeMs: number): boolean {
    const second = Math.floor(timeMs / 1000)
    if (second > this.#second || second < this.#second - maxSkewSeconds) { this.#second = second; this.#left = this.perSecond }
    return this.#left-- > 0
  }
}

/** A binary heap: hardest first, of the same strength the smaller key. What was offered again harder is given again, earlier. */
import type { EntityKey } from '../correlation/entity.js'

export class HardestFirst {
  readonly #keys: EntityKey[] = []
  readonly #strengths: number[] = []

  get size (): number { return this.#keys.length }

  offer (key: EntityKey, strength: number): void {
    let at = this.#keys.push(key) - 1
    this.#strengths.push(strength)
    while (at > 0) {
      const up = (at - 1) >> 1
      if (!this.#isBefore(at, up)) return
      this.#swap(at, up)
      at = up
    }
  }

  take (): EntityKey | undefined {
    const last = this.#keys.length - 1
    if (last < 0) return undefined
    this.#swap(0, last)
    const key = this.#keys.pop()
    this.#strengths.pop()
    for (let at = 0; ;) {
      let first = at
      for (const down of [2 * at + 1, 2 * at + 2]) if (down < last && this.#isBefore(down, first)) first = down
      if (first === at) return key
      this.#swap(at, first)
      at = first
    }
  }

  #isBefore (a: number, b: number): boolean {
    const [strengthA, strengthB] = [this.#strengths[a] as number, this.#strengths[b] as number]
    return strengthA > strengthB || (strengthA === strengthB && (this.#keys[a] as string) < (this.#keys[b] as string))
  }

  #swap (a: number, b: number): void {
    const [key, strength] = [this.#keys[a] as string, this.#strengths[a] as number]
    this.#keys[a] = this.#keys[b] as string
    this.#strengths[a] = this.#strengths[b] as number
    this.#keys[b] = key
    this.#strengths[b] = strength
  }
}

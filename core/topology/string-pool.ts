/** Strings that many hold at once, each kept once and under a number while somebody holds it. 0 is ''. */
export class StringPool {
  readonly #texts: string[] = ['']
  readonly #holders: number[] = [1]
  readonly #ids = new Map<string, number>([['', 0]])
  readonly #free: number[] = []

  /** The number of `text`, held once more. */
  hold (text: string): number {
    const known = this.#ids.get(text)
    if (known !== undefined) {
      this.#holders[known] = (this.#holders[known] as number) + 1
      return known
    }
    const id = this.#free.pop() ?? this.#texts.length
    this.#texts[id] = text
    this.#holders[id] = 1
    this.#ids.set(text, id)
    return id
  }

  release (id: number): void {
    const left = (this.#holders[id] as number) - 1
    this.#holders[id] = left
    if (left > 0 || id === 0) return
    this.#ids.delete(this.#texts[id] as string)
    this.#texts[id] = ''
    this.#free.push(id)
  }

  at (id: number): string { return this.#texts[id] as string }

  get size (): number { return this.#ids.size }
}

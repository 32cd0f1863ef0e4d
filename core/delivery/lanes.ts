/** At most so many at once; who comes later waits in line, first come first served. */
export class Lanes {
  readonly #waiting: (() => void)[] = []
  #idle: (() => void)[] = []
  #running = 0

  constructor (readonly width: number) {}

  async run<T> (work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.width) await new Promise<void>(resolve => this.#waiting.push(resolve))
    else this.#running++
    try {
      return await work()
    } finally {
      this.#next()
    }
  }

  /** Resolves when nothing runs and nobody waits. */
  idle (): Promise<void> {
    return this.#running === 0 ? Promise.resolve() : new Promise(resolve => this.#idle.push(resolve))
  }

  /** Hands the lane to the next in line, so that nobody who comes meanwhile can slip in before. */
  #next (): void {
    const next = this.#waiting.shift()
    if (next !== undefined) { next(); return }
    this.#running--
    if (this.#running > 0) return
    const idle = this.#idle
    this.#idle = []
    for (const resolve of idle) resolve()
  }
}

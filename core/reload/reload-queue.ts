/** Reloads one after the other. Those asked for while one runs are one, after it. */
export class ReloadQueue {
  #running: Promise<void> | undefined
  #again: string | undefined
  #isOver = false

  constructor (readonly reload: (because: string) => Promise<void>) {}

  request (because: string): void {
    if (this.#isOver) return
    if (this.#running !== undefined) { this.#again = because; return }
    this.#running = this.#run(because)
  }

  /** None begins any more. Resolves when the last has ended. */
  async end (): Promise<void> {
    this.#isOver = true
    await this.#running
  }

  async #run (because: string): Promise<void> {
    for (let next: string | undefined = because; next !== undefined && !this.#isOver; next = this.#taken()) await this.reload(next)
    this.#running = undefined
  }

  #taken (): string | undefined {
    const next = this.#again
    this.#again = undefined
    return next
  }
}

/** Something that happens once, and those who wait for it. */
import { aborted } from '../delivery/in-flight.js'

export class Latch {
  #open: () => void = () => undefined
  readonly #opened = new Promise<void>(resolve => { this.#open = resolve })

  open (): void { this.#open() }

  /** Resolves when it is open; with a signal, at the latest when that aborts. */
  async opened (signal?: AbortSignal): Promise<void> {
    if (signal === undefined) return this.#opened
    const over = aborted(signal)
    await Promise.race([this.#opened, over.promise])
    over.cancel()
  }
}

/** How far a long command is, on stderr: one line drawn again in place on a terminal, a line now and then elsewhere. */
import { number, shortDuration } from '../story/words.js'
import type { CommandIo } from './io.js'

/** Nobody needs to be told of what is over in a moment. */
const firstMs = 1000
const terminalMs = 200
const logMs = 10_000

export class Progress {
  readonly #startedMs: number
  readonly #everyMs: number
  #nextMs: number
  #isDrawn = false

  constructor (readonly io: CommandIo, readonly doing: string, readonly nowMs = (): number => performance.now()) {
    this.#startedMs = nowMs()
    this.#everyMs = io.isErrTerminal === true ? terminalMs : logMs
    this.#nextMs = this.#startedMs + Math.max(firstMs, io.isErrTerminal === true ? 0 : logMs)
  }

  get elapsedMs (): number { return this.nowMs() - this.#startedMs }

  /** Cheap enough to call for every batch. */
  tell (events: number): void {
    const nowMs = this.nowMs()
    if (nowMs < this.#nextMs) return
    this.#nextMs = nowMs + this.#everyMs
    const line = `${this.doing}: ${events === 0 ? 'reading' : `${number(events)} events`}, ${shortDuration(nowMs - this.#startedMs)}`
    this.io.err(this.io.isErrTerminal === true ? `\r\u001b[K${line}` : `${line}\n`)
    this.#isDrawn = true
  }

  /** Takes the line away. */
  end (): void {
    if (this.#isDrawn && this.io.isErrTerminal === true) this.io.err('\r\u001b[K')
    this.#isDrawn = false
  }
}

import type { StatusReporter } from '../../component/status.js'

/** The status of a processor that is isolated: what it says of itself is told, but `ok` not while it fails. */
export class HeldStatus implements StatusReporter {
  #own: () => void = () => { this.outer.ok() }
  #held = ''

  constructor (readonly outer: StatusReporter) {}

  /** Why it is degraded; '' when it is not. */
  get reason (): string { return this.#held }

  ok (): void { this.#say(() => { this.outer.ok() }) }
  degraded (reason: string): void { this.#say(() => { this.outer.degraded(reason) }) }
  recoverableError (reason: string): void { this.#say(() => { this.outer.recoverableError(reason) }) }
  permanentError (reason: string): void { this.#say(() => { this.outer.permanentError(reason) }) }

  hold (reason: string): void {
    this.#held = reason
    this.outer.degraded(reason)
  }

  /** It works again: what it said last holds. */
  release (): void {
    if (this.#held === '') return
    this.#held = ''
    this.#own()
  }

  #say (tell: () => void): void {
    this.#own = tell
    if (this.#held === '') tell()
  }
}

/** What texts are signs of. The same text again costs one look; bounded. */
import type { Seen } from '../../core/correlation/signs.js'
import { textSign } from '../../core/correlation/signs-text.js'
import { Severity } from '../../core/data/enums.js'

const maxKnown = 4096
const longestKnown = 512

export class Texts {
  readonly #known = new Map<string, Seen | undefined>()

  /** Rows of lower severity claim to be fine; those without one claim nothing. */
  worth (severity: number): boolean { return severity >= Severity.warning || severity === Severity.unspecified }

  sign (text: string, severity: number): Seen | undefined {
    if (text.length > longestKnown) return textSign(text, severity)
    const key = `${severity} ${text}`
    if (this.#known.has(key)) return this.#known.get(key)
    const seen = textSign(text, severity)
    if (this.#known.size >= maxKnown) this.#known.clear()
    this.#known.set(key, seen)
    return seen
  }
}

/** What texts are signs of. A text that differs from one before in long numbers and ids only costs one look; bounded. */
import type { Seen } from '../../core/correlation/signs.js'
import { textSign } from '../../core/correlation/signs-text.js'
import { TextMemo } from '../../core/correlation/text-memo.js'
import { Severity } from '../../core/data/enums.js'

export class Texts {
  readonly #memo = new TextMemo(textSign)

  /** Rows of lower severity claim to be fine; those without one claim nothing. */
  worth (severity: number): boolean { return severity >= Severity.warning || severity === Severity.unspecified }

  sign (text: string, severity: number): Seen | undefined { return this.#memo.of(text, severity) }
}

/** How many bytes of JSON a log line may still take, and cutting what would take more. */
const maxTextChars = 4096
const cut = '…[cut]'

/** Bytes of `text` as a JSON string with its quotes, in UTF-8. */
const jsonBytes = (text: string): number => Buffer.byteLength(JSON.stringify(text))

export class LineBudget {
  #left: number

  constructor (bytes: number) {
    this.#left = bytes
  }

  get left (): number {
    return this.#left
  }

  /** Takes `bytes`; false when they are not there, and then nothing was taken. */
  spend (bytes: number): boolean {
    if (bytes > this.#left) return false
    this.#left -= bytes
    return true
  }

  /** Takes what `text` needs as a JSON string and returns it, or as much of its beginning as fits. */
  text (text: string, maxBytes: number = this.#left): string {
    const limit = Math.min(maxBytes, this.#left)
    // Cut by characters first: measuring a text of a gigabyte would already be the harm.
    let kept = text.length > maxTextChars ? text.slice(0, maxTextChars) + cut : text
    let bytes = jsonBytes(kept)
    for (let chars = Math.min(text.length, maxTextChars); bytes > limit && chars > 0;) {
      chars = Math.floor(chars * Math.min(0.9, limit / bytes))
      kept = text.slice(0, chars) + cut
      bytes = jsonBytes(kept)
    }
    this.#left = Math.max(0, this.#left - bytes)
    return kept
  }
}

/**
 * Equal texts as one string: images, reasons, node names and units come ten thousand times, and JSON.parse makes each anew.
 * Measured with 10,000 pods: README.md.
 */
const maxTexts = 100_000
/** Longer ones are rarely the same. */
const maxLength = 128

export class SharedTexts {
  #texts = new Map<string, string>()

  share (text: string): string {
    if (text.length > maxLength) return text
    const known = this.#texts.get(text)
    if (known !== undefined) return known
    // Forgets all at once: those that are still in use come back with their next holder.
    if (this.#texts.size >= maxTexts) this.#texts = new Map()
    this.#texts.set(text, text)
    return text
  }
}

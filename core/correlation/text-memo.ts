/**
 * Answers about texts by what is the same in all of their kind: numbers of six digits and more, and ids, are taken out, and their length is
 * left. No rule (signs-text.ts) looks for such a number, so texts that are the same without them have the same answer, unless some of
 * one is in it. Bounded.
 */
import type { Seen } from './signs.js'

const maxKnown = 4096
/** Longer texts are mostly stack traces, and seldom come twice. */
const longestKnown = 512

/** Not behind a colon: there a number is a port. Lower case only, as tools write ids. */
const ids = /(?<![:\w])(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{16,64}|\d{6,20})(?!\w)/g
const longNumber = /\d{6}|[0-9a-f]{16}/

export class TextMemo {
  readonly #known = new Map<string, Seen | undefined>()

  constructor (readonly find: (text: string, severity: number) => Seen | undefined) {}

  of (text: string, severity: number): Seen | undefined {
    if (text.length > longestKnown) return this.find(text, severity)
    const key = `${severity} ${text.replace(ids, id => `#${id.length}`)}`
    const known = this.#known.get(key)
    if (known !== undefined || this.#known.has(key)) return known
    const seen = this.find(text, severity)
    if (seen !== undefined && Object.values(seen.detail).some(v => typeof v === 'string' && longNumber.test(v))) return seen
    if (this.#known.size >= maxKnown) this.#known.clear()
    this.#known.set(key, seen)
    return seen
  }
}

/**
 * Answers about texts by what is the same in all of their kind: numbers of four digits and more, and ids, are taken out, and their length is
 * left. No rule (signs-text.ts) looks for such a number but as a port, and what may be one stays in. So texts that are the same without
 * them have the same answer, unless one of them is in it. Bounded.
 */
import type { Seen } from './signs.js'

const maxKnown = 4096
/** Longer texts are mostly stack traces, and seldom come twice. */
const longestKnown = 512

/** Not what may be a port, or part of an address or a name. Lower case only, as tools write ids. */
const ids = /(?<![:=.\w"'-]|port )(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{16,64}|\d{4,20})(?![\w.-])/g

export class TextMemo {
  readonly #known = new Map<string, Seen | undefined>()

  constructor (readonly find: (text: string, severity: number) => Seen | undefined) {}

  of (text: string, severity: number): Seen | undefined {
    if (text.length > longestKnown) return this.find(text, severity)
    const taken: string[] = []
    const key = `${severity} ${text.replace(ids, id => { taken.push(id); return `#${id.length}` })}`
    const known = this.#known.get(key)
    if (known !== undefined || this.#known.has(key)) return known
    const seen = this.find(text, severity)
    if (seen !== undefined && Object.values(seen.detail).some(v => typeof v === 'string' && taken.some(id => v.includes(id)))) return seen
    if (this.#known.size >= maxKnown) this.#known.clear()
    this.#known.set(key, seen)
    return seen
  }
}

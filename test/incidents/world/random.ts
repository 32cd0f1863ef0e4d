/** Repeatable randomness with what worlds need of it: spans of time, ids, names that no two things share. */
import { seeded, type Random } from '../../../core/data/testing/random.js'

export class Dice {
  readonly #random: Random
  readonly #names = new Set<string>()

  constructor (readonly seed: number) { this.#random = seeded(seed) }

  below (limit: number): number { return this.#random.below(limit) }
  chance (p: number): boolean { return this.#random.chance(p) }
  pick<T> (items: readonly T[]): T { return this.#random.pick(items) }

  /** From `from` to `to`, both possible. */
  between (from: number, to: number): number { return from + this.#random.below(to - from + 1) }

  hex (digits: number): string {
    let text = ''
    while (text.length < digits) text += this.#random.word().toString(16).padStart(8, '0')
    return text.slice(0, digits)
  }

  uuid (): string {
    const h = this.hex(32)
    return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-a${h.slice(17, 20)}-${h.slice(20)}`
  }

  /** As Kubernetes makes suffixes: without vowels and look-alikes. */
  suffix (length: number): string {
    return Array.from({ length }, () => this.pick([...'bcdfghjklmnpqrstvwxz2456789'])).join('')
  }

  shuffled<T> (items: readonly T[]): T[] {
    const out = [...items]
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.below(i + 1)
      ;[out[i], out[j]] = [out[j] as T, out[i] as T]
    }
    return out
  }

  some<T> (items: readonly T[], count: number): T[] { return this.shuffled(items).slice(0, count) }

  /** A name of one or two of the words that was not given before. */
  name (first: readonly string[], second: readonly string[] = []): string {
    for (let i = 0; ; i++) {
      const base = this.pick(first) + (second.length > 0 && this.chance(0.6) ? `-${this.pick(second)}` : '') + (i > 40 ? `-${i}` : '')
      if (this.#names.has(base)) continue
      this.#names.add(base)
      return base
    }
  }

  /** Another stream of chance, so that what one part draws does not move the others. */
  fork (label: number): Dice { return new Dice((this.seed * 2654435761 + label * 40503) >>> 0) }
}

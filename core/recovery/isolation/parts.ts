/**
 * What a processor has at work elsewhere than in its `consume`: analyzers in an engine. Whoever runs them says when one fails, and lets go of
 * them when their processor is made anew. By the type of the processor; one of these a thread.
 */
import type { Shared } from '../../component/services.js'

export class Parts {
  readonly #listeners = new Map<string, Set<(error: unknown) => void>>()
  readonly #ends = new Map<string, (() => void)[]>()

  /** A part of `type` failed; the others went on. */
  failed (type: string, error: unknown): void { for (const listener of this.#listeners.get(type) ?? []) listener(error) }

  /** The function given back ends it. */
  onFailed (type: string, listener: (error: unknown) => void): () => void {
    const listeners = this.#listeners.get(type) ?? new Set()
    this.#listeners.set(type, listeners.add(listener))
    return () => { listeners.delete(listener) }
  }

  /** `end` lets go of a part of `type`. */
  began (type: string, end: () => void): void { this.#ends.set(type, [...this.#ends.get(type) ?? [], end]) }

  end (type: string): void {
    const ends = this.#ends.get(type) ?? []
    this.#ends.delete(type)
    for (const end of ends) end()
  }
}

export const partsOf = (shared: Shared): Parts => shared.get('recovery.parts', () => new Parts())

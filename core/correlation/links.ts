/** All links between symptoms that are held, by either end. Bounded: beyond `maxLinks` the weakest go. */
import type { Link } from './link.js'

export class Links {
  readonly #byId = new Map<string, Link>()
  readonly #into = new Map<string, Set<Link>>()
  readonly #outOf = new Map<string, Set<Link>>()
  /** Grows with every change. */
  version = 0
  refused = 0

  constructor (readonly maxLinks = 200_000) {}

  get size (): number { return this.#byId.size }

  /** A link that is known is replaced when the new one is surer. True: something changed. */
  add (link: Link): boolean {
    const known = this.#byId.get(link.id)
    if (known !== undefined && known.confidence >= link.confidence) return false
    if (known === undefined && this.#byId.size >= this.maxLinks) { this.refused++; return false }
    if (known !== undefined) this.#take(known)
    this.#byId.set(link.id, link)
    put(this.#into, link.effect, link)
    put(this.#outOf, link.cause, link)
    this.version++
    return true
  }

  into (symptom: string): Iterable<Link> { return this.#into.get(symptom) ?? [] }
  outOf (symptom: string): Iterable<Link> { return this.#outOf.get(symptom) ?? [] }
  all (): Iterable<Link> { return this.#byId.values() }

  /** With the symptom go its links. */
  forget (symptom: string): void {
    for (const link of [...this.into(symptom), ...this.outOf(symptom)]) this.#take(link)
  }

  #take (link: Link): void {
    if (!this.#byId.delete(link.id)) return
    cut(this.#into, link.effect, link)
    cut(this.#outOf, link.cause, link)
    this.version++
  }
}

function put (map: Map<string, Set<Link>>, key: string, link: Link): void {
  const known = map.get(key)
  if (known === undefined) map.set(key, new Set([link]))
  else known.add(link)
}

function cut (map: Map<string, Set<Link>>, key: string, link: Link): void {
  const known = map.get(key)
  known?.delete(link)
  if (known?.size === 0) map.delete(key)
}

/** The latest symptoms of each subject, in order of their first times. Bounded, the oldest go. */
import type { EntityKey } from '../entity.js'
import type { Symptom } from '../symptom.js'
import type { Symptoms } from '../symptoms.js'

const maxOfSubject = 48
const maxSubjects = 20_000

export class Recent {
  readonly #of = new Map<EntityKey, Set<string>>()
  readonly #symptoms: Symptoms

  constructor (symptoms: Symptoms) { this.#symptoms = symptoms }

  get size (): number { return this.#of.size }

  add (keys: readonly EntityKey[], { id }: Symptom): void {
    for (const key of keys) {
      const known = this.#of.get(key) ?? new Set<string>()
      known.delete(id)
      known.add(id)
      if (known.size > maxOfSubject) known.delete(known.values().next().value as string)
      this.#of.delete(key)
      this.#of.set(key, known)
      if (this.#of.size > maxSubjects) this.#of.delete(this.#of.keys().next().value as EntityKey)
    }
  }

  of (key: EntityKey): Symptom[] {
    const found: Symptom[] = []
    for (const id of this.#of.get(key) ?? []) {
      const symptom = this.#symptoms.get(id)
      if (symptom !== undefined) found.push(symptom)
    }
    return found.sort(byTime)
  }
}

export function byTime (a: Symptom, b: Symptom): number { return a.firstMs - b.firstMs || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0) }

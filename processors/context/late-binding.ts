/** Symptoms that wait to learn whose they are. Looked at again when the cluster model changed; bounded in time and number. */
import type { EntityRef } from '../../core/correlation/entity.js'
import type { Symptoms } from '../../core/correlation/symptoms.js'

interface Waiting { readonly symptoms: Set<string>, untilMs: number }

const maxIdentities = 10_000
const maxOfIdentity = 64

export class LateBinding {
  readonly #waiting = new Map<string, Waiting>()
  #seen = -1
  bound = 0
  expired = 0

  constructor (readonly symptoms: Symptoms, readonly keepMs: number) {}

  get size (): number { return this.#waiting.size }

  wait (identity: string, symptomId: string, timeMs: number): void {
    if (this.keepMs <= 0) return
    const known = this.#waiting.get(identity)
    if (known !== undefined) {
      known.untilMs = Math.max(known.untilMs, timeMs + this.keepMs)
      if (known.symptoms.size < maxOfIdentity) known.symptoms.add(symptomId)
      return
    }
    if (this.#waiting.size >= maxIdentities) { this.#waiting.delete(this.#waiting.keys().next().value as string); this.expired++ }
    this.#waiting.set(identity, { symptoms: new Set([symptomId]), untilMs: timeMs + this.keepMs })
  }

  /** `version`: of all that `find` looks into; the same one is not asked twice. What waits too long waits no more. */
  settle (version: number, nowMs: number, find: (identity: string) => EntityRef | undefined): void {
    if (this.#waiting.size === 0) return
    const isNew = version !== this.#seen
    this.#seen = version
    for (const [identity, { symptoms, untilMs }] of this.#waiting) {
      const entity = isNew ? find(identity) : undefined
      if (entity !== undefined) this.#bind(symptoms, entity)
      else if (untilMs < nowMs) this.expired++
      else continue
      this.#waiting.delete(identity)
    }
  }

  #bind (ids: ReadonlySet<string>, entity: EntityRef): void {
    for (const id of ids) {
      const symptom = this.symptoms.get(id)
      if (symptom === undefined) continue
      this.symptoms.rebind(symptom, entity)
      this.bound++
    }
  }
}

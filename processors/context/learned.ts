/** Pods by identities that resources named together with them: for clusters whose objects Tapio does not see. Bounded; the oldest go. */
import type { EntityRef } from '../../core/correlation/entity.js'

const maxLearned = 50_000

export class Learned {
  readonly #pods = new Map<string, EntityRef>()
  /** Grows with every new identity. */
  version = 0

  add (identity: string, pod: EntityRef): void {
    const known = this.#pods.get(identity)
    if (known !== undefined && known.name === pod.name && known.namespace === pod.namespace) return
    this.#pods.delete(identity)
    this.#pods.set(identity, pod)
    this.version++
    if (this.#pods.size > maxLearned) this.#pods.delete(this.#pods.keys().next().value as string)
  }

  find (identity: string): EntityRef | undefined { return this.#pods.get(identity) }
}

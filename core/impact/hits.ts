/** Who is hit and how hard, each entity once: the hardest hit counts. Bounded. */
import { entityKey, type EntityKey, type EntityRef } from '../correlation/entity.js'
import type { Affected } from '../incidents/incident.js'

export interface Hit {
  readonly entity: EntityRef
  /** 0 to 1: 1 = nothing of it works, `degradedFrom` = it works noticeably worse. */
  readonly strength: number
  /** It has symptoms of its own. */
  readonly isOwn: boolean
  /** It does no work: a pod that counts as no replica. */
  readonly isLost: boolean
  readonly why: string
  /** When it was there: what was deleted since is found in the topology of then. */
  readonly timeMs: number
}

export const degradedFrom = 0.5
/** Below this it is not worth telling. */
export const toldFrom = 0.15
/** Nothing is left. */
const failedFrom = 0.95

export class Hits {
  readonly #byKey = new Map<EntityKey, Hit>()
  /** Hits that were not taken: the bound was reached. */
  refused = 0

  constructor (readonly maxHits = 5000) {}

  get (entity: EntityRef): Hit | undefined { return this.#byKey.get(entityKey(entity)) }

  byKey (key: EntityKey): Hit | undefined { return this.#byKey.get(key) }

  /** In the order in which they were first hit. */
  all (): Iterable<Hit> { return this.#byKey.values() }

  /** True: it is news. Own symptoms keep their words; what is lost stays lost. */
  offer (hit: Hit): boolean {
    if (hit.strength < toldFrom) return false
    const key = entityKey(hit.entity)
    const known = this.#byKey.get(key)
    if (known === undefined) {
      if (this.#byKey.size >= this.maxHits) { this.refused++; return false }
      this.#byKey.set(key, hit)
      return true
    }
    const words = known.isOwn === hit.isOwn ? hit.strength > known.strength ? hit : known : known.isOwn ? known : hit
    const merged = { ...words, strength: Math.max(known.strength, hit.strength), isOwn: known.isOwn || hit.isOwn, isLost: known.isLost || hit.isLost, timeMs: known.timeMs }
    if (merged.strength === known.strength && merged.isOwn === known.isOwn && merged.isLost === known.isLost && merged.why === known.why) return false
    this.#byKey.set(key, merged)
    return true
  }
}

export function stateOf ({ strength, isOwn }: Hit): Affected['state'] {
  return isOwn || strength >= failedFrom ? 'failed' : strength >= degradedFrom ? 'degraded' : 'at_risk'
}

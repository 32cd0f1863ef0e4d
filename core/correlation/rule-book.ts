/** The rules of propagation.ts by what they are asked for. Answers are kept: signs are few. */
import { propagation, type Rule } from './propagation.js'
import type { RelationName } from './relations.js'
import { matches } from './sign-sets.js'
import type { Symptom } from './symptom.js'

/** Signs are a closed list, but detail of a broken plugin may not be. */
const maxKept = 100_000

export class RuleBook {
  readonly #rules: readonly Rule[]
  readonly #relations = new Map<string, ReadonlySet<RelationName>>()
  readonly #pairs = new Map<string, readonly Rule[]>()
  /** The widest window of any rule. */
  readonly longestMs: number

  constructor (windowMs: number, rules: readonly Rule[] = propagation) {
    this.#rules = rules
    this.longestMs = Math.max(windowMs, ...rules.map(r => r.windowMs ?? 0))
  }

  /** Relations over which something may have caused `effect`. */
  relationsInto ({ sign, role }: Symptom): ReadonlySet<RelationName> {
    const key = `${role} ${sign}`
    const known = this.#relations.get(key)
    if (known !== undefined) return known
    const found = new Set(role === 'recovery' ? [] : this.#rules.filter(r => r.effects.some(p => matches(p, sign, role))).flatMap(r => r.over))
    return kept(this.#relations, key, found)
  }

  /** Rules for the pair, the surest first. */
  between (cause: Symptom, effect: Symptom, relation: RelationName): readonly Rule[] {
    const key = `${relation} ${cause.role} ${cause.sign} ${effect.role} ${effect.sign}`
    const known = this.#pairs.get(key)
    if (known !== undefined) return known
    if (cause.role === 'recovery' || effect.role === 'recovery') return kept(this.#pairs, key, [])
    const fits = (r: Rule): boolean => r.over.includes(relation) && r.causes.some(p => matches(p, cause.sign, cause.role)) && r.effects.some(p => matches(p, effect.sign, effect.role))
    return kept(this.#pairs, key, this.#rules.filter(fits).sort((a, b) => b.base - a.base))
  }
}

function kept<V> (map: Map<string, V>, key: string, value: V): V {
  if (map.size >= maxKept) map.clear()
  map.set(key, value)
  return value
}

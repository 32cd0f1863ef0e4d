/**
 * Each symptom and its best explanation: of all links into a symptom the surest becomes its parent, so that an effect that two
 * faults share belongs to the one that explains it better, and the two stay apart. Pure: depends on symptoms and links alone.
 */
import { entityKey } from '../correlation/entity.js'
import type { Link } from '../correlation/link.js'
import type { Links } from '../correlation/links.js'
import { layers, type Symptom } from '../correlation/symptom.js'
import type { Symptoms } from '../correlation/symptoms.js'

export interface Tree {
  readonly root: Symptom
  /** The root first, then by time. */
  readonly members: readonly Symptom[]
}

export interface Forest {
  readonly trees: readonly Tree[]
  readonly parents: ReadonlyMap<string, Link>
}

export interface ForestOptions {
  /** Weaker links are no explanation. */
  readonly minLink: number
  /** Symptoms whose last event is older take no part. */
  readonly sinceMs: number
  /** The most telling ones; what is beyond waits. */
  readonly maxSymptoms: number
}

export function forestOf (symptoms: Symptoms, links: Links, { minLink, sinceMs, maxSymptoms }: ForestOptions): Forest & { readonly cut: number } {
  const all = [...symptoms.all()].filter(s => (s.role === 'trouble' || s.role === 'change') && s.lastMs >= sinceMs)
  const cut = Math.max(0, all.length - maxSymptoms)
  const active = (cut === 0 ? all : all.sort((a, b) => b.severity - a.severity || b.count - a.count || compareIds(a, b)).slice(0, maxSymptoms)).sort(causalOrder)
  const taken = new Map(active.map(s => [s.id, s]))
  const parents = new Map<string, Link>()
  for (const symptom of active) {
    if (symptom.role !== 'trouble') continue
    const parent = [...links.into(symptom.id)]
      .filter(l => l.confidence >= (isLearned(l) ? minLearned : minLink) && taken.has(l.cause) && !leadsTo(parents, l.cause, symptom.id))
      .sort((a, b) => Number(isLearned(a)) - Number(isLearned(b)) || b.confidence - a.confidence || Math.abs(a.lagMs) - Math.abs(b.lagMs) || (a.id < b.id ? -1 : 1))[0]
    if (parent !== undefined) parents.set(symptom.id, parent)
  }
  return { trees: treesOf(active, parents), parents, cut }
}

/** What only came together before, in things that are not one: explains what nothing else does, and only when it is sure. */
function isLearned ({ kind, path: [cause, effect = cause] }: Link): boolean {
  return kind === 'co_occurrence' && cause !== undefined && effect !== undefined && entityKey(cause) !== entityKey(effect)
}
const minLearned = 0.85

/** Earlier first; of the same time what is further down in the stack. */
export function causalOrder (a: Symptom, b: Symptom): number {
  return a.firstMs - b.firstMs || layers.indexOf(a.layer) - layers.indexOf(b.layer) || compareIds(a, b)
}

function compareIds (a: Symptom, b: Symptom): number { return a.id < b.id ? -1 : a.id > b.id ? 1 : 0 }

/** Whether `from` descends from `ancestor` already: then it cannot cause it. */
function leadsTo (parents: ReadonlyMap<string, Link>, from: string, ancestor: string): boolean {
  for (let at: string | undefined = from; at !== undefined; at = parents.get(at)?.cause) if (at === ancestor) return true
  return false
}

function treesOf (active: readonly Symptom[], parents: ReadonlyMap<string, Link>): Tree[] {
  const roots = new Map<string, string>()
  const rootOf = (id: string): string => {
    const known = roots.get(id)
    if (known !== undefined) return known
    const parent = parents.get(id)?.cause
    const root = parent === undefined ? id : rootOf(parent)
    roots.set(id, root)
    return root
  }
  const members = new Map<string, Symptom[]>()
  for (const symptom of active) {
    const root = rootOf(symptom.id)
    const known = members.get(root)
    if (known === undefined) members.set(root, [symptom])
    else known.push(symptom)
  }
  const byId = new Map(active.map(s => [s.id, s]))
  return [...members].flatMap(([root, list]) => {
    const first = byId.get(root) as Symptom
    // A change that caused nothing is no trouble.
    if (first.role === 'change' && list.length === 1) return []
    return [{ root: first, members: [first, ...list.filter(s => s !== first)] }]
  })
}

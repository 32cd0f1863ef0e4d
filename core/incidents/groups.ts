/**
 * From trees of symptoms and findings to groups that are one incident each. Trees are one when one finding explains them, or when
 * their roots are trouble of one workload at one time; having only a namespace or a node in common joins nothing.
 */
import { entityKey } from '../correlation/entity.js'
import type { Symptom } from '../correlation/symptom.js'
import type { Finding } from '../patterns/finding.js'
import type { Tree } from './forest.js'
import type { Scope } from './scope.js'
import { weightOf } from './weight.js'

export interface HeldFinding {
  readonly finding: Finding
  /** The symptom (role `finding`) that stands for it. */
  readonly symptom: Symptom
}

export interface Explained {
  readonly held: HeldFinding
  /** Ids of symptoms it accounts for by itself. */
  readonly symptoms: ReadonlySet<string>
}

export interface Group {
  readonly trees: readonly Tree[]
  readonly findings: readonly Explained[]
}

export interface GroupOptions {
  /** Trouble of one workload that begins within this time is one. */
  readonly windowMs: number
}

export function groupsOf (trees: readonly Tree[], findings: readonly HeldFinding[], scope: Scope, { windowMs }: GroupOptions): Group[] {
  const sets = new Sets(trees.length + findings.length)
  const explained = findings.map(held => explain(held, trees, scope, windowMs))
  trees.forEach((tree, t) => {
    const best = bestFor(tree, explained)
    if (best >= 0) sets.join(t, trees.length + best)
  })
  joinByWorkload(trees, scope, windowMs, sets)
  return collect(trees, explained, sets)
}

/** What a finding accounts for: what its conditions saw, and signs it names on what its subject reaches. */
function explain (held: HeldFinding, trees: readonly Tree[], scope: Scope, windowMs: number): Explained {
  const { finding } = held
  const signs = new Set(finding.explainsSigns)
  const seen = new Set(finding.symptoms)
  const reach = scope.reachOf(finding.subject)
  const sinceMs = Number.isNaN(finding.sinceMs) ? -Infinity : finding.sinceMs
  const symptoms = new Set<string>()
  for (const { members } of trees) {
    for (const s of members) {
      if (seen.has(s.id)) { symptoms.add(s.id); continue }
      if (!fits(signs, s.sign) || s.lastMs < sinceMs - windowMs) continue
      if (scope.distance(reach, s.entity) !== undefined || peerIn(s, scope, reach)) symptoms.add(s.id)
    }
  }
  return { held, symptoms }
}

/** `net.connection_refused` says whom it could not reach. */
function peerIn (symptom: Symptom, scope: Scope, reach: ReadonlyMap<string, number>): boolean {
  const peer = scope.peerOf(symptom)
  return peer !== undefined && reach.has(entityKey(peer))
}

export function fits (signs: ReadonlySet<string>, sign: string): boolean {
  return signs.has(sign) || signs.has(`${sign.slice(0, sign.indexOf('.'))}.*`)
}

/** The finding that explains the tree's root, or else most of it; -1 = none. */
function bestFor (tree: Tree, explained: readonly Explained[]): number {
  let [best, bestScore] = [-1, 0]
  const total = tree.members.reduce((sum, s) => sum + weightOf(s), 0) || 1
  explained.forEach(({ held, symptoms }, f) => {
    const share = tree.members.reduce((sum, s) => sum + (symptoms.has(s.id) ? weightOf(s) : 0), 0) / total
    if (share === 0 && !symptoms.has(tree.root.id)) return
    const score = held.finding.score * ((symptoms.has(tree.root.id) ? 0.6 : 0.2) + 0.4 * share)
    const known = explained[best]
    if (score > bestScore + 1e-9 || (known !== undefined && Math.abs(score - bestScore) <= 1e-9 && held.symptom.id < known.held.symptom.id)) [best, bestScore] = [f, score]
  })
  return best
}

function joinByWorkload (trees: readonly Tree[], scope: Scope, windowMs: number, sets: Sets): void {
  const byWorkload = new Map<string, number[]>()
  trees.forEach((tree, t) => {
    const key = entityKey(scope.anchorOf(tree.root.entity))
    const known = byWorkload.get(key)
    if (known === undefined) byWorkload.set(key, [t])
    else known.push(t)
  })
  for (const list of byWorkload.values()) {
    const sorted = [...list].sort((a, b) => (trees[a] as Tree).root.firstMs - (trees[b] as Tree).root.firstMs)
    for (let i = 1; i < sorted.length; i++) {
      const [before, after] = [(trees[sorted[i - 1] as number] as Tree).root, (trees[sorted[i] as number] as Tree).root]
      if (after.firstMs - Math.max(before.firstMs, before.lastMs) <= windowMs) sets.join(sorted[i - 1] as number, sorted[i] as number)
    }
  }
}

function collect (trees: readonly Tree[], explained: readonly Explained[], sets: Sets): Group[] {
  const groups = new Map<number, { trees: Tree[], findings: Explained[] }>()
  const at = (index: number): { trees: Tree[], findings: Explained[] } => {
    const root = sets.find(index)
    const known = groups.get(root) ?? { trees: [], findings: [] }
    groups.set(root, known)
    return known
  }
  trees.forEach((tree, t) => at(t).trees.push(tree))
  explained.forEach((e, f) => at(trees.length + f).findings.push(e))
  const all = [...groups.values()]
  // A finding that explains something in another group is a hypothesis there as well.
  for (const group of all) {
    const ids = new Set(group.trees.flatMap(t => t.members.map(s => s.id)))
    for (const e of explained) if (!group.findings.includes(e) && group.trees.length > 0 && [...e.symptoms].some(id => ids.has(id))) group.findings.push(e)
  }
  const owned = new Set(all.filter(g => g.trees.length > 0).flatMap(g => g.findings))
  return all.filter(g => g.trees.length > 0 || g.findings.some(f => !owned.has(f)))
}

class Sets {
  readonly #parent: Int32Array

  constructor (size: number) { this.#parent = Int32Array.from({ length: size }, (_, i) => i) }

  find (i: number): number {
    let at = i
    while ((this.#parent[at] as number) !== at) {
      this.#parent[at] = this.#parent[this.#parent[at] as number] as number
      at = this.#parent[at] as number
    }
    return at
  }

  join (a: number, b: number): void {
    const [x, y] = [this.find(a), this.find(b)]
    this.#parent[Math.max(x, y)] = Math.min(x, y)
  }
}

/** The possible root causes of a group, ranked. */
import { entityKey, type EntityRef } from '../correlation/entity.js'
import type { Symptom } from '../correlation/symptom.js'
import { causalOrder, type Tree } from './forest.js'
import type { Explained, Group } from './groups.js'
import { maxHypotheses, type Hypothesis, type Reason } from './incident.js'
import type { Scope } from './scope.js'
import { detailOf, textOf } from './words.js'
import { weightOf } from './weight.js'

/** Signs that start a story rather than continue one: what happened in the kernel or to a node is rarely an effect. */
const causal: Readonly<Record<string, number>> = { kernel: 0.12, node: 0.1, net: 0.02, k8s: 0, app: -0.1 }
/** Signs that tell of an effect by their very meaning. */
const effects: ReadonlySet<string> = new Set(['k8s.pod_not_ready', 'k8s.workload_unavailable', 'k8s.no_endpoints', 'k8s.endpoints_lost', 'k8s.probe_failed', 'k8s.crash_loop', 'k8s.container_waiting', 'k8s.container_restarted', 'k8s.warning', 'app.slo_burn', 'app.alert'])

export interface Candidate extends Hypothesis {
  /** Undefined: the symptom itself is the hypothesis. */
  readonly held: Explained | undefined
}

export function hypothesesOf (group: Group, scope: Scope): Candidate[] {
  const members = group.trees.flatMap(t => t.members)
  const total = members.reduce((sum, s) => sum + weightOf(s), 0)
  const byFinding = group.findings.map(explained => ofFinding(explained, group.trees, total))
  const explainedRoots = new Map<string, number>()
  for (const { held, symptoms } of group.findings) for (const id of symptoms) explainedRoots.set(id, Math.max(explainedRoots.get(id) ?? 0, held.finding.score))
  const byRoot = replicas(group.trees, scope).map(({ tree, subject }) => ofRoot(tree, subject, total, explainedBy(tree, explainedRoots)))
  const all = [...byFinding, ...byRoot].sort((a, b) => b.score - a.score || (a.pattern < b.pattern ? -1 : a.pattern > b.pattern ? 1 : 0) || (entityKey(a.subject) < entityKey(b.subject) ? -1 : 1))
  return withoutRepeats(all).slice(0, maxHypotheses)
}

/** How well findings explain what a root is said to have caused; for trouble the root itself. */
function explainedBy ({ root, members }: Tree, explained: ReadonlyMap<string, number>): number {
  const own = explained.get(root.id) ?? 0
  return root.role === 'change' ? Math.max(own, ...members.map(s => explained.get(s.id) ?? 0)) : own
}

function ofFinding (explained: Explained, trees: readonly Tree[], total: number): Candidate {
  const { held: { finding }, symptoms } = explained
  const covered = new Set<string>()
  // With a root it accounts for all that follows from it.
  for (const { root, members } of trees) {
    for (const s of members) if (symptoms.has(s.id)) covered.add(s.id)
    if (symptoms.has(root.id)) for (const s of members) covered.add(s.id)
  }
  const weight = trees.flatMap(t => t.members).reduce((sum, s) => sum + (covered.has(s.id) ? weightOf(s) : 0), 0)
  const coverage = total === 0 ? 0 : weight / total
  const score = round(finding.score * (0.55 + 0.45 * coverage))
  const reasons: Reason[] = [...finding.for, ...(total === 0 ? [] : [{ text: `accounts for ${percent(coverage)} of what is wrong`, weight: round(0.45 * finding.score * coverage), symptoms: [...covered].sort() }])]
  const { pattern, cause, layer, subject, title, explanation, against } = finding
  return { pattern, cause, layer, subject, score, title, explanation, for: reasons, against, explains: [...covered].sort(), held: explained }
}

/** Pods of one workload that begin with the same sign are one hypothesis about the workload. */
function replicas (trees: readonly Tree[], scope: Scope): { readonly tree: Tree, readonly subject: EntityRef }[] {
  const groups = new Map<string, Tree[]>()
  for (const tree of trees) {
    const key = `${tree.root.sign}|${entityKey(scope.workloadOf(tree.root.entity))}`
    const known = groups.get(key)
    if (known === undefined) groups.set(key, [tree])
    else known.push(tree)
  }
  return [...groups.values()].map(list => {
    const [first] = [...list].sort((a, b) => causalOrder(a.root, b.root)) as [Tree]
    const isOne = new Set(list.map(t => entityKey(t.root.entity))).size === 1
    return { tree: { root: first.root, members: list.flatMap(t => t.members) }, subject: isOne ? first.root.entity : scope.workloadOf(first.root.entity) }
  })
}

function ofRoot ({ root, members }: Tree, subject: EntityRef, total: number, explainedBy: number): Candidate {
  const weight = members.reduce((sum, s) => sum + weightOf(s), 0)
  const coverage = total === 0 ? 0 : weight / total
  const isEffect = effects.has(root.sign)
  const prior = (causal[root.layer] ?? 0) - (isEffect ? 0.2 : 0) + (root.role === 'change' ? 0.05 : 0)
  const score = round(Math.max(0.05, Math.min(0.9, (0.4 + 0.35 * coverage + prior) * root.confidence * (1 - 0.5 * explainedBy))))
  const against: Reason[] = [
    ...(isEffect ? [{ text: 'this usually is an effect of something else, which was not seen', weight: -0.2 }] : []),
    ...(explainedBy > 0 ? [{ text: 'a pattern says what is behind it', weight: round(-0.5 * explainedBy) }] : [])
  ]
  return {
    pattern: `symptom.${root.sign}`, cause: root.sign.slice(root.sign.indexOf('.') + 1), layer: root.layer, subject, score,
    title: textOf({ ...root, entity: subject }), explanation: detailOf(root),
    for: [{ text: `is the first of ${members.length === 1 ? 'itself' : `${members.length} symptoms that follow from each other`}`, weight: round(0.35 * coverage), symptoms: members.map((s: Symptom) => s.id) }],
    against, explains: members.map(s => s.id), held: undefined
  }
}

/** Of one cause of one subject the best; of a root's many pods the first. */
function withoutRepeats (sorted: readonly Candidate[]): Candidate[] {
  const seen = new Set<string>()
  return sorted.filter(h => {
    const key = `${h.cause}|${entityKey(h.subject)}`
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

export function round (value: number): number { return Math.round(value * 1000) / 1000 }
const percent = (share: number): string => `${Math.round(share * 100)} %`

/** The chain of a group: who caused whom, in causal, then temporal order. */
import type { Link } from '../correlation/link.js'
import type { Links } from '../correlation/links.js'
import { entityKey } from '../correlation/entity.js'
import { layers, maxEvidence, type Symptom } from '../correlation/symptom.js'
import { causalOrder, type Forest } from './forest.js'
import type { Explained } from './groups.js'
import { maxChain, type ChainStep } from './incident.js'
import { round } from './hypotheses.js'
import { detailOf, textOf } from './words.js'

interface Cause { readonly id: string, readonly confidence: number, readonly kind: string, readonly why: string }

export interface Chain { readonly steps: readonly ChainStep[], readonly omitted: number }

/** Other links between members are told beside the parent when they are about as sure. */
const maxCauses = 3
const almost = 0.1

export function chainOf (members: readonly Symptom[], parents: Forest['parents'], links: Links, best: Explained | undefined): Chain {
  const parts = best === undefined ? members : [best.held.symptom, ...members.filter(s => s.id !== best.held.symptom.id)]
  const ids = new Set(parts.map(s => s.id))
  const { steps: all, stepOfPart } = joined(parts)
  const causes = new Map(all.map(step => [step.id, causesOfStep(step.id, parts.filter(p => stepOfPart.get(p.id) === step.id).map(p => causesOf(p, ids, parents, links, best)), stepOfPart)]))
  const ordered = inOrder(all, causes)
  const kept = ordered.length <= maxChain ? ordered : mostTelling(ordered, causes)
  const position = new Map(kept.map((s, i) => [s.id, i]))
  return { steps: kept.map(s => stepOf(s, causes.get(s.id) ?? [], position)), omitted: ordered.length - kept.length }
}

/** Symptoms of one sign about one entity differ in details (an operation, a status) that a reader can do without: they are one step. */
function joined (parts: readonly Symptom[]): { readonly steps: Symptom[], readonly stepOfPart: ReadonlyMap<string, string> } {
  const groups = new Map<string, Symptom[]>()
  for (const part of [...parts].sort(causalOrder)) {
    const key = `${part.sign}|${entityKey(part.entity)}`
    const known = groups.get(key)
    if (known === undefined) groups.set(key, [part])
    else known.push(part)
  }
  const stepOfPart = new Map<string, string>()
  const steps = [...groups.values()].map(group => {
    const [first] = group as [Symptom]
    for (const part of group) stepOfPart.set(part.id, first.id)
    return group.length === 1 ? first : {
      ...first, severity: Math.max(...group.map(p => p.severity)), lastMs: Math.max(...group.map(p => p.lastMs)), count: group.reduce((sum, p) => sum + p.count, 0),
      confidence: Math.min(...group.map(p => p.confidence)),
      evidence: group.flatMap(p => p.evidence).sort((x, y) => x.timeMs - y.timeMs || (x.message < y.message ? -1 : x.message > y.message ? 1 : 0)).slice(0, maxEvidence)
    }
  })
  return { steps, stepOfPart }
}

/** The causes of all parts of a step, as steps; the surest three. */
function causesOfStep (step: string, ofParts: readonly Cause[][], stepOfPart: ReadonlyMap<string, string>): Cause[] {
  const best = new Map<string, Cause>()
  for (const cause of ofParts.flat()) {
    const id = stepOfPart.get(cause.id) ?? cause.id
    if (id !== step && (best.get(id)?.confidence ?? -1) < cause.confidence) best.set(id, { ...cause, id })
  }
  return [...best.values()].sort((x, y) => y.confidence - x.confidence || (x.id < y.id ? -1 : 1)).slice(0, maxCauses)
}

function causesOf (symptom: Symptom, ids: ReadonlySet<string>, parents: Forest['parents'], links: Links, best: Explained | undefined): Cause[] {
  if (symptom.role === 'finding') return []
  const parent = parents.get(symptom.id)
  if (parent === undefined || !ids.has(parent.cause)) {
    if (best === undefined || !best.symptoms.has(symptom.id)) return []
    return [{ id: best.held.symptom.id, confidence: best.held.finding.score, kind: 'pattern', why: best.held.finding.title }]
  }
  const others = [...links.into(symptom.id)].filter(l => l.id !== parent.id && l.cause !== parent.cause && ids.has(l.cause) && l.kind !== 'co_occurrence' && l.confidence >= parent.confidence - almost && !isAbove(parents, symptom.id, l.cause))
    .sort((a, b) => b.confidence - a.confidence || (a.id < b.id ? -1 : 1))
  return [parent, ...others].slice(0, maxCauses).map(toCause)
}

const toCause = ({ cause, confidence, kind, why }: Link): Cause => ({ id: cause, confidence: round(confidence), kind, why })

/** Whether `symptom` is among the ancestors of `other`. */
function isAbove (parents: Forest['parents'], symptom: string, other: string): boolean {
  for (let at: string | undefined = other; at !== undefined; at = parents.get(at)?.cause) if (at === symptom) return true
  return false
}

/** Nobody before its causes; among those that may come, the earliest, and of one time what is further down in the stack. */
function inOrder (all: readonly Symptom[], causes: Map<string, Cause[]>): Symptom[] {
  const rest = [...all].sort((a, b) => Number(b.role === 'finding') - Number(a.role === 'finding') || a.firstMs - b.firstMs || layers.indexOf(a.layer) - layers.indexOf(b.layer) || (a.id < b.id ? -1 : 1))
  const done = new Set<string>()
  const ordered: Symptom[] = []
  while (rest.length > 0) {
    const next = Math.max(0, rest.findIndex(s => (causes.get(s.id) ?? []).every(c => done.has(c.id))))
    const [symptom] = rest.splice(next, 1) as [Symptom]
    // A circle is cut where it begins.
    causes.set(symptom.id, (causes.get(symptom.id) ?? []).filter(c => done.has(c.id)))
    done.add(symptom.id)
    ordered.push(symptom)
  }
  return ordered
}

/** Roots, what has effects, and then the worst. */
function mostTelling (ordered: readonly Symptom[], causes: ReadonlyMap<string, Cause[]>): Symptom[] {
  const effects = new Map<string, number>()
  for (const list of causes.values()) for (const { id } of list) effects.set(id, (effects.get(id) ?? 0) + 1)
  const rank = (s: Symptom): number => ((causes.get(s.id) ?? []).length === 0 ? 1000 : 0) + (effects.get(s.id) ?? 0) * 10 + s.severity
  const kept = new Set([...ordered].map((s, i) => ({ s, i, r: rank(s) })).sort((a, b) => b.r - a.r || a.i - b.i).slice(0, maxChain).map(x => x.s.id))
  return ordered.filter(s => kept.has(s.id))
}

function stepOf (s: Symptom, causes: readonly Cause[], position: ReadonlyMap<string, number>): ChainStep {
  return {
    id: s.id, layer: s.layer, sign: s.sign, entity: s.entity, text: textOf(s), detail: detailOf(s), timeMs: s.firstMs, lastMs: s.lastMs, count: s.count,
    severity: s.severity, confidence: round(s.confidence),
    causes: causes.flatMap(({ id, confidence, kind, why }) => { const step = position.get(id); return step === undefined ? [] : [{ step, confidence, kind, why }] }),
    evidence: s.evidence.map(e => ({ ...e }))
  }
}

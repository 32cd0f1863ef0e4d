/** A group as a document: everything but its identity and history, which `Lifecycle` keeps. */
import type { Engine } from '../correlation/engine.js'
import type { Symptom } from '../correlation/symptom.js'
import { chainOf } from './chain.js'
import type { Forest } from './forest.js'
import type { Group } from './groups.js'
import { hypothesesOf, round, type Candidate } from './hypotheses.js'
import type { Action, Hypothesis, Impact, Incident, Urgency } from './incident.js'
import type { Scope } from './scope.js'
import { together, weightOf } from './weight.js'
import { generalActions } from './words.js'

export type ImpactOf = (engine: Engine, symptoms: readonly Symptom[], timeMs: number) => Impact

/** What bounds kept out: symptoms by sign, and patterns of which not all findings are kept. */
export interface Bounds { readonly cut: ReadonlyMap<string, number>, readonly flooding: ReadonlySet<string> }

export type Draft = Omit<Incident, 'schema' | 'id' | 'version' | 'status' | 'detectedMs' | 'resolvedMs' | 'timeToDetectionMs' | 'related'> & {
  /** Ids of its symptoms, also those the chain leaves out. */
  readonly members: readonly string[]
  /** 0 to 1: how surely something is wrong. */
  readonly weight: number
}

const maxActions = 10
const maxTraceIds = 16
const urgencies: readonly Urgency[] = ['immediate', 'short_term', 'investigate']

export function draftOf (group: Group, forest: Forest, engine: Engine, scope: Scope, impactOf: ImpactOf, bounds: Bounds): Draft {
  const members = group.trees.flatMap(t => t.members)
  const candidates = hypothesesOf(group, scope)
  const [best] = candidates
  const chain = chainOf(members, forest.parents, engine.links, best?.held)
  const shown = best?.held === undefined ? members : [best.held.held.symptom, ...members]
  const troubles = members.filter(s => s.role === 'trouble')
  // As of the newest symptom: the text must not change because time passes.
  const impact = impactOf(engine, shown, Math.max(...shown.map(s => s.firstMs)))
  const own = together(troubles.map(weightOf))
  const ofFindings = Math.max(0, ...group.findings.map(f => f.held.finding.score))
  return {
    title: best?.title ?? 'Unexplained trouble', severity: impact.level, impact,
    startMs: Math.min(...(troubles.length > 0 ? troubles : shown).map(s => s.firstMs)), updatedMs: Math.max(...shown.map(s => s.lastMs)),
    hypotheses: candidates.map(plain), chain: chain.steps, omitted: chain.omitted,
    actions: actionsOf(candidates), traceIds: [...new Set(members.flatMap(s => s.traceIds))].slice(0, maxTraceIds),
    events: members.reduce((sum, s) => sum + s.count, 0),
    notes: [...notesOf(members, group, engine, bounds), ...missing(members, engine)],
    members: shown.map(s => s.id).sort(), weight: round(together([own, troubles.length === 0 ? ofFindings * 0.6 : ofFindings]))
  }
}

function plain ({ held: _, ...hypothesis }: Candidate): Hypothesis { return hypothesis }

/** Those of the best hypothesis, of others nearly as good, and looks that are always right. */
function actionsOf (candidates: readonly Candidate[]): Action[] {
  const [best] = candidates
  if (best === undefined) return []
  const near = candidates.filter(c => c.score >= best.score * 0.85)
  const all = [...near.flatMap(c => c.held?.held.finding.actions ?? []), ...generalActions(best.subject)]
  const unique = [...new Map(all.map(a => [a.command ?? a.text, a])).values()]
  return urgencies.flatMap(urgency => unique.filter(a => a.urgency === urgency)).slice(0, maxActions)
}

/** Only what a bound kept from this story: that of another does not concern its reader. */
function notesOf (members: readonly Symptom[], { findings }: Group, { symptoms }: Engine, { cut, flooding }: Bounds): string[] {
  const signs = [...new Set(members.map(s => s.sign))].sort()
  const patterns = [...new Set(findings.map(f => f.held.finding.pattern))].sort()
  return [
    ...signs.filter(sign => cut.has(sign)).map(sign => `${cut.get(sign)} lesser symptoms of ${sign} were left out of the search for causes.`),
    ...signs.filter(sign => symptoms.refusedOf(sign) > 0).map(sign => `${symptoms.refusedOf(sign)} sightings of ${sign} were counted but not kept: too many things have it.`),
    ...patterns.filter(pattern => flooding.has(pattern)).map(pattern => `The pattern ${pattern} holds for more objects than are kept; it may say too much.`)
  ]
}

/** What a reader should know about a story that lacks a layer. */
function missing (members: readonly Symptom[], engine: Engine): string[] {
  const notes: string[] = []
  const hasPods = engine.model.objects('Pod').next().done !== true
  if (!hasPods && members.some(s => s.layer === 'k8s')) notes.push('No Kubernetes objects were seen: who depends on whom is known from events and traces only.')
  return notes
}

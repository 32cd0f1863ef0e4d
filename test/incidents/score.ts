/** How right incidents are about what is true. */
import { entityKey, type EntityRef } from '../../core/correlation/entity.js'
import type { Layer } from '../../core/correlation/symptom.js'
import type { ChainStep, Hypothesis, Incident } from '../../core/incidents/incident.js'
import type { Story } from './generate.js'
import { Homes } from './homes.js'
import type { Stage, Truth } from './scenario.js'
import { abnormalRows, byNamespace, earliestEvent, severestEvent, type Guess } from './baselines.js'

/** Right and wrong ones among those told, and those not told. */
export interface Share { readonly right: number, readonly told: number, readonly wanted: number, readonly found: number }

export interface Score {
  readonly scenario: string
  /** The incident that tells of the fault; undefined: nobody told. */
  readonly incident: Incident | undefined
  /** Of the hypotheses, the first whose subject and cause (or only subject) is right; 0 = the best; undefined = none. */
  readonly rank: number | undefined
  readonly subjectRank: number | undefined
  /** Told: edges of the chain; wanted: the truth's. */
  readonly edges: Share
  readonly affected: Share
  /** Incidents with some of the fault in them, and with nothing of any fault. */
  readonly parts: number
  readonly falseAlarms: number
  readonly detectionMs: number | undefined
  readonly abnormal: number
  readonly incidents: number
  readonly isMerged: boolean
  readonly baselines: Readonly<Record<string, { readonly isRight: boolean, readonly affected: Share, readonly incidents: number }>>
}

export function scoreStory (story: Story, incidents: readonly Incident[]): Score[] {
  const homes = new Homes(story.world)
  const rows = abnormalRows(story.deliveries, homes)
  const guesses: Readonly<Record<string, Guess>> = { earliest: earliestEvent(rows, homes), severest: severestEvent(rows, homes), namespace: byNamespace(rows, homes) }
  const views = story.truths.map(truth => new TruthView(truth, homes, story.variation.without))
  const mains = views.map(view => mainOf(view, incidents))
  return views.map((view, i) => {
    const main = mains[i]
    return {
      scenario: story.scenarios[i]?.name ?? '', incident: main, ...ranks(view, main?.hypotheses ?? []), edges: edgesOf(view, main), affected: affectedOf(view, homes, main),
      parts: incidents.filter(n => view.weigh(n) > 0).length, falseAlarms: incidents.filter(n => views.every(v => v.weigh(n) === 0)).length,
      detectionMs: main === undefined ? undefined : main.detectedMs - story.faultMs, abnormal: rows.length, incidents: incidents.length,
      isMerged: main !== undefined && mains.some((other, j) => j !== i && other?.id === main.id),
      baselines: Object.fromEntries(Object.entries(guesses).map(([name, g]) => [name, { isRight: g.subject !== undefined && view.isSubject(g.subject), affected: shareOf(g.affected, view.affected), incidents: g.incidents }]))
    }
  })
}

export function matches (text: string, pattern: string): boolean { return pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern }

class TruthView {
  readonly affected: ReadonlySet<string>
  readonly #subjects: ReadonlySet<string>
  readonly #stages: ReadonlyMap<string, { readonly stage: Stage, readonly keys: ReadonlySet<string>, readonly homes: ReadonlySet<string> }>
  /** Edges between stages that the streams show, over those that they do not. */
  readonly edges: readonly (readonly [string, string])[]
  readonly #closure: ReadonlySet<string>

  constructor (readonly truth: Truth, readonly homes: Homes, without: Layer | undefined) {
    this.affected = new Set(truth.affected.map(e => homes.of(e)))
    this.#subjects = new Set(truth.subjects.flatMap(e => [entityKey(e), ...(homes.of(e).startsWith('app:') ? [homes.of(e)] : [])]))
    this.#stages = new Map(Object.entries(truth.stages).map(([name, s]) => [name, { stage: s, keys: new Set(s.of.map(entityKey)), homes: new Set(s.of.map(e => homes.of(e)).filter(h => h.startsWith('app:') || h.startsWith('node:'))) }]))
    const all = truth.edges.map(e => e.split('>') as [string, string])
    const reach = closureOf(all)
    this.#closure = reach
    const isSeen = (name: string): boolean => seenIn(truth.stages[name] as Stage).some(layer => layer !== without)
    this.edges = without === undefined ? all : bridged(all, isSeen)
  }

  isSubject (entity: EntityRef): boolean { return this.#subjects.has(entityKey(entity)) || this.#subjects.has(this.homes.of(entity)) }

  isCause (hypothesis: Hypothesis): boolean { return this.truth.causes.some(word => matches(hypothesis.cause, word) || matches(hypothesis.pattern, word)) }

  stagesOf ({ sign, entity }: Pick<ChainStep, 'sign' | 'entity'>): string[] {
    const [key, home] = [entityKey(entity), this.homes.of(entity)]
    return [...this.#stages].filter(([, { stage, keys, homes }]) => (keys.has(key) || homes.has(home)) && stage.signs.some(s => matches(sign, s))).map(([name]) => name)
  }

  /** Of one step to another: the same stage, or one that the truth leads to. */
  leads (from: readonly string[], to: readonly string[]): boolean { return from.some(a => to.some(b => a === b || this.#closure.has(`${a}>${b}`))) }

  /** Steps of the incident that belong to the fault; a change alone is none. */
  weigh (incident: Incident): number { return incident.chain.filter(step => this.stagesOf(step).length > 0).length }
}

function seenIn (stage: Stage): readonly Layer[] {
  if (stage.seenIn !== undefined) return stage.seenIn
  const found = new Set<Layer>()
  for (const sign of stage.signs) {
    const layer = sign.split('.')[0] as Layer
    found.add(layer)
    // Refused connections are in logs and spans too; what a node lacks, the API server says.
    if (layer === 'net') found.add('app')
    if (layer === 'node') found.add('k8s')
  }
  return [...found]
}

function closureOf (edges: readonly (readonly [string, string])[]): ReadonlySet<string> {
  const closure = new Set(edges.map(([a, b]) => `${a}>${b}`))
  for (let before = -1; before !== closure.size;) {
    before = closure.size
    for (const [a, b] of edges) for (const known of [...closure]) if (known.startsWith(`${b}>`)) closure.add(`${a}>${known.slice(b.length + 1)}`)
  }
  return closure
}

function bridged (edges: readonly (readonly [string, string])[], isSeen: (name: string) => boolean): (readonly [string, string])[] {
  const names = [...new Set(edges.flat())]
  let current = [...edges]
  for (const hidden of names.filter(n => !isSeen(n))) {
    const [into, out] = [current.filter(([, b]) => b === hidden), current.filter(([a]) => a === hidden)]
    current = [...current.filter(([a, b]) => a !== hidden && b !== hidden), ...into.flatMap(([a]) => out.map(([, b]) => [a, b] as const))]
  }
  return [...new Map(current.filter(([a, b]) => a !== b).map(e => [e.join('>'), e])).values()]
}

function mainOf (view: TruthView, incidents: readonly Incident[]): Incident | undefined {
  const weighed = incidents.map(n => [n, view.weigh(n)] as const).filter(([, w]) => w > 0)
  return weighed.sort(([a, v], [b, w]) => w - v || a.startMs - b.startMs || (a.id < b.id ? -1 : 1))[0]?.[0]
}

function ranks (view: TruthView, hypotheses: readonly Hypothesis[]): Pick<Score, 'rank' | 'subjectRank'> {
  const rankOf = (isRight: (h: Hypothesis) => boolean): number | undefined => { const i = hypotheses.findIndex(isRight); return i < 0 ? undefined : i }
  return { rank: rankOf(h => view.isSubject(h.subject) && view.isCause(h)), subjectRank: rankOf(h => view.isSubject(h.subject)) }
}

/** A told edge is right when the truth leads from its cause's stage to its effect's; a true edge is found when some told way does. */
function edgesOf (view: TruthView, incident: Incident | undefined): Share {
  const steps = incident?.chain ?? []
  const stages = steps.map(step => view.stagesOf(step))
  let [right, told] = [0, 0]
  steps.forEach((step, i) => {
    for (const cause of step.causes) {
      told++
      if (view.leads(stages[cause.step] ?? [], stages[i] ?? [])) right++
    }
  })
  const above = steps.map(step => new Set<number>(step.causes.map(c => c.step)))
  above.forEach(set => { for (const i of set) for (const j of above[i] ?? []) set.add(j) })
  const found = view.edges.filter(([a, b]) => steps.some((_, i) => stages[i]?.includes(b) === true && [...above[i] ?? []].some(j => stages[j]?.includes(a))))
  return { right, told, wanted: view.edges.length, found: found.length }
}

const kindsOfAffected: ReadonlySet<string> = new Set(['Node', 'Deployment', 'StatefulSet', 'DaemonSet', 'Service', 'Pod'])

function affectedOf (view: TruthView, homes: Homes, incident: Incident | undefined): Share {
  const told = (incident?.impact.affected ?? []).filter(a => a.state !== 'at_risk' && kindsOfAffected.has(a.entity.kind)).map(a => homes.of(a.entity))
  return shareOf(new Set(told), view.affected)
}

function shareOf (told: ReadonlySet<string>, wanted: ReadonlySet<string>): Share {
  const right = [...told].filter(home => wanted.has(home)).length
  return { right, told: told.size, wanted: wanted.size, found: right }
}

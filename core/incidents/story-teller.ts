/** From what the engine holds to incidents, at each tick: findings, forest, groups, documents, lifecycle. */
import type { Analyzer, Engine, Tick } from '../correlation/engine.js'
import type { Symptom } from '../correlation/symptom.js'
import type { Draft, ImpactOf } from './document.js'
import { Drawings } from './drawings.js'
import { Findings, type Knowledge } from './findings.js'
import { forestOf } from './forest.js'
import { groupsOf } from './groups.js'
import type { Incident } from './incident.js'
import { Lifecycle } from './lifecycle.js'
import { Health } from './health.js'
import { Scope } from './scope.js'

export interface StoryOptions {
  /** Links less sure explain nothing. */
  readonly confidenceThreshold: number
  /** Trouble of one workload that begins within this time is one. */
  readonly windowMs: number
  readonly openWeight: number
  readonly resolveAfterMs: number
  readonly retentionMs: number
  readonly maxIncidents: number
  readonly maxSymptoms: number
  readonly maxSubjects: number
  readonly settleMs: number
  /** Findings that no symptom tells of are told too (a dump); else they wait for trouble. */
  readonly silentFindings: boolean
}

export class StoryTeller implements Analyzer {
  readonly scope: Scope
  readonly findings: Findings
  readonly lifecycle: Lifecycle
  readonly health: Health
  readonly #drawings: Drawings
  #seen = ''
  /** NaN before the first tick: nothing is over then. */
  #lastMs = NaN

  constructor (readonly engine: Engine, knowledge: Knowledge, readonly impactOf: ImpactOf, readonly options: StoryOptions, readonly tell: (incidents: readonly Incident[]) => void) {
    this.scope = new Scope(engine.model, engine.dependencies)
    this.findings = new Findings(knowledge, this.scope, { retentionMs: options.retentionMs, maxSubjects: options.maxSubjects, settleMs: options.settleMs, maxOfPattern, maxFindings })
    this.lifecycle = new Lifecycle(options)
    this.health = new Health(engine.model, this.scope)
    this.#drawings = new Drawings(engine, this.scope, impactOf)
  }

  tick (tick: Tick): void {
    const { engine, options } = this
    this.scope.at(tick.nowMs)
    this.findings.update(engine, tick)
    const state = `${engine.symptoms.version}/${engine.links.version}/${this.findings.version}`
    // At times of its own, so that when it is over does not depend on what else there is to tell.
    const isDue = Math.floor(tick.nowMs / checkEveryMs) > Math.floor(this.#lastMs / checkEveryMs)
    this.#lastMs = tick.nowMs
    if (state === this.#seen && !isDue && !tick.isLast) return
    this.#seen = state
    const changed = this.lifecycle.update(this.#drafts(tick), tick.nowMs, isDue || tick.isLast ? members => this.#isOver(members, tick.nowMs) : undefined, tick.isLast)
    engine.symptoms.forgetBefore(tick.nowMs - options.retentionMs)
    if (changed.length > 0) this.tell(changed)
  }

  #drafts ({ nowMs, isLast }: Tick): Draft[] {
    const { engine, options } = this
    const forest = forestOf(engine.symptoms, engine.links, { minLink: options.confidenceThreshold, sinceMs: nowMs - options.retentionMs, maxSymptoms: options.maxSymptoms })
    const findings = this.findings.all().filter(h => h.finding.rank === 'root')
    const bounds = { cut: forest.cut, flooding: this.findings.flooding }
    const groups = groupsOf(forest.trees, findings, this.scope, { windowMs: options.windowMs }).filter(g => g.trees.length > 0 || options.silentFindings)
    return this.#drawings.of(groups, forest, bounds, nowMs, isLast)
  }

  /** Every entity in trouble has recovered since, as events or its object say. */
  #isOver (members: readonly string[], nowMs: number): boolean {
    const troubles = members.map(id => this.engine.symptoms.get(id)).filter(s => s?.role === 'trouble')
    if (troubles.length === 0) return false
    return troubles.every(s => s !== undefined && (this.#hasRecovered(s) || (nowMs - s.lastMs >= calmMs && this.health.isWell(s.entity))))
  }

  #hasRecovered ({ entity, lastMs }: Symptom): boolean {
    for (const other of this.engine.symptoms.about(entity)) if (other.role === 'recovery' && other.lastMs > lastMs) return true
    return false
  }
}

/** A pattern that holds for more objects says too little of each. */
const maxOfPattern = 200
const maxFindings = 2000
/** An object that is well just after trouble may be between two crashes. */
const calmMs = 60_000
/** Without news there is still time that passes, and what is over. */
const checkEveryMs = 30_000

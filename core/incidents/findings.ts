/**
 * The findings that hold: asks the pattern library about what changed and what is near to it, and keeps what it says. Each is
 * also a symptom (role `finding`), so that chains, impact and ids treat it like any other.
 */
import type { Engine, Tick } from '../correlation/engine.js'
import { entityKey, entityOfKey, type EntityKey, type EntityRef } from '../correlation/entity.js'
import type { Symptom } from '../correlation/symptom.js'
import { Severity } from '../data/enums.js'
import type { Finding } from '../patterns/finding.js'
import type { HeldFinding } from './groups.js'
import type { Scope } from './scope.js'

export interface Answer {
  readonly findings: readonly Finding[]
  /** Subjects that were not asked about, because the call's budget was used up; never all of them. */
  readonly left: readonly EntityRef[]
}

/** The pattern library, as far as it matters here. Deterministic; never throws. */
export interface Knowledge {
  /** Another number when it knows something else: then all is asked again. */
  readonly version: number
  evaluate(engine: Engine, subjects: readonly EntityRef[], nowMs: number): Answer
  /** All that it may have something to say about. */
  subjects(engine: Engine): Iterable<EntityRef>
}

export interface FindingsOptions {
  /** Findings that no longer hold are remembered for this long: the cause of what they caused. */
  readonly retentionMs: number
  /** Objects asked about at a tick; the rest waits for the next. */
  readonly maxSubjects: number
  /** A finding must hold for this long: a list of objects comes one kind after the other, and what is not here yet is not missing. */
  readonly settleMs: number
  /** Held of one pattern, and of all. */
  readonly maxOfPattern: number
  readonly maxFindings: number
}

interface Held extends HeldFinding { readonly asked: Set<EntityKey>, endedMs: number }

/** Objects that nothing happens to can wait. */
const calmShare = 5

export class Findings {
  readonly #held = new Map<string, Held>()
  readonly #byAsked = new Map<EntityKey, Set<string>>()
  readonly #waiting = new Set<EntityKey>()
  /** Of those that wait: near to trouble, or not settled. They go first when not all can be asked. */
  readonly #urgent = new Set<EntityKey>()
  /** Since when findings that have not settled hold. */
  readonly #pending = new Map<string, { readonly sinceMs: number, readonly asked: readonly EntityKey[] }>()
  readonly #ofPattern = new Map<string, number>()
  /** Patterns of which there were more findings than are held. */
  readonly flooding = new Set<string>()
  /** Findings that were not held. */
  refused = 0
  #modelVersion = 0
  #symptomVersion = 0
  #knowledgeVersion: number
  /** Grows with every change. */
  version = 0

  constructor (readonly knowledge: Knowledge, readonly scope: Scope, readonly options: FindingsOptions) { this.#knowledgeVersion = knowledge.version }

  get waiting (): number { return this.#waiting.size }

  /** Those that hold or held within the retention, in the order of their symptoms' ids. */
  all (): HeldFinding[] { return [...this.#held.values()].sort((a, b) => a.symptom.id < b.symptom.id ? -1 : 1) }

  update (engine: Engine, { nowMs, isLast }: Tick): void {
    this.#collect(engine)
    do {
      const batch = this.#next(isLast ? Infinity : this.options.maxSubjects)
      for (const key of batch) { this.#waiting.delete(key); this.#urgent.delete(key) }
      if (batch.length > 0) this.#ask(engine, batch, nowMs, isLast)
    } while (isLast && this.#waiting.size > 0)
    for (const { asked } of this.#pending.values()) for (const key of asked) this.#wait(key, true)
    this.#forget(nowMs)
  }

  /**
   * Those near to trouble, and of the others a fifth as many: after a start all objects of a cluster wait, and asking costs some 0.3 ms
   * each, for which the rows wait too.
   */
  #next (max: number): EntityKey[] {
    if (this.#waiting.size <= max / calmShare) return [...this.#waiting]
    const batch: EntityKey[] = []
    for (const key of this.#urgent) if (batch.length < max) batch.push(key)
    let calm = Math.min(max - batch.length, Math.ceil(max / calmShare))
    for (const key of this.#waiting) {
      if (calm <= 0) break
      if (this.#urgent.has(key)) continue
      batch.push(key)
      calm--
    }
    return batch
  }

  #wait (key: EntityKey, isUrgent: boolean): void {
    this.#waiting.add(key)
    if (isUrgent) this.#urgent.add(key)
  }

  #collect (engine: Engine): void {
    if (engine.model.version !== this.#modelVersion) for (const key of engine.model.changedSince(this.#modelVersion)) this.#around(entityOfKey(key), false)
    this.#modelVersion = engine.model.version
    // Many symptoms are about few entities.
    const seen = new Set<EntityKey>()
    for (const symptom of engine.symptoms.changedSince(this.#symptomVersion)) {
      if (symptom.role === 'finding') continue
      const key = entityKey(symptom.entity)
      if (!seen.has(key)) this.#around(symptom.entity, true)
      seen.add(key)
      this.#aroundPeer(symptom)
    }
    this.#symptomVersion = engine.symptoms.version
    if (this.knowledge.version !== this.#knowledgeVersion) this.#askAll(engine)
  }

  /** What holds now may hold no more, and what did not may. */
  #askAll (engine: Engine): void {
    this.#knowledgeVersion = this.knowledge.version
    for (const key of this.#byAsked.keys()) this.#waiting.add(key)
    for (const subject of this.knowledge.subjects(engine)) this.#waiting.add(entityKey(subject))
  }

  /** An object's news may be news of what it belongs to, runs on, is reached through, or is limited by. */
  #around (entity: EntityRef, isUrgent: boolean): void {
    this.#wait(entityKey(entity), isUrgent)
    const workload = this.scope.workloadOf(entity)
    this.#wait(entityKey(workload), isUrgent)
    for (const near of this.scope.around(entity)) this.#wait(entityKey(near), isUrgent)
    if (entityKey(workload) !== entityKey(entity)) for (const near of this.scope.around(workload)) this.#wait(entityKey(near), isUrgent)
    if (entity.namespace !== undefined && entity.namespace !== '') this.#wait(entityKey({ kind: 'Namespace', name: entity.namespace }), isUrgent)
  }

  /** Trouble with a call may be news of who is called: of its pods, and of what rules these. */
  #aroundPeer (symptom: Symptom): void {
    const peer = this.scope.peerOf(symptom)
    if (peer === undefined) return
    this.#around(peer, true)
    const pod = this.scope.around(peer).find(near => near.kind === 'Pod')
    if (pod !== undefined) this.#around(pod, true)
  }

  #ask (engine: Engine, keys: readonly EntityKey[], nowMs: number, isLast: boolean): void {
    const { findings, left } = this.knowledge.evaluate(engine, keys.map(entityOfKey), nowMs)
    const asked = new Set(keys)
    for (const subject of left) {
      const key = entityKey(subject)
      asked.delete(key)
      this.#waiting.add(key)
    }
    const found = new Set<string>()
    for (const finding of findings) {
      const id = `${finding.pattern}|${entityKey(finding.subject)}`
      found.add(id)
      if (isLast || this.#isSettled(id, finding, nowMs)) this.#hold(engine, id, finding, nowMs)
    }
    for (const key of asked) for (const id of this.#byAsked.get(key) ?? []) if (!found.has(id)) this.#end(id, key, nowMs)
    for (const [id, pending] of this.#pending) if (!found.has(id) && pending.asked.some(key => asked.has(key))) this.#pending.delete(id)
  }

  #isSettled (id: string, finding: Finding, nowMs: number): boolean {
    if (this.#held.has(id)) return true
    const known = this.#pending.get(id)
    if (known === undefined) this.#pending.set(id, { sinceMs: nowMs, asked: askedOf(finding) })
    const isSettled = nowMs - (known?.sinceMs ?? nowMs) >= this.options.settleMs
    if (isSettled) this.#pending.delete(id)
    return isSettled
  }

  #hold (engine: Engine, id: string, finding: Finding, nowMs: number): void {
    const known = this.#held.get(id)
    if (known !== undefined) {
      for (const key of askedOf(finding)) this.#index(known.asked, id, key)
      if (known.endedMs === Infinity && JSON.stringify(known.finding) === JSON.stringify(finding)) return
      this.#held.set(id, { ...known, finding, endedMs: Infinity })
      this.version++
      return
    }
    const ofPattern = this.#ofPattern.get(finding.pattern) ?? 0
    if (ofPattern >= this.options.maxOfPattern || this.#held.size >= this.options.maxFindings) {
      this.refused++
      this.flooding.add(finding.pattern)
      return
    }
    const symptom = engine.symptoms.see({
      sign: `finding.${finding.pattern}`, layer: finding.layer, role: 'finding', entity: finding.subject, detail: {}, severity: Severity.warning,
      timeMs: Number.isNaN(finding.sinceMs) ? earliest(engine, finding, nowMs) : Math.min(finding.sinceMs, nowMs), confidence: finding.score,
      evidence: { eventId: '', source: 'tapio', name: finding.pattern, message: finding.title }
    })
    if (symptom === undefined) return
    const asked = new Set<EntityKey>()
    this.#held.set(id, { finding, symptom, asked, endedMs: Infinity })
    this.#ofPattern.set(finding.pattern, ofPattern + 1)
    for (const key of askedOf(finding)) this.#index(asked, id, key)
    this.version++
  }

  #index (asked: Set<EntityKey>, id: string, key: EntityKey): void {
    asked.add(key)
    const ids = this.#byAsked.get(key) ?? new Set<string>()
    this.#byAsked.set(key, ids.add(id))
  }

  /** It holds no more as far as `key` is concerned. */
  #end (id: string, key: EntityKey, nowMs: number): void {
    const held = this.#held.get(id)
    if (held === undefined || !held.asked.delete(key)) return
    this.#unindex(id, key)
    if (held.asked.size > 0 || held.endedMs !== Infinity) return
    held.endedMs = nowMs
    this.version++
  }

  #unindex (id: string, key: EntityKey): void {
    const ids = this.#byAsked.get(key)
    ids?.delete(id)
    if (ids?.size === 0) this.#byAsked.delete(key)
  }

  #forget (nowMs: number): void {
    for (const [id, { asked, endedMs, finding: { pattern } }] of this.#held) {
      if (nowMs - endedMs < this.options.retentionMs) continue
      this.#held.delete(id)
      this.#ofPattern.set(pattern, (this.#ofPattern.get(pattern) ?? 1) - 1)
      this.flooding.delete(pattern)
      for (const key of asked) this.#unindex(id, key)
      this.version++
    }
  }
}

/** Others than its subject when the blame is moved. */
function askedOf ({ asked, subject }: Finding): EntityKey[] { return (asked ?? [subject]).map(entityKey) }

/** It cannot be younger than what it explains. */
function earliest (engine: Engine, finding: Finding, nowMs: number): number {
  return finding.symptoms.reduce((min, id) => Math.min(min, engine.symptoms.get(id)?.firstMs ?? min), nowMs)
}

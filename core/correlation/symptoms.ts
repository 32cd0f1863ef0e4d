/**
 * The symptoms that are held. One fingerprint (sign, entity, detail) is one symptom as long as its events are less than `gapMs`
 * apart; after that it is another one. Bounded: beyond `maxSymptoms` the oldest go, and a flood of one entity or sign is cut at
 * its own bound, so that others are unaffected.
 */
import { createHash } from 'node:crypto'
import { entityKey, type EntityKey, type EntityRef } from './entity.js'
import { isAlike, masked } from './alike.js'
import { Fingerprints } from './fingerprints.js'
import { maxEvidence, maxTraces, type Detail, type Evidence, type Layer, type Role, type Symptom } from './symptom.js'

/** What a row says, as it is asked for: of most rows nothing is kept. */
export interface Told {
  readonly eventId: string
  readonly source: string
  readonly name: string
  readonly message: string
  readonly traceId?: string | undefined
  readonly spanId?: string | undefined
  readonly parentSpanId?: string | undefined
}

export interface Sighting {
  readonly sign: string
  readonly layer: Layer
  readonly role: Role
  readonly entity: EntityRef
  readonly detail: Detail
  readonly severity: number
  readonly timeMs: number
  readonly confidence: number
  readonly evidence: Told
  /** Events it stands for: a Kubernetes Event's count. */
  readonly count?: number
}

export interface SymptomsOptions {
  readonly gapMs?: number
  readonly maxSymptoms?: number
  /** Of one sign, so that one flooding sign cannot push all others out. */
  readonly maxOfSign?: number
}

export type Watcher = (symptom: Symptom, sighting: Sighting) => void

interface Change { readonly id: string, readonly at: number }

export class Symptoms {
  readonly #byId = new Map<string, Symptom>()
  readonly #current = new Map<string, Symptom>()
  readonly #prints = new Fingerprints()
  readonly #fingerprints = new Map<Symptom, string>()
  readonly #byEntity = new Map<EntityKey, Set<Symptom>>()
  readonly #ofSign = new Map<string, number>()
  readonly #changed = new Map<string, number>()
  /** All changes in their order. */
  #log: Change[] = []
  readonly #gapMs: number
  readonly #maxSymptoms: number
  readonly #maxOfSign: number
  /** Grows with every change that correlators care about: a new symptom, another entity, a worse severity, another message. */
  version = 0
  /** Sightings that were not taken because the sign's bound was reached. */
  refused = 0
  readonly #refusedOf = new Map<string, number>()
  evicted = 0
  /** Called with every sighting that was taken and what it was counted to: each costs time a row of trouble. */
  readonly watchers: Watcher[] = []
  /** Called with what is forgotten. */
  onForget: (symptom: Symptom) => void = () => undefined

  constructor ({ gapMs = 600_000, maxSymptoms = 50_000, maxOfSign = 10_000 }: SymptomsOptions = {}) {
    this.#gapMs = gapMs
    this.#maxSymptoms = maxSymptoms
    this.#maxOfSign = maxOfSign
  }

  get size (): number { return this.#byId.size }
  get (id: string): Symptom | undefined { return this.#byId.get(id) }
  all (): Iterable<Symptom> { return this.#byId.values() }
  about (entity: EntityRef): Iterable<Symptom> { return this.#byEntity.get(entityKey(entity)) ?? [] }

  /** As `refused`, of one sign. */
  refusedOf (sign: string): number { return this.#refusedOf.get(sign) ?? 0 }

  /** Symptoms that changed after `version`, in the order of the change. Costs what changed since, not what is held. */
  changedSince (version: number): Symptom[] {
    const found: Symptom[] = []
    for (let i = this.#log.length - 1; i >= 0; i--) {
      const { id, at } = this.#log[i] as Change
      if (at <= version) break
      const symptom = this.#changed.get(id) === at ? this.#byId.get(id) : undefined
      if (symptom !== undefined) found.push(symptom)
    }
    return found.reverse()
  }

  /** Undefined: not taken, the bound of its sign is reached. */
  see (sighting: Sighting): Symptom | undefined {
    const symptom = this.#counted(sighting)
    if (symptom !== undefined) for (let i = 0; i < this.watchers.length; i++) this.watchers[i]?.(symptom, sighting)
    return symptom
  }

  #counted (sighting: Sighting): Symptom | undefined {
    const fingerprint = this.#prints.of(sighting.entity, sighting.sign, sighting.detail)
    const known = this.#current.get(fingerprint)
    if (known !== undefined && sighting.timeMs - known.lastMs <= this.#gapMs && known.firstMs - sighting.timeMs <= this.#gapMs) return this.#again(known, sighting)
    return this.#first(fingerprint, sighting)
  }

  /** Identity came late: what was about `Container x` is about its pod. */
  rebind (symptom: Symptom, entity: EntityRef): void {
    this.#unindex(symptom)
    symptom.entity = entity
    this.#index(symptom)
    // What comes next is about the entity by its new name, and is the same symptom unless that has one already.
    const fingerprint = this.#prints.of(symptom.entity, symptom.sign, symptom.detail)
    if (!this.#current.has(fingerprint)) {
      this.#current.set(fingerprint, symptom)
      const before = this.#fingerprints.get(symptom) ?? ''
      if (this.#current.get(before) === symptom) this.#current.delete(before)
      this.#fingerprints.set(symptom, fingerprint)
    }
    this.#touch(symptom)
  }

  /** Those whose last event is older go. */
  forgetBefore (timeMs: number): void {
    for (const symptom of this.#byId.values()) if (symptom.lastMs < timeMs) this.#forget(symptom)
  }

  #again (known: Symptom, { severity, timeMs, confidence, evidence, count = 1 }: Sighting): Symptom {
    known.count += count
    known.firstMs = Math.min(known.firstMs, timeMs)
    known.lastMs = Math.max(known.lastMs, timeMs)
    known.confidence = Math.min(known.confidence, confidence)
    const isNews = note(known, evidence, timeMs, count) || severity > known.severity || isMilestone(known.count - count, known.count)
    known.severity = Math.max(known.severity, severity)
    if (isNews) this.#touch(known)
    return known
  }

  #first (fingerprint: string, { sign, layer, role, entity, detail, severity, timeMs, confidence, evidence, count = 1 }: Sighting): Symptom | undefined {
    const ofSign = this.#ofSign.get(sign) ?? 0
    if (ofSign >= this.#maxOfSign) {
      this.refused++
      this.#refusedOf.set(sign, this.refusedOf(sign) + 1)
      return undefined
    }
    if (this.#byId.size >= this.#maxSymptoms) this.#evict()
    const id = createHash('sha256').update(`${fingerprint}|${timeMs}`).digest('hex').slice(0, 32)
    const symptom: Symptom = { id, sign, layer, role, entity, detail, severity, firstMs: timeMs, lastMs: timeMs, count, confidence, evidence: [], traceIds: [], impact: 0 }
    note(symptom, evidence, timeMs, count)
    this.#byId.set(id, symptom)
    this.#current.set(fingerprint, symptom)
    this.#fingerprints.set(symptom, fingerprint)
    this.#ofSign.set(sign, ofSign + 1)
    this.#index(symptom)
    this.#touch(symptom)
    return symptom
  }

  #touch (symptom: Symptom): void {
    this.#changed.set(symptom.id, ++this.version)
    this.#log.push({ id: symptom.id, at: this.version })
    // Entries that a later one outdated are half of it at most, but for a few.
    if (this.#log.length > 2 * this.#changed.size + 1000) this.#log = this.#log.filter(({ id, at }) => this.#changed.get(id) === at)
  }

  #index (symptom: Symptom): void {
    const key = entityKey(symptom.entity)
    const known = this.#byEntity.get(key)
    if (known === undefined) this.#byEntity.set(key, new Set([symptom]))
    else known.add(symptom)
  }

  #unindex (symptom: Symptom): void {
    const key = entityKey(symptom.entity)
    const known = this.#byEntity.get(key)
    known?.delete(symptom)
    if (known?.size === 0) this.#byEntity.delete(key)
  }

  #evict (): void {
    const oldest = this.#byId.values().next().value
    if (oldest !== undefined) { this.evicted++; this.#forget(oldest) }
  }

  #forget (symptom: Symptom): void {
    this.#byId.delete(symptom.id)
    this.#changed.delete(symptom.id)
    this.#unindex(symptom)
    this.#ofSign.set(symptom.sign, (this.#ofSign.get(symptom.sign) ?? 1) - 1)
    const fingerprint = this.#fingerprints.get(symptom) ?? ''
    this.#fingerprints.delete(symptom)
    if (this.#current.get(fingerprint) === symptom) this.#current.delete(fingerprint)
    this.onForget(symptom)
  }
}

/** True: a message that was not there. */
function note (symptom: Symptom, told: Told, timeMs: number, count: number): boolean {
  if (symptom.traceIds.length < maxTraces) {
    const { traceId } = told
    if (traceId !== undefined && !symptom.traceIds.includes(traceId)) symptom.traceIds.push(traceId)
  }
  const { name, message } = told
  const held = symptom.evidence
  for (let i = 0; i < held.length; i++) {
    const e = held[i] as Evidence
    if (e.name === name && e.message === message) { e.count += count; return false }
  }
  for (let i = 0; i < held.length; i++) {
    const e = held[i] as Evidence
    // The same but for numbers, ids and addresses.
    if (e.name === name && isAlike(message, templateOf(e))) { e.count += count; return false }
  }
  if (held.length >= maxEvidence) return false
  held.push(kept(told, timeMs, count))
  held.sort((a, b) => a.timeMs - b.timeMs)
  return true
}

function kept ({ eventId, source, name, message, traceId, spanId, parentSpanId }: Told, timeMs: number, count: number): Evidence {
  return {
    eventId, source, name, message,
    ...(traceId === undefined ? {} : { traceId }), ...(spanId === undefined ? {} : { spanId }), ...(parentSpanId === undefined ? {} : { parentSpanId }),
    timeMs, count
  }
}

/** Of each evidence that is held: its message as `masked`. */
const templates = new WeakMap<Evidence, string>()

function templateOf (evidence: Evidence): string {
  let template = templates.get(evidence)
  if (template === undefined) templates.set(evidence, template = masked(evidence.message))
  return template
}

/** More of the same is news a few times: what is judged by how often something happened must be judged again. */
const milestones: readonly number[] = [2, 3, 5, 10, 20, 50]

function isMilestone (before: number, after: number): boolean { return before < 50 && milestones.some(m => before < m && after >= m) }

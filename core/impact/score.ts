/** Scores symptoms: how bad it is by itself, times how much the place matters. */
import type { Engine } from '../correlation/engine.js'
import { entityKey, type EntityKey } from '../correlation/entity.js'
import type { Symptom } from '../correlation/symptom.js'
import { baseScore, floorOf } from './base-score.js'
import { clamp, round } from './cascade-risk.js'
import { Factoring, nothingKnown } from './factors.js'
import { resourceWeight } from './kinds.js'
import { Neighbourhood } from './neighbourhood.js'
import { isProduction, isSystem } from './production.js'
import { defaultWeights, normalised, weighed, type Weights } from './weights.js'

/** A place's weight is looked up anew after this much event time. */
const placeMemoryMs = 30_000
const maxPlaces = 20_000
/** Places looked up in one tick (some 0.1 ms each): a flood over many entities is scored in steps. */
const maxLookups = 100

/** base · (.35 + .2·production + .45·place), and not below the floor of what is critical anywhere. */
export function scoreWith (symptom: Symptom, place: number, inProduction: boolean): number {
  const score = clamp(baseScore(symptom) * (0.35 + (inProduction ? 0.2 : 0) + 0.45 * place))
  return round(Math.max(score, floorOf(symptom, inProduction)))
}

/** Remembers how much places matter, as many symptoms are about few entities. One an engine. */
export class Scorer {
  readonly #places = new Map<EntityKey, { readonly timeMs: number, readonly place: number }>()
  /** Ids of symptoms whose place was not looked up yet. */
  readonly #waiting = new Set<string>()
  #weights = defaultWeights
  #version = 0
  #factoring: Factoring | undefined
  #known = nothingKnown()
  #knownSinceMs = -Infinity
  #lookups = 0

  constructor (readonly engine: Pick<Engine, 'model' | 'dependencies' | 'symptoms'>) {}

  set weights (weights: Weights) { this.#weights = normalised(weights); this.#places.clear() }

  /** Symptoms with a preliminary score. */
  get waiting (): number { return this.#waiting.size }

  /** Scores what is new or has changed, then what waits from earlier ticks. Returns how many. */
  tick (nowMs: number): number {
    const { symptoms } = this.engine
    this.beginTick()
    const changed = symptoms.changedSince(this.#version)
    this.#version = symptoms.version
    for (const symptom of changed) this.#set(symptom, nowMs)
    for (const id of this.#waiting) {
      const symptom = symptoms.get(id)
      if (symptom === undefined) this.#waiting.delete(id)
      else if (this.#lookups >= maxLookups) break
      else this.#set(symptom, nowMs)
    }
    return changed.length
  }

  /** Answers of an earlier tick are of an earlier graph. */
  beginTick (): void {
    this.#factoring = undefined
    this.#lookups = 0
  }

  score (symptom: Symptom, timeMs: number): number { return this.#with(symptom, this.#place(symptom, timeMs) ?? this.#preliminary(symptom)) }

  /** Looks nothing up and remembers nothing: may be asked between ticks. */
  peek (symptom: Symptom): number { return this.#with(symptom, this.#places.get(entityKey(symptom.entity))?.place ?? this.#preliminary(symptom)) }

  #set (symptom: Symptom, nowMs: number): void {
    const place = this.#place(symptom, nowMs)
    if (place === undefined) this.#waiting.add(symptom.id)
    else this.#waiting.delete(symptom.id)
    symptom.impact = this.#with(symptom, place ?? this.#preliminary(symptom))
  }

  #with (symptom: Symptom, place: number): number { return scoreWith(symptom, place, isProduction(symptom.entity, this.engine.model)) }

  /** Undefined: enough were looked up in this tick. */
  #place ({ entity }: Symptom, timeMs: number): number | undefined {
    const key = entityKey(entity)
    const known = this.#places.get(key)
    if (known !== undefined && Math.abs(timeMs - known.timeMs) < placeMemoryMs) return known.place
    if (this.#lookups >= maxLookups) return known?.place
    this.#lookups++
    if (this.#places.size >= maxPlaces) this.#places.clear()
    const place = weighed(this.#at(timeMs).factorsOf(entity), this.#weights)
    this.#places.set(key, { timeMs, place })
    return place
  }

  /** What needs no topology. */
  #preliminary ({ entity }: Symptom): number {
    const factors = { node_criticality: 0, service_dependencies: 0, resource_type: resourceWeight(entity.kind), cascade_risk: 0, system_namespace: isSystem(entity, this.engine.model) ? 1 : 0 }
    return weighed(factors, this.#weights)
  }

  #at (timeMs: number): Factoring {
    if (this.#factoring?.now.timeMs === timeMs) return this.#factoring
    const { model, dependencies } = this.engine
    if (Math.abs(timeMs - this.#knownSinceMs) >= placeMemoryMs) [this.#known, this.#knownSinceMs] = [nothingKnown(), timeMs]
    return (this.#factoring = new Factoring(new Neighbourhood(model, timeMs), dependencies, model.countOf('Pod'), this.#known))
  }
}

const scorers = new WeakMap<object, Scorer>()

export function scorerOf (engine: Pick<Engine, 'model' | 'dependencies' | 'symptoms'>): Scorer {
  const known = scorers.get(engine) ?? new Scorer(engine)
  scorers.set(engine, known)
  return known
}

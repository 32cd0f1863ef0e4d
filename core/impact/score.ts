/** Scores symptoms: how bad it is by itself, times how much the place matters. */
import type { Engine } from '../correlation/engine.js'
import { entityKey, type EntityKey } from '../correlation/entity.js'
import type { Symptom } from '../correlation/symptom.js'
import { baseScore, floorOf } from './base-score.js'
import { clamp, round } from './cascade-risk.js'
import { factorsOf } from './factors.js'
import { Neighbourhood } from './neighbourhood.js'
import { isProduction } from './production.js'
import { defaultWeights, normalised, weighed, type Weights } from './weights.js'

/** A place's weight is looked up anew after this much event time. */
const placeMemoryMs = 30_000
const maxPlaces = 20_000

/** base · (.35 + .2·production + .45·place), and not below the floor of what is critical anywhere. */
export function scoreWith (symptom: Symptom, place: number, inProduction: boolean): number {
  const score = clamp(baseScore(symptom) * (0.35 + (inProduction ? 0.2 : 0) + 0.45 * place))
  return round(Math.max(score, floorOf(symptom, inProduction)))
}

/** Remembers how much places matter, as many symptoms are about few entities. One an engine. */
export class Scorer {
  readonly #places = new Map<EntityKey, { readonly timeMs: number, readonly place: number }>()
  #weights = defaultWeights
  #now: Neighbourhood | undefined
  #allPods = 0

  constructor (readonly engine: Pick<Engine, 'model' | 'dependencies'>) {}

  set weights (weights: Weights) { this.#weights = normalised(weights); this.#places.clear() }

  score (symptom: Symptom, timeMs: number): number {
    return scoreWith(symptom, this.#place(symptom, timeMs), isProduction(symptom.entity, this.engine.model))
  }

  /** Answers of an earlier tick are of an earlier graph. */
  beginTick (): void { this.#now = undefined }

  #place ({ entity }: Symptom, timeMs: number): number {
    const key = entityKey(entity)
    const known = this.#places.get(key)
    if (known !== undefined && Math.abs(timeMs - known.timeMs) < placeMemoryMs) return known.place
    if (this.#places.size >= maxPlaces) this.#places.clear()
    const place = weighed(factorsOf(entity, this.#at(timeMs), this.engine.dependencies, this.#allPods), this.#weights)
    this.#places.set(key, { timeMs, place })
    return place
  }

  #at (timeMs: number): Neighbourhood {
    if (this.#now?.timeMs === timeMs) return this.#now
    this.#allPods = [...this.engine.model.objects('Pod')].length
    return (this.#now = new Neighbourhood(this.engine.model, timeMs))
  }
}

const scorers = new WeakMap<object, Scorer>()

export function scorerOf (engine: Pick<Engine, 'model' | 'dependencies'>): Scorer {
  const known = scorers.get(engine) ?? new Scorer(engine)
  scorers.set(engine, known)
  return known
}

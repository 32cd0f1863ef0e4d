/** Symptoms by place, and who looks at which place: so that a cause that comes to be known after its effect finds it. Bounded. */
import { placesOf, type Place } from './place.js'
import type { Reach } from './reach.js'
import type { Symptom } from './symptom.js'

/** Symptoms by where they are, the last to come last. */
export class PlaceIndex {
  readonly #at = new Map<Place, string[]>()
  readonly #placesOf = new Map<string, readonly Place[]>()

  get size (): number { return this.#placesOf.size }

  /** Also when its entity became another. */
  put (symptom: Symptom): readonly Place[] {
    const places = placesOf(symptom)
    const known = this.#placesOf.get(symptom.id)
    if (known?.length === places.length && known.every((p, i) => p === places[i])) return places
    this.remove(symptom.id)
    this.#placesOf.set(symptom.id, places)
    for (const place of places) {
      const known = this.#at.get(place)
      if (known === undefined) this.#at.set(place, [symptom.id])
      else known.push(symptom.id)
    }
    return places
  }

  at (place: Place): readonly string[] { return this.#at.get(place) ?? [] }

  remove (id: string): void {
    for (const place of this.#placesOf.get(id) ?? []) {
      const left = (this.#at.get(place) ?? []).filter(other => other !== id)
      if (left.length === 0) this.#at.delete(place)
      else this.#at.set(place, left)
    }
    this.#placesOf.delete(id)
  }

  /** Goes through all it has: call it seldom. */
  keepOnly (isHeld: (id: string) => boolean): void {
    for (const id of this.#placesOf.keys()) if (!isHeld(id)) this.#placesOf.delete(id)
    for (const [place, ids] of this.#at) {
      const left = ids.filter(isHeld)
      if (left.length === 0) this.#at.delete(place)
      else if (left.length < ids.length) this.#at.set(place, left)
    }
  }
}

interface Watch { readonly reaches: ReadonlyMap<Place, readonly Reach[]>, readonly atMs: number }

/** Effects by the places that they may come from. */
export class Watchers {
  readonly #watches = new Map<string, Watch>()
  readonly #at = new Map<Place, Set<string>>()
  readonly #maxPlaces: number
  #places = 0
  /** Those that stopped looking before their time. */
  evicted = 0

  constructor (maxPlaces: number) { this.#maxPlaces = maxPlaces }

  get size (): number { return this.#watches.size }
  get places (): number { return this.#places }

  watch (id: string, reaches: readonly Reach[], atMs: number): void {
    this.remove(id)
    const byPlace = new Map<Place, Reach[]>()
    for (const reach of reaches) {
      const known = byPlace.get(reach.place)
      if (known === undefined) byPlace.set(reach.place, [reach])
      else known.push(reach)
    }
    this.#watches.set(id, { reaches: byPlace, atMs })
    for (const place of byPlace.keys()) addTo(this.#at, place, id)
    this.#places += byPlace.size
    for (const oldest of this.#watches.keys()) {
      if (this.#places <= this.#maxPlaces || oldest === id) break
      this.evicted++
      this.remove(oldest)
    }
  }

  /** Ids of those that look at `place`. */
  of (place: Place): ReadonlySet<string> { return this.#at.get(place) ?? none }

  reaches (id: string, place: Place): readonly Reach[] { return this.#watches.get(id)?.reaches.get(place) ?? [] }

  /** Those that looked since before `atMs` have waited long enough. */
  forgetBefore (atMs: number): void {
    for (const [id, watch] of this.#watches) {
      // In the order of their last look, event time apart, which is nearly the same.
      if (watch.atMs >= atMs) return
      this.remove(id)
    }
  }

  remove (id: string): void {
    const watch = this.#watches.get(id)
    if (watch === undefined) return
    this.#watches.delete(id)
    this.#places -= watch.reaches.size
    for (const place of watch.reaches.keys()) cutFrom(this.#at, place, id)
  }
}

const none: ReadonlySet<string> = new Set()

function addTo (map: Map<Place, Set<string>>, place: Place, id: string): void {
  const known = map.get(place)
  if (known === undefined) map.set(place, new Set([id]))
  else known.add(id)
}

function cutFrom (map: Map<Place, Set<string>>, place: Place, id: string): void {
  const known = map.get(place)
  known?.delete(id)
  if (known?.size === 0) map.delete(place)
}

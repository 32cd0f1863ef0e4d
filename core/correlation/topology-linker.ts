/**
 * Links symptoms along the topology: each new or changed one is asked what it may come from (reach.ts), and is shown to those
 * that may come from it. Both use the same walk, from the effect, so the order in which the two became known does not matter.
 */
import type { Analyzer, Engine, Tick } from './engine.js'
import type { Link } from './link.js'
import { makeLink } from './make-link.js'
import { distanceFactor, nearness } from './nearness.js'
import { PlaceIndex, Watchers } from './place-index.js'
import type { Place } from './place.js'
import { reachesOf, type Reach } from './reach.js'
import { relations, type RelationName } from './relations.js'
import { RuleBook } from './rule-book.js'
import { Revisits } from './revisits.js'
import type { Symptom } from './symptom.js'

export interface TopologyLinkerOptions {
  /** How long after its cause an effect may begin, where no rule says otherwise. */
  readonly windowMs: number
  /** An effect may seem to precede its cause by this much. */
  readonly skewMs: number
  /** Links a symptom may get as an effect: those nearest in time of what is known at once, then the first to come. */
  readonly maxCandidates: number
  /** Places it is looked for, and objects gone through on the way there. */
  readonly maxPlaces: number
}

/** A link, and how well the pair fits whatever the doubt about its symptoms. */
export interface ScoredLink { readonly link: Link, readonly score: number, readonly effect: Symptom }

export interface LinkerCounts {
  /** Looks at a symptom, pairs that were compared, links that were new. */
  looks: number
  pairs: number
  links: number
  /** Left out because a bound was reached. */
  cut: { places: number, candidates: number }
}

const by = 'k8s_correlation'
/** Below this a link says nothing. */
const leastConfidence = 0.3
/** An effect waits so long, in event time, for a cause that is told later. */
const patienceMs = 180_000
/** Symptoms of one place that are compared with one effect: the last to come, which are the nearest in time. */
const maxAtPlace = 256
/** Effects that one cause is shown to. */
const maxEffects = 1024
const maxWatchedPlaces = 500_000
/** Relations between equals: which of the two came first decides. */
const mutual: ReadonlySet<RelationName> = new Set(['same', 'host'])

export class TopologyLinker implements Analyzer {
  readonly counts: LinkerCounts = { looks: 0, pairs: 0, links: 0, cut: { places: 0, candidates: 0 } }
  readonly #engine: Engine
  readonly #options: TopologyLinkerOptions
  readonly #onLink: (link: ScoredLink) => void
  readonly #book: RuleBook
  readonly #index = new PlaceIndex()
  readonly #watchers = new Watchers(maxWatchedPlaces)
  readonly #revisits = new Revisits()
  /** Ids of the links that were made into a symptom. */
  readonly #into = new Map<string, Set<string>>()
  #version = 0

  constructor (engine: Engine, options: TopologyLinkerOptions, onLink: (link: ScoredLink) => void) {
    this.#engine = engine
    this.#options = options
    this.#onLink = onLink
    this.#book = new RuleBook(options.windowMs)
  }

  get evictedWatches (): number { return this.#watchers.evicted }

  tick ({ nowMs, isLast }: Tick): void {
    const { symptoms, model, dependencies } = this.#engine
    const changed = symptoms.version === this.#version ? [] : symptoms.changedSince(this.#version)
    this.#version = symptoms.version
    const again = this.#revisits.due(nowMs, isLast, model.version + dependencies.size)
    if (changed.length + again.length === 0) return
    // All are in their places before any is compared: what comes in one tick has no order.
    for (const symptom of changed) this.#index.put(symptom)
    for (const symptom of changed) this.#look(symptom, nowMs)
    for (const id of again) {
      const symptom = symptoms.get(id)
      if (symptom !== undefined) this.#look(symptom, nowMs)
    }
    for (const symptom of changed) this.#revisits.plan(symptom.id, nowMs, model.version + dependencies.size)
    this.#tidy(nowMs)
  }

  #look (symptom: Symptom, nowMs: number): void {
    this.counts.looks++
    const found = new Map<string, ScoredLink>()
    this.#causesOf(symptom, nowMs, found)
    const into = this.#nearest([...found.values()])
    found.clear()
    this.#effectsOf(symptom, found)
    for (const scored of [...into, ...found.values()]) this.#claim(scored)
  }

  #causesOf (effect: Symptom, nowMs: number, found: Map<string, ScoredLink>): void {
    const wanted = this.#book.relationsInto(effect)
    if (wanted.size === 0) return
    const reaches = reachesOf(this.#worldOf(effect), effect, wanted)
    this.#watchers.watch(effect.id, reaches, nowMs)
    for (const reach of reaches) for (const cause of this.#symptomsAt(reach.place)) this.#compare(cause, effect, reach, found)
  }

  #effectsOf (cause: Symptom, found: Map<string, ScoredLink>): void {
    if (cause.role === 'recovery') return
    for (const place of this.#index.put(cause)) {
      const ids = this.#watchers.of(place)
      let left = maxEffects
      for (const id of ids) {
        if (left-- === 0) { this.counts.cut.candidates += ids.size - maxEffects; break }
        const effect = this.#engine.symptoms.get(id)
        if (effect !== undefined) for (const reach of this.#watchers.reaches(id, place)) this.#compare(cause, effect, reach, found)
      }
    }
  }

  * #symptomsAt (place: Place): Generator<Symptom> {
    const ids = this.#index.at(place)
    const end = Math.max(0, ids.length - maxAtPlace)
    this.counts.cut.candidates += end
    for (let i = ids.length - 1; i >= end; i--) {
      const symptom = this.#engine.symptoms.get(ids[i] as string)
      if (symptom !== undefined) yield symptom
    }
  }

  /** Keeps the surest link of the pair. */
  #compare (cause: Symptom, effect: Symptom, reach: Reach, found: Map<string, ScoredLink>): void {
    if (cause === effect) return
    this.counts.pairs++
    const scored = this.#scored(cause, effect, reach)
    if (scored === undefined) return
    const key = `${cause.id} ${effect.id}`
    const known = found.get(key)
    if (known === undefined || scored.link.confidence > known.link.confidence) found.set(key, scored)
  }

  #scored (cause: Symptom, effect: Symptom, reach: Reach): ScoredLink | undefined {
    const { windowMs, skewMs } = this.#options
    for (const rule of this.#book.between(cause, effect, reach.relation)) {
      if (rule.when?.(cause, effect) === false) continue
      const near = nearness(cause, effect, rule.windowMs ?? windowMs, skewMs)
      if (near === undefined || !held(reach, cause, effect, skewMs)) continue
      if (mutual.has(reach.relation) && this.#isOtherWayRound(cause, effect, reach.relation, rule.base)) return undefined
      const score = rule.base * near.factor * distanceFactor(reach.distance)
      const confidence = score * Math.min(cause.confidence, effect.confidence)
      if (confidence < leastConfidence) return undefined
      const { kind, words } = relations[reach.relation]
      return { score, effect, link: makeLink(cause, effect, { kind, by, confidence, lagMs: near.lagMs, path: pathOf(reach, cause), words: rule.says ?? words }) }
    }
    return undefined
  }

  /** Of two that may each have caused the other, it is the one that the rules, then time, then ids say. */
  #isOtherWayRound (cause: Symptom, effect: Symptom, relation: RelationName, base: number): boolean {
    const { windowMs, skewMs } = this.#options
    const reverse = this.#book.between(effect, cause, relation).find(r => r.when?.(effect, cause) !== false)
    if (reverse === undefined || reverse.base < base || nearness(effect, cause, reverse.windowMs ?? windowMs, skewMs) === undefined) return false
    if (reverse.base > base) return true
    return effect.firstMs < cause.firstMs || (effect.firstMs === cause.firstMs && effect.id < cause.id)
  }

  #nearest (links: ScoredLink[]): ScoredLink[] {
    const { maxCandidates } = this.#options
    if (links.length <= maxCandidates) return links
    this.counts.cut.candidates += links.length - maxCandidates
    return links.sort((a, b) => Math.abs(a.link.lagMs) - Math.abs(b.link.lagMs) || (a.link.id < b.link.id ? -1 : 1)).slice(0, maxCandidates)
  }

  #claim (scored: ScoredLink): void {
    const { link } = scored
    const known = this.#into.get(link.effect) ?? new Set<string>()
    if (!known.has(link.id) && known.size >= this.#options.maxCandidates) { this.counts.cut.candidates++; return }
    if (!this.#engine.links.add(link) || known.has(link.id)) return
    this.#into.set(link.effect, known.add(link.id))
    this.counts.links++
    this.#onLink(scored)
  }

  #worldOf (effect: Symptom) {
    const { skewMs, maxPlaces } = this.#options
    const newestMs = effect.evidence.at(-1)?.timeMs ?? effect.firstMs
    return {
      view: this.#engine.model.graph.during(effect.firstMs - this.#book.longestMs - skewMs, Math.max(newestMs, effect.firstMs) + skewMs),
      dependencies: this.#engine.dependencies, model: this.#engine.model, limit: maxPlaces,
      onCut: (places: number) => { this.counts.cut.places += places }
    }
  }

  #tidy (nowMs: number): void {
    const { symptoms } = this.#engine
    this.#watchers.forgetBefore(nowMs - patienceMs)
    if (this.#index.size <= symptoms.size * 1.5 + 1000) return
    this.#index.keepOnly(id => symptoms.get(id) !== undefined)
    for (const id of this.#into.keys()) if (symptoms.get(id) === undefined) this.#into.delete(id)
  }
}

/** The way between the two held at some moment from the cause to the effect: before it began and after it ended nothing passes. */
function held (reach: Reach, cause: Symptom, effect: Symptom, skewMs: number): boolean {
  const newestMs = Math.max(effect.firstMs, effect.evidence.at(-1)?.timeMs ?? effect.firstMs)
  return reach.sinceMs <= newestMs + skewMs && reach.untilMs > cause.firstMs - skewMs
}

function pathOf ({ path, place }: Reach, cause: Symptom) {
  const fromCause = path.toReversed()
  return place.startsWith('@') ? [cause.entity, ...fromCause] : fromCause
}

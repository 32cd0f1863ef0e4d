/**
 * Links symptoms by time: what follows what again and again (learned), known sequences, what one trace tells, bursts. Two of different things are
 * linked only when they have to do with each other, or the pair is very sure. Thinks at ticks, in the order of event time.
 */
import type { Watcher } from '../symptoms.js'
import type { Analyzer, Engine, Tick } from '../engine.js'
import { entityKey, type EntityRef } from '../entity.js'
import type { Link, LinkKind } from '../link.js'
import { doubt, makeLink } from '../make-link.js'
import type { ScoredLink } from '../topology-linker.js'
import { layers, type Symptom } from '../symptom.js'
import { cascadeTo } from './cascades.js'
import { knownSequences } from './known-sequences.js'
import { LearnedSequences } from './learned-sequences.js'
import { Onsets, type Onset } from './onsets.js'
import { Pairs } from './pairs.js'
import { Recent } from './recent.js'
import { areApart, matchEnding } from './sequence-match.js'
import { areRelated, subjectsOf, type Subjects } from './subjects.js'
import { Traces } from './traces.js'
import { windowOf } from './windows.js'

export interface TemporalLinkerOptions {
  readonly windowMs: number
  readonly skewMs: number
  /** Nothing that is less sure is linked: time alone proves little. */
  readonly minScore: number
  readonly minOccurrences: number
  readonly maxPairs: number
}

export interface TemporalCounts { onsets: number, links: number, cut: { companions: number } }

const by = 'temporal_correlation'
/** Two of different things that are not known to have to do with each other. */
const unrelatedScore = 0.9
/** A pair that was only ever seen in time is less sure than a rule. */
const learnedShare = 0.9
const quietMs = 30_000
const maxSeries = 20_000
const maxSpans = 50_000
/** Earlier onsets that one is compared with: the nearest. */
const maxCompanions = 32

/** `sign`, `name`: the numbers of its sign, and of that with whose it is over the lives of pods. */
interface Companion { readonly onset: Onset, readonly subjects: Subjects, readonly sign: number, readonly name: number }

export class TemporalLinker implements Analyzer {
  readonly counts: TemporalCounts = { onsets: 0, links: 0, cut: { companions: 0 } }
  readonly #engine: Engine
  readonly #options: TemporalLinkerOptions
  readonly #onLink: (link: ScoredLink) => void
  readonly #onsets: Onsets
  readonly #pairs: Pairs
  readonly #sequences: LearnedSequences
  readonly #traces = new Traces(maxSpans)
  readonly #recent: Recent
  /** The last onset of each series, and all onsets in their order. */
  readonly #last = new Map<string, Onset>()
  #companions: Companion[] = []
  #version = 0

  constructor (engine: Engine, options: TemporalLinkerOptions, onLink: (link: ScoredLink) => void) {
    const { maxPairs, minOccurrences, windowMs, skewMs } = options
    this.#engine = engine
    this.#options = options
    this.#onLink = onLink
    this.#onsets = new Onsets({ quietMs, holdMs: skewMs, maxSeries })
    this.#pairs = new Pairs({ maxPairs, minCount: minOccurrences })
    this.#sequences = new LearnedSequences({ gapMs: windowMs, maxSequences: maxPairs, minCount: minOccurrences })
    this.#recent = new Recent(engine.symptoms)
    engine.symptoms.watchers.push(this.#watch)
  }

  readonly #watch: Watcher = (symptom, sighting) => {
    this.#onsets.saw(symptom, sighting.timeMs)
    this.#traces.saw(symptom, sighting)
  }

  end (): void {
    const { watchers } = this.#engine.symptoms
    watchers.splice(watchers.indexOf(this.#watch), 1)
  }

  get evictedPairs (): number { return this.#pairs.evicted }
  get state (): { readonly pairs: number, readonly sequences: number, readonly series: number, readonly companions: number, readonly spans: number } {
    return { pairs: this.#pairs.size, sequences: this.#sequences.size, series: this.#onsets.size, companions: this.#companions.length, spans: this.#traces.size }
  }

  tick ({ nowMs, isLast }: Tick): void {
    const { symptoms } = this.#engine
    for (const { cause, effect, count } of this.#traces.take()) this.#linkTraced(symptoms.get(cause), symptoms.get(effect), count)
    for (const onset of this.#onsets.take(nowMs, isLast)) this.#learn(onset)
    if (symptoms.version === this.#version) return
    const changed = symptoms.changedSince(this.#version).filter(s => s.role !== 'recovery')
    this.#version = symptoms.version
    const subjects = changed.map(s => subjectsOf(this.#engine, s, this.#options.skewMs))
    changed.forEach((symptom, i) => { this.#recent.add(this.#placesOf(subjects[i] as Subjects, symptom), symptom) })
    changed.forEach((symptom, i) => { this.#recognise(symptom, subjects[i] as Subjects) })
  }

  /** A node's own troubles are also those of whoever is on it. */
  #placesOf ({ keys, node }: Subjects, symptom: Symptom): readonly string[] {
    return node !== '' && !keys.includes(node) && symptom.layer !== 'app' ? [...keys, node] : keys
  }

  // What was learned.

  #learn (onset: Onset): void {
    this.counts.onsets++
    const { symptom, series } = onset
    const subjects = subjectsOf(this.#engine, symptom, this.#options.skewMs)
    const own: Companion = { onset, subjects, sign: this.#pairs.began(symptom.sign), name: this.#pairs.began(`${symptom.sign}|${subjects.main}`) }
    for (const companion of this.#before(onset)) this.#learnPair(companion, own)
    this.#remember(series, own)
    const sequence = this.#sequences.add(subjects.main, onset)
    if (sequence === undefined) return
    for (let i = 1; i < sequence.onsets.length; i++) {
      const [cause, effect] = [sequence.onsets[i - 1] as Onset, sequence.onsets[i] as Onset]
      if (cause.isPeriodic) continue
      const words = `{effect} has gone through the same ${sequence.onsets.length} steps ${sequence.count} times`
      this.#claim('sequence', cause.symptom, effect.symptom, sequence.confidence, learnedShare, effect.timeMs - cause.timeMs, words)
    }
  }

  /** Nearest first, one of each series. */
  #before ({ series, timeMs, symptom }: Onset): Companion[] {
    const found: Companion[] = []
    if (symptom.role === 'change') return found
    for (let i = this.#companions.length - 1; i >= 0; i--) {
      const companion = this.#companions[i] as Companion
      const { onset } = companion
      if (this.#last.get(onset.series) !== onset) continue
      if (timeMs - onset.timeMs > 2 * this.#options.windowMs) break
      if (onset.series === series || timeMs - onset.timeMs > windowOf(onset.symptom, this.#options.windowMs)) continue
      if (found.length === maxCompanions) { this.counts.cut.companions++; break }
      found.push(companion)
    }
    return found
  }

  #remember (series: string, companion: Companion): void {
    this.#last.delete(series)
    this.#last.set(series, companion.onset)
    if (this.#last.size > maxSeries) this.#last.delete(this.#last.keys().next().value as string)
    this.#companions.push(companion)
    if (this.#companions.length > 2 * maxSeries) this.#companions = this.#companions.filter(({ onset }) => this.#last.get(onset.series) === onset)
  }

  #learnPair (before: Companion, own: Companion): void {
    const { minScore } = this.#options
    const { onset, subjects } = own
    const [cause, effect] = [before.onset.symptom, onset.symptom]
    if (areApart(cause, effect) && before.subjects.main === subjects.main) return
    // On one thing the signs make the pair, across two also whose they are.
    const isSame = before.subjects.keys[0] === subjects.keys[0]
    const [causeName, effectName] = isSame ? [before.sign, own.sign] : [before.name, own.name]
    const lagMs = onset.timeMs - before.onset.timeMs
    const verdict = this.#pairs.followed(causeName, effectName, lagMs, onset.timeMs)
    // What comes like clockwork comes before everything.
    if (verdict === undefined || before.onset.isPeriodic || verdict.confidence < minScore) return
    if (!isSame && verdict.confidence < unrelatedScore && !areRelated(this.#engine, before.subjects, subjects)) return
    const words = `${effect.sign} of {effect} has followed ${cause.sign} of {cause} ${verdict.count} times, after ${seconds(verdict.meanMs)} on average`
    this.#claim('co_occurrence', cause, effect, verdict.confidence, learnedShare, lagMs, words)
  }

  // What is known.

  #recognise (symptom: Symptom, subjects: Subjects): void {
    for (const key of this.#placesOf(subjects, symptom)) {
      const all = this.#recent.of(key)
      const isNode = key.startsWith('Node/')
      // It may be a step in the middle that came to be known last, so those after it are looked at too.
      const at = all.indexOf(symptom)
      if (at < 0) continue
      for (const later of all.slice(at, at + maxLater)) this.#sequencesTo(all, later, isNode ? 'node' : 'thing')
      if (!isNode && !key.startsWith('Service/')) this.#cascade(all, symptom)
    }
    this.#infrastructure(symptom)
  }

  #sequencesTo (all: readonly Symptom[], last: Symptom, of: 'thing' | 'node'): void {
    for (const sequence of knownSequences) {
      if (sequence.of !== of) continue
      const found = matchEnding(sequence, all, last)
      if (found === undefined) continue
      for (let i = 1; i < found.symptoms.length; i++) {
        const [cause, effect] = [found.symptoms[i - 1] as Symptom, found.symptoms[i] as Symptom]
        this.#claim('sequence', cause, effect, found.confidence, 1, effect.firstMs - cause.firstMs, `the two are steps of a ${sequence.name}`)
      }
    }
  }

  #cascade (all: readonly Symptom[], symptom: Symptom): void {
    const cascade = cascadeTo(all, symptom)
    if (cascade === undefined || this.#areLinked(cascade.cause, cascade.effect)) return
    this.#claim('burst', cascade.cause, cascade.effect, cascade.base, 1, cascade.effect.firstMs - cascade.cause.firstMs, cascade.words)
  }

  // What traces tell.

  #linkTraced (cause: Symptom | undefined, effect: Symptom | undefined, count: number): void {
    if (cause === undefined || effect === undefined) return
    const score = Math.min(0.97, 0.9 + 0.01 * count)
    const isSame = entityKey(cause.entity) === entityKey(effect.entity)
    const words = isSame ? 'one span of {effect} had both' : `a request of {effect} failed in {cause}, as ${count === 1 ? 'a trace shows' : `${count} traces show`}`
    this.#claim('trace', cause, effect, score, 1, effect.firstMs - cause.firstMs, words)
  }

  /** Trouble below on the pod whose spans fail. */
  #infrastructure (symptom: Symptom): void {
    let left = maxOfEntity
    for (const other of this.#engine.symptoms.about(symptom.entity)) {
      if (left-- === 0) return
      const [cause, effect] = layers.indexOf(symptom.layer) < layers.indexOf(other.layer) ? [symptom, other] : [other, symptom]
      if (effect.layer !== 'app' || cause.layer === 'app' || effect.traceIds.length === 0 || cause.role !== 'trouble' || effect.role !== 'trouble') continue
      const lagMs = effect.firstMs - cause.firstMs
      const windowMs = windowOf(cause, this.#options.windowMs)
      if (lagMs < -this.#options.skewMs || lagMs > windowMs) continue
      this.#claim('trace', cause, effect, 0.8 * Math.exp(-Math.abs(lagMs) / windowMs), 1, lagMs, 'spans of {effect} failed while it had trouble below')
    }
  }

  #areLinked (a: Symptom, b: Symptom): boolean {
    const { links } = this.#engine
    for (const link of links.into(b.id)) if (link.cause === a.id) return true
    for (const link of links.into(a.id)) if (link.cause === b.id) return true
    return false
  }

  #isHeld ({ id, effect }: Link): boolean {
    for (const link of this.#engine.links.into(effect)) if (link.id === id) return true
    return false
  }

  #claim (kind: LinkKind, cause: Symptom, effect: Symptom, score: number, share: number, lagMs: number, words: string): void {
    if (cause === effect || effect.role !== 'trouble' || score < this.#options.minScore) return
    const confidence = score * share * doubt(cause, effect)
    const link = makeLink(cause, effect, { kind, by, confidence, lagMs, path: pathOf(cause, effect), words })
    const isKnown = this.#isHeld(link)
    if (!this.#engine.links.add(link) || isKnown) return
    this.counts.links++
    this.#onLink({ link, score, effect })
  }
}

/** Symptoms about one entity that one is compared with. */
const maxOfEntity = 128
/** Symptoms behind one in the middle of a subject's that are looked at again. */
const maxLater = 8

function pathOf (cause: Symptom, effect: Symptom): readonly EntityRef[] {
  return entityKey(cause.entity) === entityKey(effect.entity) ? [effect.entity] : [cause.entity, effect.entity]
}

function seconds (ms: number): string { return ms < 1000 ? 'less than a second' : `${Math.round(ms / 1000)} s` }

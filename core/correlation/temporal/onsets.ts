/**
 * When symptoms begin anew: a sighting after some quiet is an onset, the ones that follow are its course. Onsets come out in the order of their
 * times, as rows may be late: what is not yet old enough waits. Bounded.
 */
import { entityKey } from '../entity.js'
import type { Symptom } from '../symptom.js'
import { Spread } from './statistics.js'

export interface Onset {
  readonly symptom: Symptom
  readonly timeMs: number
  /** Sign and entity: what it is one of. */
  readonly series: string
  /** It comes like clockwork. */
  readonly isPeriodic: boolean
}

interface Series { lastMs: number, lastOnsetMs: number, readonly between: Spread }
interface Waiting { readonly symptom: Symptom, firstMs: number, lastMs: number }

export interface OnsetOptions {
  /** So long without a sighting, and the next is an onset. */
  readonly quietMs: number
  /** Rows may be late by this much. */
  readonly holdMs: number
  readonly maxSeries: number
}

const leastIntervals = 4
/** Deviation by mean of the times between onsets; a timer's is far below. */
const mostVariation = 0.1
const maxWaiting = 50_000

export class Onsets {
  readonly #options: OnsetOptions
  readonly #series = new Map<string, Series>()
  readonly #waiting = new Map<string, Waiting>()
  /** Of each symptom, by its id, the one of `#waiting` it was counted to last: forgotten when some are taken. */
  readonly #last = new Map<string, { readonly second: number, readonly waiting: Waiting }>()
  /** Sightings that found no room. */
  refused = 0

  constructor (options: OnsetOptions) { this.#options = options }

  get size (): number { return this.#series.size }

  saw (symptom: Symptom, timeMs: number): void {
    if (symptom.role === 'recovery') return
    // A flood is one entry a second.
    const second = Math.floor(timeMs / 1000)
    const last = this.#last.get(symptom.id)
    const waiting = last?.second === second ? last.waiting : this.#waitingIn(symptom, second, timeMs)
    if (waiting === undefined) return
    if (timeMs < waiting.firstMs) waiting.firstMs = timeMs
    if (timeMs > waiting.lastMs) waiting.lastMs = timeMs
  }

  /** Undefined: there is no room. */
  #waitingIn (symptom: Symptom, second: number, timeMs: number): Waiting | undefined {
    const key = `${symptom.id} ${second}`
    let waiting = this.#waiting.get(key)
    if (waiting === undefined) {
      if (this.#waiting.size >= maxWaiting) { this.refused++; return undefined }
      this.#waiting.set(key, waiting = { symptom, firstMs: timeMs, lastMs: timeMs })
    }
    this.#last.set(symptom.id, { second, waiting })
    return waiting
  }

  /** Onsets up to `nowMs - holdMs` (all, at the end), in order of time. */
  take (nowMs: number, isLast: boolean): Onset[] {
    const untilMs = isLast ? Infinity : nowMs - this.#options.holdMs
    const ready: Waiting[] = []
    this.#last.clear()
    for (const [key, waiting] of this.#waiting) {
      if (waiting.firstMs > untilMs) continue
      this.#waiting.delete(key)
      ready.push(waiting)
    }
    ready.sort((a, b) => a.firstMs - b.firstMs || (a.symptom.id < b.symptom.id ? -1 : a.symptom.id > b.symptom.id ? 1 : 0))
    return ready.flatMap(w => this.#onset(w))
  }

  #onset ({ symptom, firstMs: timeMs, lastMs }: Waiting): Onset[] {
    const key = seriesOf(symptom)
    const known = this.#series.get(key)
    if (known === undefined) {
      this.#put(key, { lastMs, lastOnsetMs: timeMs, between: new Spread() })
      return [{ symptom, timeMs, series: key, isPeriodic: false }]
    }
    const isNew = timeMs - known.lastMs > this.#options.quietMs
    known.lastMs = Math.max(known.lastMs, lastMs)
    if (!isNew) return []
    known.between.add(timeMs - known.lastOnsetMs)
    known.lastOnsetMs = timeMs
    this.#put(key, known)
    return [{ symptom, timeMs, series: key, isPeriodic: known.between.count >= leastIntervals && known.between.variation(1) < mostVariation }]
  }

  #put (key: string, series: Series): void {
    this.#series.delete(key)
    this.#series.set(key, series)
    if (this.#series.size > this.#options.maxSeries) this.#series.delete(this.#series.keys().next().value as string)
  }
}

export function seriesOf ({ sign, entity }: Symptom): string { return `${sign}|${entityKey(entity)}` }

/** Links what one trace tells: a span that failed because one that it called failed, and the log line that says why its span failed. Bounded. */
import { Budget } from '../budget.js'
import type { Symptom } from '../symptom.js'
import type { Sighting } from '../symptoms.js'

export interface TracePair {
  readonly cause: string
  readonly effect: string
  /** Traces that showed it. */
  count: number
}

/** Signs that only say that something failed; others say what. */
const vague: ReadonlySet<string> = new Set(['app.span_error', 'app.call_failed', 'app.http_5xx', 'app.log_error', 'app.alert'])

/** Rows of trouble with a trace that are looked at a second of event time. */
const budget = 5000

export class Traces {
  readonly #max: number
  /** The symptoms of failed spans, and of what was logged in them; those whose parent has not been seen to fail. */
  readonly #symptomsOf = new Map<string, string[]>()
  readonly #childrenOf = new Map<string, string[]>()
  readonly #pairs = new Map<string, TracePair>()
  readonly #vagueness = new Map<string, boolean>()
  #changed = new Set<string>()
  /** Some traces of a flood tell as much as all of them. */
  readonly #budget = new Budget(budget)

  constructor (maxSpans: number) { this.#max = maxSpans }

  get size (): number { return this.#symptomsOf.size + this.#childrenOf.size }

  saw (symptom: Symptom, { evidence, timeMs }: Sighting): void {
    if (symptom.role !== 'trouble' || symptom.traceIds.length === 0 || !this.#budget.take(timeMs)) return
    const { traceId = '', spanId = '', parentSpanId = '' } = evidence
    if (traceId === '') return
    this.#remember(symptom)
    const [own, parent] = [`${traceId}/${spanId}`, `${traceId}/${parentSpanId}`]
    if (spanId !== '') {
      for (const other of this.#symptomsOf.get(own) ?? []) this.#sameSpan(symptom.id, other)
      for (const child of this.#childrenOf.get(own) ?? []) this.#pair(child, symptom.id)
      this.#keep(this.#symptomsOf, own, symptom.id)
    }
    if (parentSpanId === '') return
    for (const of of this.#symptomsOf.get(parent) ?? []) this.#pair(symptom.id, of)
    this.#keep(this.#childrenOf, parent, symptom.id)
  }

  /** Pairs that are new or were seen again since the last call, in the order of their first coming. */
  take (): TracePair[] {
    const taken = [...this.#changed].map(key => this.#pairs.get(key)).filter(pair => pair !== undefined)
    this.#changed = new Set()
    return taken
  }

  #sameSpan (a: string, b: string): void {
    const [aVague, bVague] = [this.#vagueness.get(a) ?? true, this.#vagueness.get(b) ?? true]
    if (aVague !== bVague) this.#pair(aVague ? b : a, aVague ? a : b)
  }

  #pair (cause: string, effect: string): void {
    if (cause === effect) return
    const key = `${cause} ${effect}`
    const known = this.#pairs.get(key)
    if (known === undefined) {
      this.#pairs.set(key, { cause, effect, count: 1 })
      if (this.#pairs.size > this.#max) this.#pairs.delete(this.#pairs.keys().next().value as string)
    } else known.count++
    this.#changed.add(key)
  }

  #remember ({ id, sign }: Symptom): void {
    if (this.#vagueness.has(id)) return
    this.#vagueness.set(id, vague.has(sign))
    if (this.#vagueness.size > this.#max) this.#vagueness.delete(this.#vagueness.keys().next().value as string)
  }

  #keep (map: Map<string, string[]>, key: string, id: string): void {
    const known = map.get(key)
    if (known !== undefined) { if (known.length < maxOfSpan && !known.includes(id)) known.push(id); return }
    map.set(key, [id])
    if (map.size > this.#max) map.delete(map.keys().next().value as string)
  }
}

const maxOfSpan = 8

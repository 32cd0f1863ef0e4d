/** Finds known sequences among the symptoms of one subject. Pure: depends on the symptoms alone, not on the order they came in. */
import { entityKey } from '../entity.js'
import { matches } from '../sign-sets.js'
import type { Symptom } from '../symptom.js'
import { maxAgeMs, type KnownSequence } from './known-sequences.js'

export interface Matched {
  readonly sequence: KnownSequence
  /** In their order; at least two. */
  readonly symptoms: readonly Symptom[]
  /** Its confidence by the share of its steps that were seen. */
  readonly confidence: number
}

/** `symptoms` in order of their first times. The sequence must end with one of the step of `last`, so that each is found once. */
export function matchEnding (sequence: KnownSequence, symptoms: readonly Symptom[], last: Symptom): Matched | undefined {
  const step = stepOf(sequence, last, sequence.steps.length)
  if (step < 1) return undefined
  const found = [last]
  let [at, from] = [step, symptoms.indexOf(last)]
  while (at > 0 && from > 0) {
    const before = nearestBefore(sequence, symptoms, from, at)
    if (before === undefined) break
    const symptom = symptoms[before.index] as Symptom
    if (last.firstMs - symptom.firstMs > maxAgeMs) break
    found.unshift(symptom)
    at = before.step
    from = before.index
  }
  return found.length < 2 ? undefined : { sequence, symptoms: found, confidence: sequence.confidence * found.length / sequence.steps.length }
}

/** The latest symptom before `from` that is of a step before `at`, within the gap. */
function nearestBefore (sequence: KnownSequence, symptoms: readonly Symptom[], from: number, at: number): { readonly index: number, readonly step: number } | undefined {
  const later = symptoms[from] as Symptom
  for (let index = from - 1; index >= 0; index--) {
    const symptom = symptoms[index] as Symptom
    if (later.firstMs - symptom.firstMs > sequence.gapMs) return undefined
    const step = areApart(symptom, later) ? -1 : stepOf(sequence, symptom, at)
    if (step >= 0) return { index, step }
  }
  return undefined
}

/** Two pods have fates of their own, whatever they belong to. */
export function areApart ({ entity: a }: Symptom, { entity: b }: Symptom): boolean { return a.kind === 'Pod' && b.kind === 'Pod' && entityKey(a) !== entityKey(b) }

/** The last step before `before` that the symptom is of; -1 = none. */
function stepOf ({ steps }: KnownSequence, { sign, role }: Symptom, before: number): number {
  for (let step = before - 1; step >= 0; step--) if ((steps[step] ?? []).some(p => matches(p, sign, role))) return step
  return -1
}

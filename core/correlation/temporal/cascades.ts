/**
 * Bursts (original 3.6): many events of one subject at once, or several troubles of it in quick succession. What began it is taken for what
 * caused the rest, as far as layers allow: an application's error makes no kernel fail. Pure.
 */
import { areApart } from './sequence-match.js'
import { layers, type Symptom } from '../symptom.js'

export interface Cascade {
  readonly cause: Symptom
  readonly effect: Symptom
  readonly base: number
  readonly words: string
}

const eventsOfBurst = 10
const leastSteps = 3
const stepMs = 10_000
const baseOfCascade = 0.7
const baseOfBurst = 0.75

/** `symptoms` of one subject in order of time. Links each step to the one that began it. */
export function cascadeTo (symptoms: readonly Symptom[], last: Symptom): Cascade | undefined {
  const at = symptoms.indexOf(last)
  let from = at
  while (from > 0 && gapMs(symptoms[from - 1] as Symptom, symptoms[from] as Symptom) <= stepMs) from--
  const steps = symptoms.slice(from, at + 1).filter(s => s.role === 'trouble')
  if (steps.length < leastSteps || last.role !== 'trouble') return undefined
  const cause = steps.find(s => s !== last && !areApart(s, last) && layers.indexOf(s.layer) <= layers.indexOf(last.layer) && s.sign !== last.sign)
  if (cause === undefined) return undefined
  const events = steps.reduce((n, s) => n + s.count, 0)
  const isBurst = events > eventsOfBurst
  return { cause, effect: last, base: isBurst ? baseOfBurst : baseOfCascade, words: `{cause} began a ${isBurst ? 'burst' : 'quick succession'} of troubles that {effect} is part of` }
}

function gapMs (a: Symptom, b: Symptom): number { return b.firstMs - a.firstMs }

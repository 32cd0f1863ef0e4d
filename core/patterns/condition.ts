/** What a pattern asks for, ready to be asked. */
import type { Span } from '../config/tree.js'
import type { Symptom } from '../correlation/symptom.js'
import type { Ask } from './ask.js'
import type { Words } from './words.js'

export interface Answer {
  readonly holds: boolean
  /** What `as` binds. */
  readonly value?: unknown
  readonly symptoms?: readonly Symptom[]
  /** What was seen, for `tapio test`. Costs something: made when asked for. */
  readonly why?: () => string
}

export interface Condition {
  /** As written, in short. */
  readonly text: string
  readonly at: Span
  readonly as: string | undefined
  readonly says: Words | undefined
  /** True: costs little and needs no names, so it is asked first. */
  readonly isQuick: boolean
  /** Signs without which it cannot hold; undefined when it can. */
  readonly needs: ((sign: string) => boolean) | undefined
  /** Conditions inside, for explanations. */
  readonly parts: readonly Condition[]
  answer (ask: Ask): Answer
}

/** Asks, binds the name, and keeps the symptoms found. */
export function holds (condition: Condition, ask: Ask): boolean {
  const answer = condition.answer(ask)
  if (!answer.holds) return false
  ask.answers.set(condition, answer)
  if (condition.as !== undefined) ask.bind(condition.as, answer.value ?? true)
  for (const symptom of answer.symptoms ?? []) ask.symptoms.add(symptom)
  return true
}

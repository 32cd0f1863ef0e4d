/** What the library finds: a pattern that holds for a subject. */
import type { EntityRef } from '../correlation/entity.js'
import type { Hypothesis, Action } from '../incidents/incident.js'

export interface Finding extends Omit<Hypothesis, 'explains'> {
  /** Signs of symptoms that this cause accounts for, on the subject and on what depends on it. */
  readonly explainsSigns: readonly string[]
  /** Symptoms that its conditions looked at and found. */
  readonly symptoms: readonly string[]
  readonly actions: readonly Action[]
  /** Objects that were asked about when this was found, when they are not the subject: a pattern may blame another. */
  readonly asked?: readonly EntityRef[]
  /** When the condition came to be, as far as objects and symptoms say; NaN when they do not. */
  readonly sinceMs: number
  /** Declared with the pattern: `root` may be a root cause; `symptom` is worth telling, but something causes it. */
  readonly rank: 'root' | 'symptom'
}

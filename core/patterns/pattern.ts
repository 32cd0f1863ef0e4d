/** A pattern, loaded and ready to be asked. */
import type { Span } from '../config/tree.js'
import type { Risk, Urgency } from '../incidents/incident.js'
import type { Layer } from '../correlation/symptom.js'
import type { Condition } from './condition.js'
import type { Expression } from './expression.js'
import type { TestCase } from './test-case.js'
import type { Words } from './words.js'

export interface PatternAction {
  readonly urgency: Urgency
  readonly text: Words
  readonly command: Words | undefined
  readonly risk: Risk
  readonly expect: Words | undefined
  readonly when: Condition | undefined
}

export interface WeightedCondition { readonly when: Condition, readonly weight: number, readonly says: Words | undefined }

export interface Pattern {
  readonly id: string
  readonly cause: string
  readonly layer: Layer
  readonly kinds: readonly string[]
  readonly rank: 'root' | 'symptom'
  /** All names that conditions may bind. */
  readonly names: readonly string[]
  readonly lets: readonly (readonly [string, Expression])[]
  readonly loops: readonly (readonly [string, Expression])[]
  /** Asked first: of symptoms alone. */
  readonly quick: readonly Condition[]
  readonly slow: readonly Condition[]
  /** As written. */
  readonly when: readonly Condition[]
  /** Each must be true of some sign that is there, or the pattern cannot hold. */
  readonly needs: readonly ((sign: string) => boolean)[]
  readonly score: number
  readonly evidence: readonly WeightedCondition[]
  readonly explains: readonly string[]
  readonly subjectIs: Expression | undefined
  readonly since: Expression | undefined
  readonly title: Words
  readonly why: Words
  readonly actions: readonly PatternAction[]
  readonly refs: readonly string[]
  readonly tests: readonly TestCase[]
  readonly file: string
  readonly at: Span
}

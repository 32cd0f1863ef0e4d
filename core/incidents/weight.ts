/** How much a symptom says that something is really wrong, 0 to 1. */
import { Severity } from '../data/enums.js'
import type { Symptom } from '../correlation/symptom.js'

const bySeverity: readonly (readonly [number, number])[] = [[Severity.critical, 0.9], [Severity.error, 0.6], [Severity.high, 0.5], [Severity.warning, 0.25], [Severity.medium, 0.12], [Severity.low, 0.05]]

/** Programs log errors and fail requests all day; it takes more than one of them. */
const appShare = 0.5
/** From this many on, errors of one kind are no accident. */
const manyEvents = 20

export function weightOf ({ severity, confidence, layer, count, role }: Symptom): number {
  if (role !== 'trouble') return 0
  const base = bySeverity.find(([from]) => severity >= from)?.[1] ?? 0.02
  const share = layer === 'app' && count < manyEvents ? appShare : 1
  return base * share * Math.min(1, 0.5 + confidence / 2)
}

/** Independent signs add up like this: 1 - product of (1 - weight). */
export function together (weights: Iterable<number>): number {
  let rest = 1
  for (const weight of weights) rest *= 1 - weight
  return 1 - rest
}

/** Label selectors of Services, NetworkPolicies and PodDisruptionBudgets. */
import { listAt, textAt, textsAt, valueAt } from './plain.js'

type Operator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'

export interface Requirement { readonly key: string, readonly operator: Operator, readonly values: readonly string[] }

/** `pairs` must all be there, and `requirements` all hold. With neither it takes every pod of its namespace. */
export interface Selector { readonly pairs: readonly (readonly [key: string, value: string])[], readonly requirements: readonly Requirement[] }

const operators: ReadonlySet<string> = new Set<Operator>(['In', 'NotIn', 'Exists', 'DoesNotExist'])

/** Of a Service: one without a selector selects nothing. */
export function equalitySelector (labels: Readonly<Record<string, string>>): Selector | undefined {
  const pairs = sortedPairs(labels)
  return pairs.length === 0 ? undefined : { pairs, requirements: [] }
}

/** A `LabelSelector`: an empty one selects everything, a missing one nothing. One with an operator that nobody knows is not valid, and selects nothing. */
export function labelSelector (value: unknown): Selector | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const requirements = listAt(value, 'matchExpressions').map(e => ({
    key: textAt(e, 'key'), operator: textAt(e, 'operator') as Operator, values: listAt(e, 'values').filter(v => typeof v === 'string')
  }))
  if (requirements.some(r => r.key === '' || !operators.has(r.operator))) return undefined
  return { pairs: sortedPairs(textsAt(valueAt(value, 'matchLabels'))), requirements }
}

export function matches ({ pairs, requirements }: Selector, labels: ReadonlyMap<string, string>): boolean {
  return pairs.every(([key, value]) => labels.get(key) === value) && requirements.every(r => holds(r, labels.get(r.key)))
}

/** `NotIn` holds for a label that is not there, as in Kubernetes. */
function holds ({ operator, values }: Requirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In': return value !== undefined && values.includes(value)
    case 'NotIn': return value === undefined || !values.includes(value)
    case 'Exists': return value !== undefined
    case 'DoesNotExist': return value === undefined
  }
}

export function sortedPairs (labels: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(labels).sort(([a], [b]) => a < b ? -1 : 1)
}

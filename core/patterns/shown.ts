/** Values as people write them, for words. */
import { formatDuration } from '../config/units.js'
import { visible } from '../config/faults.js'
import { textAt } from '../topology/graph/plain.js'

const maxItems = 10
const maxLength = 500

/** `?` for what has no form. Lists and texts are cut, which is said. */
export function shown (value: unknown): string {
  const all = form(value, 0)
  return all.length <= maxLength ? all : `${all.slice(0, maxLength - 1)}…`
}

function form (value: unknown, depth: number): string {
  if (value === null || value === undefined) return '?'
  if (typeof value === 'string') return visible(value)
  if (typeof value === 'number') return Number.isNaN(value) ? '?' : String(Math.round(value * 1e6) / 1e6)
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '?' : value.toISOString()
  if (typeof value !== 'object' || depth > 2) return '?'
  if (value instanceof Set || Array.isArray(value)) return listForm([...value as Iterable<unknown>], depth)
  if ('hasValue' in value && 'orValue' in value) return form((value as { orValue(other: null): unknown }).orValue(null), depth)
  return objectForm(value, depth)
}

function listForm (values: readonly unknown[], depth: number): string {
  const items = values.slice(0, maxItems).map(v => form(v, depth + 1))
  return values.length > maxItems ? `${items.join(', ')} and ${values.length - maxItems} more` : items.join(', ')
}

function objectForm (value: object, depth: number): string {
  const metaName = textAt(value, 'metadata', 'name')
  if (metaName !== '') return named(textAt(value, 'kind'), textAt(value, 'metadata', 'namespace'), metaName)
  const [kind, name] = [textAt(value, 'kind'), textAt(value, 'name')]
  if (kind !== '' && name !== '') return named(kind, textAt(value, 'namespace'), name)
  if (name !== '' && !('value' in value)) return visible(name)
  return listForm(Object.entries(value).map(([k, v]) => `${k}=${form(v, depth + 1)}`), depth)
}

const named = (kind: string, namespace: string, name: string): string => visible(`${kind === '' ? '' : `${kind} `}${namespace === '' ? '' : `${namespace}/`}${name}`)

/** Two units at most: what matters at 3 AM. */
export function durationText (ms: number): string {
  if (Number.isNaN(ms)) return '?'
  if (ms < 0) return `-${durationText(-ms)}`
  const step = ms < 1000 ? 1 : ms < 3_600_000 ? 1000 : ms < 2 * 86_400_000 ? 60_000 : 3_600_000
  return formatDuration(Math.min(Math.round(ms / step) * step, 3e12))
}

export function binaryText (n: number): string {
  if (Number.isNaN(n)) return '?'
  for (const [unit, size] of [['Ti', 2 ** 40], ['Gi', 2 ** 30], ['Mi', 2 ** 20], ['Ki', 2 ** 10]] as const) {
    if (Math.abs(n) >= size) return `${Math.round(n / size * 10) / 10}${unit}`
  }
  return String(Math.round(n))
}

/** What a metric is called outside, and whether its declaration can be used at all. */
import type { MetricDeclaration } from './meter.js'

/** `tapio_<name>[_<unit>][_total]`: base name and unit as Prometheus and `promtool check metrics` want them. */
export function exposedName ({ name, unit, kind }: MetricDeclaration): string {
  const withUnit = unit === '' || name === unit || name.endsWith(`_${unit}`) ? name : `${name}_${unit}`
  return `tapio_${withUnit}${kind === 'counter' ? '_total' : ''}`
}

/**
 * Counters of seconds (CPU time, waits) have fractions and are held as f64; every other counter is an exact u64, for which
 * 2^53 would be too small: at 1 GB/s a counter of bytes passes it after 104 days.
 */
export function isFractional ({ kind, unit }: MetricDeclaration): boolean {
  return kind === 'counter' && unit === 'seconds'
}

const word = /^[a-z][a-z0-9_]*$/
const label = /^[a-z_][a-z0-9_]*$/
/** One histogram series takes a cell per bound; more than this is a mistake, not a resolution. */
const maxBounds = 64

/** Empty when `declaration` can be used, else what is wrong with it. */
export function declarationFault (declaration: MetricDeclaration): string {
  const { name, kind, unit, attributes = [], bounds } = declaration
  if (!word.test(name)) return `metric name "${name}" must be lower_snake_case`
  if (unit !== '' && !word.test(unit)) return `unit "${unit}" of metric "${name}" must be lower_snake_case or empty`
  if (kind !== 'counter' && kind !== 'gauge' && kind !== 'histogram') return `metric "${name}" has the unknown kind "${String(kind)}"`
  const badKey = attributes.find(key => attributeKeyFault(key) !== '')
  if (badKey !== undefined) return `metric "${name}": ${attributeKeyFault(badKey)}`
  if (kind !== 'histogram') return bounds === undefined ? '' : `metric "${name}" has bounds but is a ${kind}`
  if (bounds === undefined || bounds.length === 0) return `histogram "${name}" declares no bounds`
  if (bounds.length > maxBounds) return `histogram "${name}" declares ${bounds.length} bounds, at most ${maxBounds} are allowed`
  const ascending = bounds.every((bound, i) => Number.isFinite(bound) && (i === 0 || bound > bounds[i - 1]!))
  return ascending ? '' : `the bounds of histogram "${name}" must be finite and ascending`
}

/** Empty when `key` can be an attribute key. `le` and names that begin with "__" are Prometheus' own. */
export function attributeKeyFault (key: string): string {
  if (!label.test(key) || key.startsWith('__')) return `attribute key "${key}" must be lower_snake_case`
  return key === 'le' ? 'attribute key "le" is taken by histogram buckets' : ''
}

/** True when both describe the same family: they may be summed. */
export function sameShape (a: MetricDeclaration, b: MetricDeclaration): boolean {
  if (a === b) return true
  const boundsOf = (d: MetricDeclaration): string => (d.bounds ?? []).join()
  return a.name === b.name && a.kind === b.kind && a.unit === b.unit && boundsOf(a) === boundsOf(b)
}

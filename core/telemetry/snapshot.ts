/** All metrics of the process at one moment. */
import type { MetricAttributes, MetricDeclaration } from './meter.js'

export interface NumberSeries {
  readonly attributes: MetricAttributes
  /** Counters: bigint, exact; counters of seconds and gauges: number. */
  readonly value: bigint | number
}

export interface HistogramSeries {
  readonly attributes: MetricAttributes
  /** Per bucket, not cumulative: one per bound, then the one above all bounds. */
  readonly buckets: readonly bigint[]
  readonly sum: number
  /** The sum of `buckets`. */
  readonly count: bigint
}

export type NumberFamily = { readonly name: string, readonly kind: 'number', readonly declaration: MetricDeclaration, readonly series: readonly NumberSeries[] }
export type HistogramFamily = { readonly name: string, readonly kind: 'histogram', readonly declaration: MetricDeclaration, readonly series: readonly HistogramSeries[] }

/** One metric; `name` is the exposed one. */
export type MetricFamily = NumberFamily | HistogramFamily

export interface MetricSnapshot {
  /** Monotonic milliseconds, for rates. */
  readonly atMs: number
  /** Sorted by name, series by attributes. */
  readonly families: readonly MetricFamily[]
}

/** The value of one series of a counter or gauge, or 0 when there is none: for summaries and tests. */
export function valueOf (snapshot: MetricSnapshot, name: string, attributes: MetricAttributes = {}): bigint | number {
  let total: bigint | number = 0
  for (const family of snapshot.families) {
    if (family.name !== name || family.kind !== 'number') continue
    for (const series of family.series) if (matches(series.attributes, attributes)) total = addValues(total, series.value)
  }
  return total
}

/** Exact while both are whole; a fraction makes the sum a number. */
export function addValues (a: bigint | number, b: bigint | number): bigint | number {
  if (typeof a === 'bigint' && typeof b === 'bigint') return a + b
  if (a === 0) return b
  return Number(a) + Number(b)
}

/** True when `attributes` has every pair of `wanted`. */
export function matches (attributes: MetricAttributes, wanted: MetricAttributes): boolean {
  return Object.entries(wanted).every(([key, value]) => attributes[key] === value)
}

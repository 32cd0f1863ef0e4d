/** How one thread tells another what lies in its slab. */
import { attributeKeyFault } from './declaration.js'
import type { MetricAttributes, MetricDeclaration } from './meter.js'

/** One series: where it lies, what it is. Plain data: it crosses threads by structured clone. */
export interface SeriesDescription {
  /** First cell in the slab of the thread that sent it. */
  readonly cell: number
  readonly declaration: MetricDeclaration
  readonly attributes: MetricAttributes
}

/** The attributes of the series that stands for all that found no room of their own. */
export const overflowAttributes: MetricAttributes = Object.freeze({ overflow: 'true' })

/** Distinct series of one metric, per thread and in the whole process: a backend's usual pain threshold. */
export const defaultMaxSeriesPerMetric = 2000

/** Cells a series takes: a histogram has its sum and one bucket per bound and one above all bounds. */
export function cellsOf ({ kind, bounds = [] }: MetricDeclaration): number {
  return kind === 'histogram' ? bounds.length + 2 : 1
}

/** Equal for equal attributes in any order. */
export function attributesKey (attributes: MetricAttributes): string {
  return JSON.stringify(Object.entries(attributes).sort(([a], [b]) => a < b ? -1 : 1))
}

/** Values are kept in every scrape and in memory for good, so they are short. */
const maxValueChars = 256

/** `own` under `fixed` (the component's, which win: a component cannot pass for another), keys sorted, values made short strings. */
export function mergeAttributes (own: MetricAttributes, fixed: MetricAttributes): MetricAttributes {
  const merged: Record<string, string> = {}
  for (const [key, value] of Object.entries({ ...own, ...fixed }).sort(([a], [b]) => a < b ? -1 : 1)) {
    const fault = attributeKeyFault(key)
    if (fault !== '') throw new Error(fault)
    merged[key] = String(value).slice(0, maxValueChars)
  }
  return merged
}

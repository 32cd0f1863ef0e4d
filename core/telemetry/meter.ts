/** Instruments as components see them. The implementation, in memory shared with the main thread, is in registry.ts. */
export type MetricKind = 'counter' | 'gauge' | 'histogram'

export interface MetricDeclaration {
  /** Without prefix or unit suffix, lower_snake_case: `requests`, `queue_size`. Exposed as `tapio_<name>[_<unit>][_total]`. */
  readonly name: string
  readonly kind: MetricKind
  /** UCUM-like word used in the exposed name: `seconds`, `bytes`, `events`, or '' for a plain count. */
  readonly unit: string
  /** One sentence: what it counts and when. */
  readonly description: string
  /** The attribute keys every series of it carries, beside those of the component. */
  readonly attributes?: readonly string[]
  /** Upper bounds of a histogram's buckets, ascending, without +Inf. */
  readonly bounds?: readonly number[]
}

export interface Counter { add(n: number): void }
export interface Gauge { set(value: number): void }
export interface Histogram { record(value: number): void }

export type MetricAttributes = Readonly<Record<string, string>>

/** Creates (or finds: same declaration and attributes give the same series) instruments of one component. */
export interface Meter {
  counter(declaration: MetricDeclaration, attributes?: MetricAttributes): Counter
  gauge(declaration: MetricDeclaration, attributes?: MetricAttributes): Gauge
  histogram(declaration: MetricDeclaration, attributes?: MetricAttributes): Histogram
}

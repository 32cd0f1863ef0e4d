/** Per-second figures between two snapshots, for the live summary. */
import { attributesKey } from './series.js'
import type { MetricAttributes } from './meter.js'
import type { MetricSnapshot } from './snapshot.js'

export interface SeriesRate {
  /** The exposed name; of a histogram, its name with `_count`. */
  readonly name: string
  readonly attributes: MetricAttributes
  /** Since the last snapshot. */
  readonly delta: number
  readonly perSecond: number
}

/** Remembers the last snapshot's counts; holds as many as that snapshot had series. */
export class RateTracker {
  #last: ReadonlyMap<string, number> = new Map()
  #lastAtMs: number | undefined

  /**
   * Rates of all counters and histogram counts since the snapshot given before. Empty at the first call and when no time has
   * passed. A count that went down began anew, so all of it counts as fresh; a series first seen now began at 0.
   */
  update (snapshot: MetricSnapshot): readonly SeriesRate[] {
    const counts = [...countsOf(snapshot)]
    const seconds = this.#lastAtMs === undefined ? 0 : (snapshot.atMs - this.#lastAtMs) / 1000
    const rates = seconds > 0 ? counts.map(c => this.#rate(c, seconds)) : []
    if (seconds > 0 || this.#lastAtMs === undefined) {
      this.#last = new Map(counts.map(c => [c.key, c.value]))
      this.#lastAtMs = snapshot.atMs
    }
    return rates
  }

  #rate ({ key, name, attributes, value }: Count, seconds: number): SeriesRate {
    const before = this.#last.get(key) ?? 0
    const delta = value < before ? value : value - before
    return { name, attributes, delta, perSecond: delta / seconds }
  }
}

interface Count { readonly key: string, readonly name: string, readonly attributes: MetricAttributes, readonly value: number }

function * countsOf (snapshot: MetricSnapshot): Generator<Count> {
  for (const family of snapshot.families) {
    if (family.declaration.kind === 'gauge') continue
    const name = family.kind === 'histogram' ? `${family.name}_count` : family.name
    for (const series of family.series) {
      const value = Number('count' in series ? series.count : series.value)
      yield { key: name + attributesKey(series.attributes), name, attributes: series.attributes, value }
    }
  }
}

/**
 * The instruments of one thread. Each thread has one `ThreadMeters` over its own slab; every new series is announced once
 * through `onSeries`, before it can be written, so that main (metric-store.ts) reads live values without asking and keeps
 * them when the thread dies. In a worker `onSeries` must post to `parentPort` at once: Node delivers what was posted there
 * before it reports the worker's exit, also after `terminate()`.
 *
 * Bounded: at most `maxSeriesPerMetric` series per metric; what comes beyond shares one series `{overflow="true"}` of its
 * metric. The last eighth of the slab is kept for those overflow series; when even that is used up the instrument goes
 * nowhere. All three are counted in `telemetry_overflow` and logged once per metric.
 *
 * Measured once (Node 20.20, 2 shared cores): counter.add 26 ns, gauge.set 15 ns, histogram.record (17 bounds) 48 ns, all that an
 * edge does for one batch (edges.ts, begin and end) 147 ns. Finding an existing series through the meter takes 25 ns,
 * 190 ns with an attribute, 5 µs the first time.
 */
import { declarationFault, exposedName, isFractional, sameShape } from './declaration.js'
import { BucketHistogram, FloatCounter, FloatGauge, IntegerCounter, nowhere } from './instruments.js'
import type { Logger } from './logger.js'
import type { Counter, Gauge, Histogram, Meter, MetricAttributes, MetricDeclaration, MetricKind } from './meter.js'
import { telemetryInvalidValues, telemetryOverflow } from './own-metrics.js'
import { attributesKey, cellsOf, defaultMaxSeriesPerMetric, mergeAttributes, overflowAttributes, type SeriesDescription } from './series.js'
import { SlabView, type Slab } from './slab.js'

export interface ThreadMetersOptions {
  readonly maxSeriesPerMetric?: number
  /** Hears once per metric that it overflows. */
  readonly logger?: Logger
}

type Instrument = Counter | Gauge | Histogram

interface Family { readonly declaration: MetricDeclaration, readonly series: Map<string, Instrument>, overflow?: Instrument }

/** Another text for others, in the order they are written: what is found by it needs no sorting. With lengths, as values hold anything. */
function asWritten (attributes: MetricAttributes): string {
  let text = ''
  for (const name of Object.keys(attributes)) {
    const value = String(attributes[name])
    text += `${name.length}:${name}${value.length}:${value}`
  }
  return text
}

export class ThreadMeters {
  readonly #slab: SlabView
  readonly #onSeries: (series: SeriesDescription) => void
  readonly #maxSeriesPerMetric: number
  readonly #logger: Logger | undefined
  readonly #families = new Map<string, Family>()
  /** Goes nowhere only while the constructor makes the real one. */
  readonly #overflows: Counter = nowhere
  readonly #onInvalid: () => void

  constructor (slab: Slab, onSeries: (series: SeriesDescription) => void, options: ThreadMetersOptions = {}) {
    this.#slab = new SlabView(slab)
    this.#onSeries = onSeries
    this.#maxSeriesPerMetric = options.maxSeriesPerMetric ?? defaultMaxSeriesPerMetric
    this.#logger = options.logger
    // First of all, so that they surely have cells.
    this.#overflows = this.#find(telemetryOverflow, {}, {}) as Counter
    const invalid = this.#find(telemetryInvalidValues, {}, {}) as Counter
    this.#onInvalid = () => invalid.add(1)
  }

  /** A meter whose series all carry `attributes` (`component_kind`, `component_id`, `pipeline`, …) beside their own. */
  meterFor (attributes: MetricAttributes): Meter {
    const found = new WeakMap<MetricDeclaration, Map<string, Instrument>>()
    const find = (kind: MetricKind, declaration: MetricDeclaration, own: MetricAttributes): Instrument => {
      if (declaration.kind !== kind) throw new Error(`metric "${declaration.name}" is declared as a ${declaration.kind}, not as a ${kind}`)
      let known = found.get(declaration)
      if (known === undefined) found.set(declaration, known = new Map())
      const key = asWritten(own)
      const before = known.get(key)
      if (before !== undefined) return before
      const instrument = this.#find(declaration, own, attributes)
      // What shares an overflow series is counted each time.
      const isOverflow = instrument === this.#families.get(exposedName(declaration))?.overflow
      if (!isOverflow && known.size < this.#maxSeriesPerMetric) known.set(key, instrument)
      return instrument
    }
    return {
      counter: (declaration, own = {}) => find('counter', declaration, own) as Counter,
      gauge: (declaration, own = {}) => find('gauge', declaration, own) as Gauge,
      histogram: (declaration, own = {}) => find('histogram', declaration, own) as Histogram
    }
  }

  #find (declaration: MetricDeclaration, own: MetricAttributes, fixed: MetricAttributes): Instrument {
    const family = this.#family(declaration)
    const attributes = mergeAttributes(own, fixed)
    const key = attributesKey(attributes)
    const known = family.series.get(key)
    if (known !== undefined) return known
    if (family.series.size >= this.#maxSeriesPerMetric) return this.#overflow(family, `more than ${this.#maxSeriesPerMetric} series`)
    const made = this.#create(family.declaration, attributes, this.#slab.capacity >> 3)
    if (made === undefined) return this.#overflow(family, `the slab of ${this.#slab.capacity} cells is full`)
    family.series.set(key, made)
    return made
  }

  /** The family of `declaration`; throws when it is unusable or clashes with an earlier one, which is a bug of its author. */
  #family (declaration: MetricDeclaration): Family {
    const name = exposedName(declaration)
    const known = this.#families.get(name)
    if (known !== undefined) {
      if (!sameShape(known.declaration, declaration)) throw new Error(`metric "${declaration.name}" is already declared in another shape`)
      return known
    }
    const fault = declarationFault(declaration)
    if (fault !== '') throw new Error(fault)
    const family: Family = { declaration, series: new Map() }
    this.#families.set(name, family)
    return family
  }

  #overflow (family: Family, reason: string): Instrument {
    this.#overflows.add(1)
    if (family.overflow === undefined) {
      family.overflow = this.#create(family.declaration, overflowAttributes, 0) ?? nowhere
      this.#logger?.warn('a metric has too many series; further ones are counted together', { metric: family.declaration.name, why: reason })
    }
    return family.overflow
  }

  #create (declaration: MetricDeclaration, attributes: MetricAttributes, keepFree: number): Instrument | undefined {
    const cell = this.#slab.allocate(cellsOf(declaration), keepFree)
    if (cell < 0) return undefined
    this.#onSeries({ cell, declaration, attributes })
    const onInvalid = (): void => this.#onInvalid()
    if (declaration.kind === 'histogram') return new BucketHistogram(this.#slab, cell, onInvalid, declaration.bounds ?? [])
    if (declaration.kind === 'gauge') return new FloatGauge(this.#slab, cell)
    return isFractional(declaration) ? new FloatCounter(this.#slab, cell, onInvalid) : new IntegerCounter(this.#slab, cell, onInvalid)
  }
}

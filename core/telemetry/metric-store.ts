/**
 * Main's view of the instruments of all threads: it holds every slab and the descriptions that came with it, and adds up
 * series of the same metric and attributes.
 *
 *  - Counters and histograms: the sum over all threads, dead ones included. When a thread ends (`endThread`, call it on the
 *    worker's `exit` event) its counts are folded into one running total and its slab is let go, so a worker that is
 *    restarted for days costs no memory and loses no count.
 *  - Gauges: the sum over live threads, which is right for what adds up (queued events, in-flight batches, heap). One that
 *    does not add up (event loop delay) must carry a `thread` attribute, which makes each thread its own series. A dead
 *    thread's gauges are dropped: its queue no longer exists.
 */
import { declarationFault, exposedName, isFractional, sameShape } from './declaration.js'
import type { Logger } from './logger.js'
import type { MetricAttributes, MetricDeclaration } from './meter.js'
import { attributesKey, cellsOf, defaultMaxSeriesPerMetric, overflowAttributes, type SeriesDescription } from './series.js'
import { SlabView, type Slab } from './slab.js'
import { addValues, type MetricFamily, type MetricSnapshot } from './snapshot.js'

export interface MetricStoreOptions {
  /** Bound of the totals kept for dead threads, whose attributes may differ from life to life. */
  readonly maxSeriesPerMetric?: number
  readonly logger?: Logger
}

/** A series with its family's exposed name and its key, made once because they cost more than reading the cells. */
interface Known { readonly name: string, readonly key: string, readonly series: SeriesDescription }

interface Thread { readonly slab: SlabView, readonly known: Known[] }

/** One series added up over threads. `buckets` is empty except for histograms, whose `value` is their sum. */
interface Total { readonly attributes: MetricAttributes, value: bigint | number, buckets: bigint[] }

interface Family { readonly declaration: MetricDeclaration, readonly ended: Map<string, Total> }

export class MetricStore {
  readonly #threads = new Map<string, Thread>()
  readonly #families = new Map<string, Family>()
  readonly #maxSeriesPerMetric: number
  readonly #logger: Logger | undefined
  #isOver: (attributes: MetricAttributes) => boolean = () => false

  constructor (options: MetricStoreOptions = {}) {
    this.#maxSeriesPerMetric = options.maxSeriesPerMetric ?? defaultMaxSeriesPerMetric
    this.#logger = options.logger
  }

  /** Registers the slab of a thread that is about to start. A thread of the same name must have ended, else it ends here. */
  addThread (thread: string, slab: Slab): void {
    this.endThread(thread)
    this.#threads.set(thread, { slab: new SlabView(slab), known: [] })
  }

  /** Takes what a thread announced. A description that cannot be right is refused and logged: the thread may be broken. */
  addSeries (thread: string, series: SeriesDescription): void {
    const owner = this.#threads.get(thread)
    const fault = owner === undefined ? 'unknown thread' : seriesFault(series, owner.slab) || this.#familyFault(series.declaration)
    if (fault !== '') this.#logger?.warn('a metric series was refused', { thread, metric: series.declaration.name, why: fault })
    else owner?.known.push({ name: exposedName(series.declaration), key: attributesKey(series.attributes), series })
  }

  /** Folds the counts of a thread that has ended into the totals and lets its slab go. Unknown names are ignored. */
  endThread (thread: string): void {
    const owner = this.#threads.get(thread)
    if (owner === undefined) return
    this.#threads.delete(thread)
    for (const one of owner.known) {
      if (one.series.declaration.kind === 'gauge') continue
      const { ended } = this.#families.get(one.name)!
      addTo(ended, owner.slab, ended.has(one.key) || ended.size < this.#maxSeriesPerMetric ? one : asOverflow(one))
    }
  }

  /** Gauges of which `isOver` says so are of something that is no more: their last value is not shown. */
  hideGauges (isOver: (attributes: MetricAttributes) => boolean): void { this.#isOver = isOver }

  /** All series, added up. */
  snapshot (atMs: number = performance.now()): MetricSnapshot {
    const totals = new Map<string, Map<string, Total>>()
    for (const [name, { ended }] of this.#families) totals.set(name, new Map([...ended].map(([key, t]) => [key, { ...t }])))
    for (const { slab, known } of this.#threads.values()) {
      for (const one of known) {
        if (one.series.declaration.kind !== 'gauge' || !this.#isOver(one.series.attributes)) addTo(totals.get(one.name)!, slab, one)
      }
    }
    const families = [...totals].filter(([, series]) => series.size > 0).sort(([a], [b]) => a < b ? -1 : 1)
    return { atMs, families: families.map(([name, series]) => toFamily(name, this.#families.get(name)!.declaration, series)) }
  }

  /** Remembers the family; says what is wrong when two threads declare one name in two shapes. */
  #familyFault (declaration: MetricDeclaration): string {
    const name = exposedName(declaration)
    const known = this.#families.get(name)
    if (known === undefined) this.#families.set(name, { declaration, ended: new Map() })
    else if (!sameShape(known.declaration, declaration)) return 'another thread declares it in another shape'
    return ''
  }
}

function seriesFault ({ cell, declaration }: SeriesDescription, slab: SlabView): string {
  const end = cell + cellsOf(declaration)
  if (!Number.isInteger(cell) || cell < 1 || end > slab.capacity) return `cells ${cell} to ${end} are outside the slab`
  return declarationFault(declaration)
}

function asOverflow ({ name, series }: Known): Known {
  return { name, key: attributesKey(overflowAttributes), series: { ...series, attributes: overflowAttributes } }
}

function addTo (totals: Map<string, Total>, slab: SlabView, { key, series: { cell, declaration, attributes } }: Known): void {
  let total = totals.get(key)
  if (total === undefined) totals.set(key, total = { attributes, value: 0, buckets: [] })
  const isFloat = declaration.kind !== 'counter' || isFractional(declaration)
  total.value = addValues(total.value, isFloat ? slab.float(cell) : slab.integer(cell))
  const { buckets } = total
  total.buckets = Array.from({ length: cellsOf(declaration) - 1 }, (_, i) => (buckets[i] ?? 0n) + slab.integer(cell + 1 + i))
}

function toFamily (name: string, declaration: MetricDeclaration, totals: Map<string, Total>): MetricFamily {
  const sorted = [...totals].sort(([a], [b]) => a < b ? -1 : 1).map(([, total]) => total)
  if (declaration.kind !== 'histogram') return { name, kind: 'number', declaration, series: sorted.map(({ attributes, value }) => ({ attributes, value })) }
  const series = sorted.map(({ attributes, value, buckets }) => ({ attributes, buckets, sum: Number(value), count: buckets.reduce((a, b) => a + b, 0n) }))
  return { name, kind: 'histogram', declaration, series }
}

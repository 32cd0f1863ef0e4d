/**
 * Instruments that write into a slab. Whatever a caller passes, they neither throw nor spoil a count: a value that cannot
 * be counted (negative, NaN, a fraction where whole things are counted) is left out and reported to `onInvalid`.
 * What they cost is written in registry.ts.
 */
import type { Counter, Gauge, Histogram } from './meter.js'
import type { SlabView } from './slab.js'

export class IntegerCounter implements Counter {
  constructor (private readonly slab: SlabView, private readonly cell: number, private readonly onInvalid: () => void) {}

  add (n: number): void {
    if (n >= 0 && Number.isSafeInteger(n)) this.slab.addInteger(this.cell, n)
    else this.onInvalid()
  }
}

export class FloatCounter implements Counter {
  constructor (private readonly slab: SlabView, private readonly cell: number, private readonly onInvalid: () => void) {}

  add (n: number): void {
    if (n >= 0 && n < Infinity) this.slab.addFloat(this.cell, n)
    else this.onInvalid()
  }
}

/** Takes any number: NaN and infinities are values a gauge may honestly have. */
export class FloatGauge implements Gauge {
  constructor (private readonly slab: SlabView, private readonly cell: number) {}

  set (value: number): void {
    this.slab.setFloat(this.cell, typeof value === 'number' ? value : NaN)
  }
}

/** Cells: the sum, then one bucket per bound (not cumulative), then the bucket above all bounds. */
export class BucketHistogram implements Histogram {
  readonly #bounds: Float64Array

  constructor (private readonly slab: SlabView, private readonly cell: number, private readonly onInvalid: () => void, bounds: readonly number[]) {
    this.#bounds = Float64Array.from(bounds)
  }

  record (value: number): void {
    if (!Number.isFinite(value)) {
      this.onInvalid()
      return
    }
    this.slab.addFloat(this.cell, value)
    this.slab.addInteger(this.cell + 1 + this.#bucket(value), 1)
  }

  /** Index of the first bound that is not below `value`; the number of bounds when there is none. */
  #bucket (value: number): number {
    let low = 0
    let high = this.#bounds.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#bounds[middle]! < value) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Takes anything and keeps nothing: what is left when not even the overflow series found room. */
export const nowhere = {
  add (): void {},
  set (): void {},
  record (): void {}
}

/** The columns of data points while they are read; they grow. */
import { words } from '../data/columns.js'
import { putWords } from './cells.js'
import type { DataKind } from './data-kinds.js'
import type { WireReader } from './wire.js'

export class PointColumns {
  count = 0
  row: Uint32Array
  time: BigUint64Array
  start: BigUint64Array
  value: Float64Array
  observations: Float64Array
  sum: Float64Array
  kind: Uint8Array
  temporality: Uint8Array
  monotonic: Uint8Array
  /** Where the point's message is in the raw buffer of its row. */
  starts: Uint32Array
  ends: Uint32Array
  #times: Uint32Array
  #startTimes: Uint32Array

  constructor (capacity: number) {
    this.row = new Uint32Array(capacity)
    this.time = new BigUint64Array(capacity)
    this.start = new BigUint64Array(capacity)
    this.value = new Float64Array(capacity)
    this.observations = new Float64Array(capacity)
    this.sum = new Float64Array(capacity)
    this.kind = new Uint8Array(capacity)
    this.temporality = new Uint8Array(capacity)
    this.monotonic = new Uint8Array(capacity)
    this.starts = new Uint32Array(capacity)
    this.ends = new Uint32Array(capacity)
    this.#times = words(this.time)
    this.#startTimes = words(this.start)
  }

  /** Forgets the points from `count` on. */
  truncate (count: number): void {
    this.time.fill(0n, count, this.count)
    this.start.fill(0n, count, this.count)
    this.count = count
  }

  /** Reads the point that ends at `stop`. */
  read (r: WireReader, stop: number, data: DataKind, row: number): void {
    if (this.count === this.row.length) this.#grow()
    const at = this.count++
    this.row[at] = row
    this.kind[at] = data.kind
    this.starts[at] = r.pos
    this.ends[at] = stop
    const outer = r.end
    r.end = stop
    if (data.distribution) this.#readDistribution(r, at)
    else this.#readNumber(r, at)
    r.end = outer
  }

  #readNumber (r: WireReader, at: number): void {
    let value = NaN
    for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
      switch (tag) {
        case 17: r.fixed64(); putWords(r, this.#startTimes, at); break
        case 25: r.fixed64(); putWords(r, this.#times, at); break
        case 33: value = r.double(); break
        case 49: r.fixed64(); value = Number(r.int64()); break
        default: r.skip(tag)
      }
    }
    this.value[at] = value
    this.sum[at] = value
    this.observations[at] = 1
  }

  /** The three distributions have these fields at the same places. */
  #readDistribution (r: WireReader, at: number): void {
    let count = 0
    let sum = NaN
    for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
      switch (tag) {
        case 17: r.fixed64(); putWords(r, this.#startTimes, at); break
        case 25: r.fixed64(); putWords(r, this.#times, at); break
        case 33: r.fixed64(); count = r.high * 4294967296 + r.low; break
        case 41: sum = r.double(); break
        default: r.skip(tag)
      }
    }
    this.observations[at] = count
    this.sum[at] = sum
    this.value[at] = count > 0 ? sum / count : NaN
  }

  #grow (): void {
    this.row = doubled(this.row)
    this.time = doubled(this.time)
    this.start = doubled(this.start)
    this.value = doubled(this.value)
    this.observations = doubled(this.observations)
    this.sum = doubled(this.sum)
    this.kind = doubled(this.kind)
    this.temporality = doubled(this.temporality)
    this.monotonic = doubled(this.monotonic)
    this.starts = doubled(this.starts)
    this.ends = doubled(this.ends)
    this.#times = words(this.time)
    this.#startTimes = words(this.start)
  }
}

function doubled<T extends Uint8Array | Uint32Array | Float64Array | BigUint64Array> (array: T): T {
  const larger = new (array.constructor as new (length: number) => T)(Math.max(16, array.length * 2))
  larger.set(array as never)
  return larger
}

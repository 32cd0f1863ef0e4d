/**
 * Metric to columns: one row a Metric, whatever the number of its data points. The value shown is that of the last data
 * point that has one; of a distribution, its mean.
 */
import type { BatchBuilder } from '../data/builder.js'
import { words } from '../data/columns.js'
import { Severity } from '../data/enums.js'
import { putWords } from './cells.js'
import { checkField } from './check.js'
import { dataKinds, type DataKind } from './data-kinds.js'
import { ByteInterner } from './interner.js'
import { recordDepth } from './locate.js'
import { messageType, type MessageType } from './schema.js'
import type { WireReader } from './wire.js'

const metric = messageType('Metric')

/** By the tag of the data field. */
const kinds = new Map(dataKinds.map(kind => [kind.tag, kind]))

export class MetricReader {
  readonly #time: Uint32Array
  readonly #severity: Uint8Array
  readonly #name: Uint32Array
  readonly #unit: Uint32Array
  readonly #kind: Uint8Array
  readonly #value: Float64Array
  readonly #points: Uint32Array
  readonly #names: ByteInterner

  constructor (bytes: Uint8Array, b: BatchBuilder) {
    this.#time = words(b.column('timeUnixNano'))
    this.#severity = b.column('severity')
    this.#name = b.column('name')
    this.#unit = b.column('metricUnit')
    this.#kind = b.column('metricKind')
    this.#value = b.column('metricValue')
    this.#points = b.column('dataPointCount')
    this.#names = new ByteInterner(bytes, b)
  }

  read (r: WireReader, row: number): void {
    this.#severity[row] = Severity.info
    for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
      if (tag === 10) this.#name[row] = this.#text(r)
      else if (tag === 26) this.#unit[row] = this.#text(r)
      else {
        const kind = kinds.get(tag)
        if (kind === undefined) checkField(r, tag, metric, recordDepth)
        else this.#readData(r, r.span(), kind, row)
      }
    }
  }

  #text (r: WireReader): number {
    const stop = r.span()
    const index = this.#names.intern(r.pos, stop)
    r.pos = stop
    return index
  }

  #readData (r: WireReader, stop: number, kind: DataKind, row: number): void {
    if (this.#kind[row] !== kind.kind) this.#start(row, kind.kind)
    const outer = r.end
    r.end = stop
    for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
      if (tag !== 10) { checkField(r, tag, kind.message, recordDepth + 1); continue }
      this.#points[row] = (this.#points[row] as number) + 1
      if (kind.distribution) this.#readDistribution(r, r.span(), kind.point, row)
      else this.#readNumber(r, r.span(), kind.point, row)
    }
    r.end = outer
  }

  /** The data fields are a oneof: another kind after the first replaces it, the same kind adds to it. */
  #start (row: number, kind: number): void {
    this.#kind[row] = kind
    this.#points[row] = 0
    this.#value[row] = NaN
    this.#time[row * 2] = 0
    this.#time[row * 2 + 1] = 0
  }

  #readNumber (r: WireReader, stop: number, point: MessageType, row: number): void {
    const outer = r.end
    r.end = stop
    for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
      switch (tag) {
        case 25: r.fixed64(); this.#keepNewest(r, row); break
        case 33: this.#value[row] = r.double(); break
        case 49: r.fixed64(); this.#value[row] = Number(r.int64()); break
        default: checkField(r, tag, point, recordDepth + 2)
      }
    }
    r.end = outer
  }

  #readDistribution (r: WireReader, stop: number, point: MessageType, row: number): void {
    const outer = r.end
    r.end = stop
    let count = 0
    let sum = NaN
    for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
      switch (tag) {
        case 25: r.fixed64(); this.#keepNewest(r, row); break
        case 33: r.fixed64(); count = r.high * 4294967296 + r.low; break
        case 41: sum = r.double(); break
        default: checkField(r, tag, point, recordDepth + 2)
      }
    }
    r.end = outer
    if (count > 0 && !Number.isNaN(sum)) this.#value[row] = sum / count
  }

  #keepNewest (r: WireReader, row: number): void {
    const low = this.#time[row * 2] as number
    const high = this.#time[row * 2 + 1] as number
    if (r.high > high || (r.high === high && r.low > low)) putWords(r, this.#time, row)
  }
}

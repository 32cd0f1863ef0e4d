/**
 * The data points of a batch's metrics as columns. A metric is one row of a batch whatever the number of its points; what
 * thinks about series (SLOs, resource pressure) asks here, and only then are the points read: one pass over the records.
 * Nothing is changed by it: metrics go on as the bytes they came as, with buckets, quantiles and exemplars.
 */
import { AttributeColumnBuilder, type AttributeColumn, type Attributes } from '../data/attributes.js'
import type { EventBatch } from '../data/batch.js'
import { RawEncoding } from '../data/enums.js'
import { PointColumns } from './point-columns.js'
import { dataKinds, type DataKind } from './data-kinds.js'
import { keyMatches, keyValue } from './records.js'
import { decodeAttributes, orElse, WireReader } from './wire.js'

export class DataPoints {
  readonly count: number
  /** The row of the batch whose metric the point is of: there are its name, unit, resource and scope. */
  readonly row: Uint32Array
  readonly timeUnixNano: BigUint64Array
  readonly startTimeUnixNano: BigUint64Array
  /** A number's value; of a histogram or summary its mean. NaN when there is none (no recorded value, count 0, no sum). */
  readonly value: Float64Array
  /** Observations in a histogram or summary; 1 for a number. */
  readonly observations: Float64Array
  /** Sum of the observations; NaN when a histogram does not say. For a number, its value. */
  readonly sum: Float64Array
  /** The kinds of core/data/enums.ts: gauge 1, sum 2, histogram 3, exponential histogram 4, summary 5. */
  readonly kind: Uint8Array
  /** OTLP's AggregationTemporality: 0 unspecified (gauges, summaries), 1 delta, 2 cumulative. */
  readonly temporality: Uint8Array
  /** 1 for a sum that only grows. */
  readonly monotonic: Uint8Array
  readonly #columns: PointColumns
  readonly #attributes = new Map<string, AttributeColumn>()

  constructor (columns: PointColumns, readonly batch: EventBatch) {
    const { count } = columns
    this.#columns = columns
    this.count = count
    this.row = columns.row.subarray(0, count)
    this.timeUnixNano = columns.time.subarray(0, count)
    this.startTimeUnixNano = columns.start.subarray(0, count)
    this.value = columns.value.subarray(0, count)
    this.observations = columns.observations.subarray(0, count)
    this.sum = columns.sum.subarray(0, count)
    this.kind = columns.kind.subarray(0, count)
    this.temporality = columns.temporality.subarray(0, count)
    this.monotonic = columns.monotonic.subarray(0, count)
  }

  /** The attribute `key` of every point, decoded at the first question; undefined when no point has it. */
  attribute (key: string): AttributeColumn | undefined {
    let column = this.#attributes.get(key)
    if (column === undefined) {
      column = this.#decode(Buffer.from(key))
      this.#attributes.set(key, column)
    }
    return column.values.length === 0 ? undefined : column
  }

  /** All attributes of one point: what names its series together with the row's metric and resource. */
  attributesOf (point: number): Attributes {
    if (!Number.isInteger(point) || point < 0 || point >= this.count) throw new RangeError(`data point ${point} of ${this.count}`)
    const { bytes, start, end, field } = this.#place(point)
    return orElse({}, () => decodeAttributes(bytes, field, start, end))
  }

  #decode (key: Buffer): AttributeColumn {
    const builder = new AttributeColumnBuilder(this.count)
    for (let point = 0; point < this.count; point++) {
      const { bytes, start, end, field } = this.#place(point)
      const tag = field << 3 | 2
      const r = new WireReader(bytes, start, end)
      orElse(undefined, () => {
        for (let found = r.tag(); found !== 0; found = r.tag()) {
          if (found !== tag) { r.skip(found); continue }
          const stop = r.span()
          if (keyMatches(bytes, r.pos, stop, key)) builder.set(point, keyValue(bytes, r.pos, stop))
          r.pos = stop
        }
      })
    }
    return builder.finish(this.count, false)
  }

  #place (point: number): { bytes: Uint8Array, start: number, end: number, field: number } {
    const { starts, ends, kind, row } = this.#columns
    const bytes = this.batch.raw.buffers[this.batch.layout.rawBuffer?.[row[point] as number] ?? 0] as Uint8Array
    return { bytes, start: starts[point] as number, end: ends[point] as number, field: (dataKinds[kind[point] as number] as DataKind).attributes }
  }
}

const known = new WeakMap<EventBatch, DataPoints>()

/** The data points of the metric rows of `batch`, in order; none for other rows. Read once a batch. */
export function dataPointsOf (batch: EventBatch): DataPoints {
  const points = known.get(batch) ?? new DataPoints(readPoints(batch), batch)
  known.set(batch, points)
  return points
}

function readPoints (batch: EventBatch): PointColumns {
  const columns = new PointColumns(batch.count)
  const { rawEncoding, rawBuffer, rawOffset, rawLength } = batch.layout
  if (rawEncoding === undefined) return columns
  for (let row = 0; row < batch.count; row++) {
    const bytes = batch.raw.buffers[rawBuffer?.[row] ?? 0]
    if (rawEncoding[row] !== RawEncoding.otlpMetric || bytes === undefined) continue
    const start = rawOffset?.[row] ?? 0
    // A metric that cannot be read (a damaged recording) has no points; its bytes go on.
    const before = columns.count
    orElse(undefined, () => readMetric(new WireReader(bytes, start, start + (rawLength?.[row] ?? 0)), row, columns)) ?? columns.truncate(before)
  }
  return columns
}

/** True when the whole metric was read. */
function readMetric (r: WireReader, row: number, columns: PointColumns): true {
  const first = columns.count
  let kind = 0
  let temporality = 0
  let monotonic = 0
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    const data = dataKinds.find(k => k.tag === tag)
    if (data === undefined) { r.skip(tag); continue }
    // The data fields are a oneof: another kind after the first replaces it, the same kind adds to it.
    if (data.kind !== kind) { columns.truncate(first); kind = data.kind; temporality = 0; monotonic = 0 }
    const outer = r.end
    r.end = r.span()
    for (let inner = r.tag(); inner !== 0; inner = r.tag()) {
      if (inner === 10) columns.read(r, r.span(), data, row)
      else if (inner === 16) { r.varint(); temporality = r.high === 0 && r.low <= 2 ? r.low : 0 }
      else if (inner === 24 && data.monotonic) { r.varint(); monotonic = r.low !== 0 || r.high !== 0 ? 1 : 0 }
      else r.skip(inner)
    }
    r.end = outer
  }
  columns.temporality.fill(temporality, first, columns.count)
  columns.monotonic.fill(monotonic, first, columns.count)
  return true
}

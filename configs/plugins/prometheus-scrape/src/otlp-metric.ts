/** A family as an OTLP Metric (opentelemetry/proto/metrics/v1), in the few fields it needs. */
import type { Family, Sample } from './exposition.js'

/** Bytes of one message, field by field. */
class Message {
  readonly #parts: Buffer[] = []

  text (field: number, value: string): this { return value === '' ? this : this.bytes(field, Buffer.from(value)) }
  message (field: number, value: Message): this { return this.bytes(field, value.finish()) }

  bytes (field: number, value: Buffer): this {
    this.#parts.push(varint(field << 3 | 2), varint(value.length), value)
    return this
  }

  number (field: number, value: number): this {
    this.#parts.push(varint(field << 3), varint(value))
    return this
  }

  double (field: number, value: number): this {
    const bytes = Buffer.alloc(8)
    bytes.writeDoubleLE(value)
    this.#parts.push(varint(field << 3 | 1), bytes)
    return this
  }

  fixed64 (field: number, value: bigint): this {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64LE(BigInt.asUintN(64, value))
    this.#parts.push(varint(field << 3 | 1), bytes)
    return this
  }

  finish (): Buffer { return Buffer.concat(this.#parts) }
}

function varint (value: number): Buffer {
  const bytes: number[] = []
  for (; value > 127; value = Math.floor(value / 128)) bytes.push(value % 128 | 128)
  return Buffer.from([...bytes, value])
}

export interface OtlpMetric {
  readonly bytes: Buffer
  readonly points: number
  /** core/data/enums.ts: gauge 1, sum 2, histogram 3, summary 5. */
  readonly kind: number
  /** Of the last number. */
  readonly value: number
}

const cumulative = 2

/** `startedMs`: since when counters count, as far as anybody knows: since the first look. */
export function otlpMetric (family: Family, nowMs: number, startedMs: number): OtlpMetric {
  const { name, help, unit } = family
  const metric = new Message().text(1, name).text(2, help).text(3, unit)
  const time = (s: Sample): bigint => nanos(s.timeMs ?? nowMs)
  const start = nanos(startedMs)
  if (family.type === 'histogram' || family.type === 'summary') return grouped(family, metric, time, start)
  const samples = family.samples.filter(s => !s.name.endsWith('_created'))
  const data = new Message()
  for (const sample of samples) {
    const point = new Message()
    if (family.type === 'counter') point.fixed64(2, start)
    data.message(1, withLabels(point.fixed64(3, time(sample)).double(4, sample.value), 7, sample.labels))
  }
  const isSum = family.type === 'counter'
  if (isSum) data.number(2, cumulative).number(3, 1)
  return { bytes: metric.message(isSum ? 7 : 5, data).finish(), points: samples.length, kind: isSum ? 2 : 1, value: samples.at(-1)?.value ?? NaN }
}

interface Group { readonly labels: ReadonlyMap<string, string>, readonly time: bigint, sum: number | undefined, count: number, readonly steps: (readonly [at: number, value: number])[] }

/** Samples of one label set, less `le` and `quantile`, are one point. */
function grouped ({ type, samples }: Family, metric: Message, time: (s: Sample) => bigint, start: bigint): OtlpMetric {
  const step = type === 'histogram' ? 'le' : 'quantile'
  const groups = new Map<string, Group>()
  for (const sample of samples) {
    const labels = new Map([...sample.labels].filter(([key]) => key !== step))
    const key = JSON.stringify([...labels].sort(([a], [b]) => a < b ? -1 : 1))
    const group = groups.get(key) ?? { labels, time: time(sample), sum: undefined, count: 0, steps: [] }
    groups.set(key, group)
    const at = Number((sample.labels.get(step) ?? '').replace(/^\+?inf$/i, 'Infinity'))
    if (sample.labels.has(step)) { if (!Number.isNaN(at)) group.steps.push([at, sample.value]) } else if (/_g?sum$/.test(sample.name)) group.sum = sample.value
    else if (/_g?count$/.test(sample.name)) group.count = whole(sample.value)
  }
  const data = new Message()
  for (const group of groups.values()) data.message(1, type === 'histogram' ? histogramPoint(group, start) : summaryPoint(group, start))
  if (type === 'histogram') data.number(2, cumulative)
  const last = [...groups.values()].at(-1)
  return { bytes: metric.message(type === 'histogram' ? 9 : 11, data).finish(), points: groups.size, kind: type === 'histogram' ? 3 : 5, value: last?.sum === undefined || last.count === 0 ? NaN : last.sum / last.count }
}

/** Buckets of the exposition are cumulative, those of OTLP are not; the last one has no bound. */
function histogramPoint ({ labels, time, sum, count, steps }: Group, start: bigint): Message {
  const sorted = [...steps].sort(([a], [b]) => a - b)
  const bounds = sorted.filter(([at]) => Number.isFinite(at)).map(([at]) => at)
  const totals = [...sorted.filter(([at]) => Number.isFinite(at)).map(([, n]) => whole(n)), whole(sorted.find(([at]) => at === Infinity)?.[1] ?? count)]
  const counts = totals.map((n, i) => Math.max(0, n - (totals[i - 1] ?? 0)))
  const point = new Message().fixed64(2, start).fixed64(3, time).fixed64(4, BigInt(counts.reduce((a, b) => a + b, 0)))
  if (sum !== undefined) point.double(5, sum)
  return withLabels(point.bytes(6, Buffer.concat(counts.map(n => fixed(BigInt(n))))).bytes(7, Buffer.concat(bounds.map(double))), 9, labels)
}

function summaryPoint ({ labels, time, sum, count, steps }: Group, start: bigint): Message {
  const point = new Message().fixed64(2, start).fixed64(3, time).fixed64(4, BigInt(count)).double(5, sum ?? 0)
  for (const [quantile, value] of steps) point.message(6, new Message().double(1, quantile).double(2, value))
  return withLabels(point, 7, labels)
}

function withLabels (point: Message, field: number, labels: ReadonlyMap<string, string>): Message {
  for (const [key, value] of labels) point.message(field, new Message().text(1, key).message(2, new Message().bytes(1, Buffer.from(value))))
  return point
}

const nanos = (ms: number): bigint => BigInt(Math.max(0, Math.round(ms))) * 1_000_000n
const whole = (n: number): number => Number.isFinite(n) && n > 0 ? Math.min(Math.round(n), Number.MAX_SAFE_INTEGER) : 0

function fixed (value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  return bytes
}

function double (value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return bytes
}

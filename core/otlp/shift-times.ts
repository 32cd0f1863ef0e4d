/**
 * Moves every time in an OTLP record by the same amount, in place: times are fixed64, so no length changes and everything
 * else stays as received. 0 means "unknown" and stays. Field numbers: opentelemetry/proto/{trace,logs,metrics}/v1.
 */
import { RawEncoding } from '../data/enums.js'
import { WireReader, WireType } from './wire.js'

/** Which fields of a message are times, and which hold messages with times. */
interface Times { readonly times: readonly number[], readonly inside: ReadonlyMap<number, Times> }

const message = (times: readonly number[], inside: readonly [number, Times][] = []): Times => ({ times, inside: new Map(inside) })

const exemplar = message([2])
const points = (exemplars?: number): Times => message([], [[1, message([2, 3], exemplars === undefined ? [] : [[exemplars, exemplar]])]])

const byEncoding: ReadonlyMap<number, Times> = new Map([
  [RawEncoding.otlpSpan, message([7, 8], [[11, message([1])]])],
  [RawEncoding.otlpLogRecord, message([1, 11])],
  // gauge, sum, histogram, exponential histogram, summary
  [RawEncoding.otlpMetric, message([], [[5, points(5)], [7, points(5)], [9, points(8)], [10, points(11)], [11, points()]])]
])

/** Adds `deltaNano` to the times of the record in [start, end). Throws WireError when it is malformed. */
export function shiftTimes (bytes: Buffer, encoding: number, start: number, end: number, deltaNano: bigint): void {
  const shape = byEncoding.get(encoding)
  if (shape !== undefined) shift(bytes, start, end, shape, deltaNano)
}

function shift (bytes: Buffer, start: number, end: number, shape: Times, deltaNano: bigint): void {
  const r = new WireReader(bytes, start, end)
  for (let tag = r.tag(); tag !== 0; tag = r.tag()) {
    const field = tag >>> 3
    const inner = shape.inside.get(field)
    if ((tag & 7) === WireType.bytes && inner !== undefined) {
      const stop = r.span()
      shift(bytes, r.pos, stop, inner, deltaNano)
      r.pos = stop
    } else {
      const at = r.pos
      r.skip(tag)
      if ((tag & 7) === WireType.i64 && shape.times.includes(field)) move(bytes, at, deltaNano)
    }
  }
}

function move (bytes: Buffer, at: number, deltaNano: bigint): void {
  const time = bytes.readBigUInt64LE(at)
  if (time !== 0n) bytes.writeBigUInt64LE(BigInt.asUintN(64, time + deltaNano), at)
}

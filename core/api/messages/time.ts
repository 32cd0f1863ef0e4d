/**
 * Times and durations. Documents have milliseconds (with a fraction), columns have nanoseconds, messages have protobuf's Timestamp and
 * Duration. Milliseconds of today's dates come back bit for bit: a Timestamp is finer than they are.
 */
import type { MessageInitShape } from '@bufbuild/protobuf'
import type { Duration, DurationSchema, Timestamp, TimestampSchema } from '@bufbuild/protobuf/wkt'
import { badField } from './faults.js'

type TimestampInit = MessageInitShape<typeof TimestampSchema>
type DurationInit = MessageInitShape<typeof DurationSchema>

/** 0001-01-01 and 9999-12-31: what a Timestamp may be, else it has no JSON form. */
const minSeconds = -62_135_596_800
const maxSeconds = 253_402_300_799
/** 10000 years. */
const maxDurationSeconds = 315_576_000_000
const maxNano = 0xffff_ffff_ffff_ffffn

/** Milliseconds since the epoch. Empty for what is no time of the calendar. */
export function timestampOf (ms: number | undefined): TimestampInit | undefined {
  const parts = partsOf(ms)
  return parts === undefined || parts.seconds < minSeconds || parts.seconds > maxSeconds ? undefined : { seconds: BigInt(parts.seconds), nanos: parts.nanos }
}

/** Nanoseconds since the epoch. */
export function timestampOfNano (nano: bigint | undefined): TimestampInit | undefined {
  return nano === undefined || nano === 0n ? undefined : { seconds: nano / 1_000_000_000n, nanos: Number(nano % 1_000_000_000n) }
}

export function durationOf (ms: number | undefined): DurationInit | undefined {
  const parts = partsOf(ms)
  if (parts === undefined || Math.abs(parts.seconds) > maxDurationSeconds) return undefined
  // Of a negative duration both parts are negative.
  const borrows = parts.seconds < 0 && parts.nanos > 0
  return { seconds: BigInt(borrows ? parts.seconds + 1 : parts.seconds), nanos: borrows ? parts.nanos - 1_000_000_000 : parts.nanos }
}

/** Nanoseconds; empty for 0, which columns have for none. */
export function durationOfNano (nano: bigint | undefined): DurationInit | undefined {
  return nano === undefined || nano === 0n ? undefined : { seconds: nano / 1_000_000_000n, nanos: Number(nano % 1_000_000_000n) }
}

/** The milliseconds that `timestampOf` was given; NaN for none. */
export function msOf (time: Pick<Timestamp, 'seconds' | 'nanos'> | undefined): number { return time === undefined ? NaN : Number(time.seconds) * 1000 + time.nanos / 1e6 }

/** The milliseconds that `durationOf` was given; NaN for none. */
export function msOfDuration (duration: Pick<Duration, 'seconds' | 'nanos'> | undefined): number { return msOf(duration as Timestamp | undefined) }

/** A time of a request in milliseconds. Throws ApiError for one outside the calendar. */
export function requestedMs (time: Timestamp | undefined, path: string): number | undefined {
  if (time === undefined) return undefined
  if (time.seconds < BigInt(minSeconds) || time.seconds > BigInt(maxSeconds) || time.nanos < 0 || time.nanos > 999_999_999) throw badField(path, 'is no time from year 1 to 9999')
  return msOf(time)
}

/** A time of a request in nanoseconds, as columns hold it. Throws ApiError for one that they cannot hold. */
export function requestedNano (time: Timestamp | undefined, path: string): bigint | undefined {
  if (time === undefined) return undefined
  requestedMs(time, path)
  const nano = time.seconds * 1_000_000_000n + BigInt(time.nanos)
  if (nano < 0n || nano > maxNano) throw badField(path, 'is not from 1970 to 2554')
  return nano
}

/** A duration of a request in milliseconds. Throws ApiError for a negative or absurd one. */
export function requestedDurationMs (duration: Duration | undefined, path: string): number | undefined {
  if (duration === undefined) return undefined
  if (duration.seconds < 0n || duration.nanos < 0 || duration.nanos > 999_999_999 || duration.seconds > BigInt(maxDurationSeconds)) throw badField(path, 'is no duration from 0 to 10000 years')
  return msOfDuration(duration)
}

function partsOf (ms: number | undefined): { seconds: number, nanos: number } | undefined {
  if (ms === undefined || !Number.isFinite(ms)) return undefined
  const seconds = Math.floor(ms / 1000)
  const nanos = Math.round((ms - seconds * 1000) * 1e6)
  return nanos >= 1_000_000_000 ? { seconds: seconds + 1, nanos: 0 } : { seconds, nanos }
}

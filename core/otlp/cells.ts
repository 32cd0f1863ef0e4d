/** From wire values to column cells. */
import { checkIdLength } from './check.js'
import type { WireReader } from './wire.js'

/** Copies the id at the reader, which ends at `stop`, into row `row` of an id column; an empty id clears it. */
export function putId (r: WireReader, stop: number, column: Uint8Array, row: number, width: 8 | 16): void {
  const { bytes, pos } = r
  const length = stop - pos
  const at = row * width
  checkIdLength(length, width, width === 16 ? 'trace id' : 'span id')
  for (let i = 0; i < width; i++) column[at + i] = length === 0 ? 0 : bytes[pos + i] as number
  r.pos = stop
}

/** Writes the reader's last fixed64 into row `row` of a u64 column seen as words. */
export function putWords (r: WireReader, words: Uint32Array, row: number): void {
  words[row * 2] = r.low
  words[row * 2 + 1] = r.high
}

/** The largest SeverityNumber: FATAL4. */
export const maxSeverity = 24

/** The reader's last varint as an enum cell; a number no enum of OTLP has (negative, above `max`) is 0, unspecified. */
export function enumCell (r: WireReader, max: number): number {
  return r.high === 0 && r.low <= max ? r.low : 0
}

/** Row `row`: `out` = end - start, or 0 when that is negative. */
export function putDuration (start: Uint32Array, endLow: number, endHigh: number, out: Uint32Array, row: number): void {
  const startLow = start[row * 2] as number
  const startHigh = start[row * 2 + 1] as number
  if (endHigh < startHigh || (endHigh === startHigh && endLow < startLow)) return
  out[row * 2] = endLow - startLow
  out[row * 2 + 1] = endHigh - startHigh - (endLow < startLow ? 1 : 0)
}

/**
 * The rules, as passes over columns: each looks at the rows that no earlier pass has found wrong, so a row gets the first
 * reason that fits. No object, string or bigint is made per row.
 */
import type { EventBatch } from '../../core/data/batch.js'
import { nanoCellToMs, words } from '../../core/data/columns.js'
import { eventTypes } from '../../core/data/enums.js'
import { checkByType } from './type-rules.js'
import { Code } from './reasons.js'

export interface Limits {
  /** Per signal number: 1 = its rows are checked. */
  readonly checked: Uint8Array
  readonly nowMs: number
  readonly maxFutureMs: number
  /** 0 = any age. */
  readonly maxAgeMs: number
}

/** A row of a signal that is not checked. Turned into 0 before anybody outside sees it. */
const skipped = 255

/** A code a row (0 = valid), or undefined when every row is valid. */
export function verdicts (batch: EventBatch, limits: Limits): Uint8Array | undefined {
  const one = batch.oneSignal
  if (one !== undefined && limits.checked[one] !== 1) return undefined
  const codes = new Uint8Array(batch.count)
  const { signal } = batch.columns
  let unchecked = 0
  for (let row = 0; row < codes.length; row++) if (limits.checked[signal[row] as number] !== 1) { codes[row] = skipped; unchecked++ }
  if (unchecked === batch.count) return undefined
  checkId(batch, codes)
  checkTime(batch, codes, limits)
  checkTypeAndSource(batch, codes)
  checkByType(batch, codes)
  let invalid = 0
  for (let row = 0; row < codes.length; row++) {
    if (codes[row] === skipped) codes[row] = 0
    else if (codes[row] !== 0) invalid++
  }
  return invalid === 0 ? undefined : codes
}

function checkId (batch: EventBatch, codes: Uint8Array): void {
  const { id } = batch.columns
  if (id === undefined) { markAll(codes, Code.missing_id); return }
  // A column may begin anywhere in the bytes it is a view of; words need a multiple of four.
  const bytes = id.byteOffset % 4 === 0 ? id : id.slice()
  const cells = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
  for (let row = 0, at = 0; row < codes.length; row++, at += 4) {
    if (((cells[at] as number) | (cells[at + 1] as number) | (cells[at + 2] as number) | (cells[at + 3] as number)) === 0 && codes[row] === 0) codes[row] = Code.missing_id
  }
}

function checkTime (batch: EventBatch, codes: Uint8Array, { nowMs, maxFutureMs, maxAgeMs }: Limits): void {
  const pairs = words(batch.columns.timeUnixNano)
  const latestMs = nowMs + maxFutureMs
  const earliestMs = maxAgeMs === 0 ? 0 : nowMs - maxAgeMs
  for (let row = 0; row < codes.length; row++) {
    if (codes[row] !== 0) continue
    const timeMs = nanoCellToMs(pairs, row)
    if (timeMs === 0) codes[row] = Code.missing_time
    else if (timeMs > latestMs) codes[row] = Code.future
    else if (timeMs < earliestMs) codes[row] = Code.too_old
  }
}

function checkTypeAndSource (batch: EventBatch, codes: Uint8Array): void {
  const { type, source } = batch.columns
  for (let row = 0; row < codes.length; row++) {
    if (codes[row] !== 0) continue
    if ((type[row] as number) >= eventTypes.length) codes[row] = Code.bad_type
    else if (source === undefined || source[row] === 0) codes[row] = Code.missing_source
  }
}

function markAll (codes: Uint8Array, code: number): void {
  for (let row = 0; row < codes.length; row++) if (codes[row] === 0) codes[row] = code
}

/** When each part of a recording is due. */
import type { Clock } from '../../core/component/clock.js'
import type { EventBatch } from '../../core/data/batch.js'
import { nanoCellToMs, words } from '../../core/data/columns.js'
import { wait } from '../../core/delivery/insist.js'

/** Events this close together in the replay go out together: a finer rhythm than a timer can keep is no rhythm. */
const stepMs = 100
/** Longer waits are made of these: a timer's limit is 24 days. */
const maxWaitMs = 3_600_000

export interface PaceOptions {
  /** Recorded milliseconds per millisecond; Infinity = no waiting. */
  readonly speed: number
  /** 0 = no limit. */
  readonly maxGapMs: number
}

/** The first known time of a batch in milliseconds, 0 when none is known. */
export function firstTimeMs (batch: EventBatch): number {
  const pairs = words(batch.columns.timeUnixNano)
  for (let row = 0; row < batch.count; row++) {
    const timeMs = nanoCellToMs(pairs, row)
    if (timeMs > 0) return timeMs
  }
  return 0
}

export class Pace {
  #lastMs = 0
  #dueMs = 0

  constructor (readonly clock: Clock, readonly options: PaceOptions) {}

  /** The batch in parts that are due at once; views, nothing is copied. */
  split (batch: EventBatch): EventBatch[] {
    if (this.options.speed === Infinity) return [batch]
    const spanMs = stepMs * this.options.speed
    const pairs = words(batch.columns.timeUnixNano)
    const parts: EventBatch[] = []
    let from = 0
    let startMs = 0
    for (let row = 0; row < batch.count; row++) {
      const timeMs = nanoCellToMs(pairs, row)
      if (timeMs === 0 || (startMs > 0 && Math.abs(timeMs - startMs) < spanMs)) continue
      if (startMs > 0) { parts.push(batch.slice(from, row)); from = row }
      startMs = timeMs
    }
    parts.push(batch.slice(from, batch.count))
    return parts
  }

  /** Waits until `part` is due; false when `signal` aborted first. Late events and events without a time are due now. */
  async until (part: EventBatch, signal: AbortSignal): Promise<boolean> {
    const { speed, maxGapMs } = this.options
    const timeMs = speed === Infinity ? 0 : firstTimeMs(part)
    if (timeMs === 0) return !signal.aborted
    if (this.#lastMs === 0) {
      this.#lastMs = timeMs
      this.#dueMs = this.clock.monotonicMs()
    }
    const gapMs = Math.max(0, timeMs - this.#lastMs)
    this.#dueMs += (maxGapMs > 0 ? Math.min(gapMs, maxGapMs) : gapMs) / speed
    this.#lastMs = Math.max(this.#lastMs, timeMs)
    for (;;) {
      const restMs = this.#dueMs - this.clock.monotonicMs()
      if (restMs <= 0) return !signal.aborted
      if (!await wait(Math.min(restMs, maxWaitMs), this.clock, signal)) return false
    }
  }
}

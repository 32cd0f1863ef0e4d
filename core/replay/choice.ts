/** Which rows are sent again. All that is given must hold. */
import type { EventBatch } from '../data/batch.js'
import { nanoCellToMs, words } from '../data/columns.js'
import type { Letter } from '../data/letter.js'
import { Conditions } from '../match/conditions.js'
import type { Condition } from '../match/schema.js'

export interface ChoiceOptions {
  /** Of the row itself, milliseconds since the epoch: from, and before. A row without a time has none. */
  readonly sinceMs?: number
  readonly untilMs?: number
  /** Any of these must hold. */
  readonly where?: readonly Condition[]
  /** And all of these. */
  readonly severity?: string
  /** In what the other side said of a dead letter, without case. */
  readonly reason?: string
  /** Dead letters of these exporters, by id. */
  readonly exporters?: readonly string[]
}

export class Choice {
  readonly #lists: readonly Conditions[]

  /** Throws when a condition is wrong: check with `conditionFaults` first. */
  constructor (readonly options: ChoiceOptions) {
    const { where = [], severity } = options
    this.#lists = [...where.length === 0 ? [] : [where], ...severity === undefined ? [] : [[{ severity: { min: severity } }]]].map(list => new Conditions(list))
  }

  /** One byte a row, 1 = chosen; undefined: none. All of them: `all`. */
  rows (batch: EventBatch, letter: Letter | undefined): Uint8Array | 'all' | undefined {
    if (!this.#takes(letter)) return undefined
    const mask = this.#inTime(batch)
    for (const list of this.#lists) {
      const holds = list.match(batch)
      for (let row = 0; row < batch.count; row++) mask[row] = (mask[row] as number) & (holds[row] as number)
    }
    const chosen = mask.reduce((n, cell) => n + cell, 0)
    return chosen === batch.count ? 'all' : chosen === 0 ? undefined : mask
  }

  #takes (letter: Letter | undefined): boolean {
    const { reason, exporters } = this.options
    if (reason !== undefined && letter?.reason.toLowerCase().includes(reason.toLowerCase()) !== true) return false
    return exporters === undefined || (letter !== undefined && exporters.includes(letter.exporter))
  }

  #inTime (batch: EventBatch): Uint8Array {
    const { sinceMs = -Infinity, untilMs = Infinity } = this.options
    const mask = new Uint8Array(batch.count).fill(1)
    if (sinceMs === -Infinity && untilMs === Infinity) return mask
    const timeOf = rowTimesMs(batch)
    for (let row = 0; row < batch.count; row++) {
      const timeMs = timeOf(row)
      if (timeMs === 0 || timeMs < sinceMs || timeMs >= untilMs) mask[row] = 0
    }
    return mask
  }
}

/** When a row happened, or was seen when that is not known, in milliseconds; 0 = neither is. */
export function rowTimesMs ({ columns: { timeUnixNano, observedTimeUnixNano } }: EventBatch): (row: number) => number {
  const [own, observed] = [words(timeUnixNano), observedTimeUnixNano === undefined ? undefined : words(observedTimeUnixNano)]
  return row => {
    const timeMs = nanoCellToMs(own, row)
    return timeMs > 0 || observed === undefined ? timeMs : nanoCellToMs(observed, row)
  }
}

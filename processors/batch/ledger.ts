/** What the processor holds, against its bounds, and who must still be told about it. */
import type { Outcome } from '../../core/component/outcome.js'
import { mergeRejections } from '../../core/delivery/rows.js'
import type { Arrival } from './parcel.js'

interface Entry { rowsLeft: number, outcomes: Outcome[] }

export class Ledger {
  #rows = 0
  #bytes = 0
  readonly #held = new Map<Arrival, Entry>()

  constructor (readonly maxRows: number) {}

  get rows (): number { return this.#rows }

  /** `maxBytes` is what may be held now. One batch is always let in when nothing is held: else one larger than the bounds would wait for ever. */
  fits (rows: number, bytes: number, maxBytes: number): boolean {
    return this.#held.size === 0 || (this.#rows + rows <= this.maxRows && this.#bytes + bytes <= maxBytes)
  }

  hold (arrival: Arrival): void {
    this.#rows += arrival.rows
    this.#bytes += arrival.bytes
    this.#held.set(arrival, { rowsLeft: arrival.rows, outcomes: [] })
  }

  /** The fate of some rows of an arrival is known. False when it was told its fate before. */
  settle (arrival: Arrival, rows: number, outcome: Outcome): boolean {
    const entry = this.#held.get(arrival)
    if (entry === undefined) return false
    entry.rowsLeft -= rows
    this.#rows -= rows
    entry.outcomes.push(outcome)
    if (entry.rowsLeft > 0) return true
    this.#held.delete(arrival)
    this.#bytes -= arrival.bytes
    arrival.tell?.(together(entry.outcomes))
    return true
  }

  /** All that is still held, with the rows of each that are not settled. */
  rest (): { arrival: Arrival, rows: number }[] {
    return [...this.#held].map(([arrival, { rowsLeft }]) => ({ arrival, rows: rowsLeft }))
  }
}

/** The pieces of one arrival may have met different fates; rows refused after others were taken count as rejected. */
function together (outcomes: readonly Outcome[]): Outcome {
  const [first] = outcomes
  if (first !== undefined && outcomes.length === 1) return first
  const bad = outcomes.filter(o => o.status === 'rejected')
  if (outcomes.every(o => o.status === 'refused')) return outcomes[0] as Outcome
  return bad.length === 0 ? { status: 'accepted' } : mergeRejections(bad)
}

/**
 * Rows that may travel in one batch. Signals never mix (an OTLP request holds one), and neither do batches that are whole
 * requests with batches that are not: a whole request goes out verbatim, and one row from elsewhere would end that.
 * Each group has lanes of its own, so that a stuck one holds up nobody else. Parcels are begun in order and end in any.
 */
import type { Clock } from '../../core/component/clock.js'
import type { EventBatch } from '../../core/data/batch.js'
import { Lanes } from '../../core/delivery/lanes.js'
import { keep } from '../../core/data/keep.js'
import type { Arrival, Parcel, Share } from './parcel.js'
import { Shelf, type BlockPool } from './shelf.js'

export type Trigger = 'size' | 'timeout' | 'memory' | 'stop'

/** A row names its raw buffer by a u16, so a batch can list this many (core/data/concat.ts). */
const maxRawBuffers = 65535

export interface GroupOptions {
  readonly clock: Clock
  readonly sendRows: number
  readonly maxRows: number
  readonly timeoutMs: number
  readonly pool: BlockPool
  /** Most parcels being delivered at once. */
  readonly parallel: number
  /** Whether memory is short: what is held then goes with the next batch that comes, as it is. */
  readonly hurry: () => boolean
  /** Delivers a parcel; resolves when its fate is known, never rejects. */
  readonly deliver: (parcel: Parcel, trigger: Trigger) => Promise<void>
}

export function groupKey (batch: EventBatch): string {
  return `${batch.oneSignal ?? 'mixed'}${batch.raw.complete ? ' complete' : ''}`
}

export class Group {
  #batches: EventBatch[] = []
  #shares: Share[] = []
  #rows = 0
  #buffers = 0
  #cancelTimer: (() => void) | undefined

  readonly #lanes: Lanes
  readonly #shelf: Shelf

  constructor (readonly options: GroupOptions) {
    this.#lanes = new Lanes(options.parallel)
    this.#shelf = new Shelf(options.pool)
  }

  /** Rows of `arrival` from its row `from` on. Lent memory is copied, unless the arrival's sender waits for the outcome. */
  add (batch: EventBatch, arrival: Arrival, from: number): void {
    const { maxRows, sendRows, timeoutMs, clock, hurry } = this.options
    const buffers = batch.raw.buffers.length
    const tooMany = maxRows > 0 && this.#rows + batch.count > maxRows
    if (this.#batches.length > 0 && (tooMany || this.#buffers + buffers > maxRawBuffers)) this.flush('size')
    this.#batches.push(arrival.tell === undefined ? keep(batch, this.#shelf.place) : batch)
    this.#shares.push({ arrival, from, rows: batch.count })
    this.#rows += batch.count
    this.#buffers += buffers
    if (this.#rows >= sendRows) this.flush('size')
    else if (hurry()) this.flush('memory')
    else if (timeoutMs === 0) this.flush('timeout')
    else this.#cancelTimer ??= clock.after(timeoutMs, () => { this.flush('timeout') })
  }

  flush (trigger: Trigger): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    if (this.#batches.length === 0) return
    const parcel = { batches: this.#batches, shares: this.#shares, rows: this.#rows, blocks: this.#shelf.clear() }
    this.#batches = []
    this.#shares = []
    this.#rows = 0
    this.#buffers = 0
    void this.#lanes.run(() => this.options.deliver(parcel, trigger))
  }

  /** Resolves when everything flushed so far has been delivered or given up. */
  settled (): Promise<void> { return this.#lanes.idle() }
}

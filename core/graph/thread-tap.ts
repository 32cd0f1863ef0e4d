/**
 * One tap in one thread: looks at each batch that passes its edges, copies a fair sample of the rows that fit, and reports at most
 * four times a second. Reports stop while the reader has not taken the last ones: its rows are then counted, not copied.
 */
import type { Clock } from '../component/clock.js'
import type { EventBatch } from '../data/batch.js'
import { encodeBatch } from '../data/codec.js'
import { decodeBatch } from '../data/decode.js'
import { Signal, type SignalName } from '../data/enums.js'
import { matcher } from '../store/match.js'
import { Reservoir } from './reservoir.js'
import type { EdgeEnds, TapReport, TapSelection } from './tap.js'

export const reportMs = 250
/** Without rows, counts are told this often. */
const quietMs = 1000
/** Reports that wait for their reader. */
const maxUnread = 4
/** Of rows held for the next report; larger ones are not shown. */
const maxHeldBytes = 4 * 1024 * 1024

/** Rows of one batch. */
interface Held { readonly ends: EdgeEnds, readonly document: Buffer, readonly rows: number }
interface Place { readonly held: Held, readonly row: number }

export class ThreadTap {
  readonly #sample: Reservoir
  readonly #signals: ReadonlySet<number> | undefined
  readonly #isFiltered: boolean
  #places: (Place | undefined)[] = []
  /** By the places that still point at them. */
  readonly #held = new Map<Held, number>()
  #heldBytes = 0
  #passed = 0
  #fitted = 0
  #tokens: number
  #unread = 0
  #filledMs: number
  #toldMs: number
  #cancel: () => void

  constructor (readonly selection: TapSelection, readonly clock: Clock, readonly report: (report: TapReport) => void, random?: () => number) {
    const { filter, maxEventsPerSecond: rate } = selection
    this.#sample = new Reservoir(random)
    this.#signals = filter.signals === undefined || filter.signals.length === 0 ? undefined : new Set(filter.signals.map(name => Signal[name as SignalName]))
    this.#isFiltered = Object.values(filter).some(value => value !== undefined)
    this.#tokens = Math.min(rate, Math.max(1, rate * reportMs / 1000))
    this.#filledMs = this.#toldMs = clock.monotonicMs()
    this.#cancel = clock.after(this.#everyMs, () => { this.#tick() })
    this.#begin()
  }

  /** Before the outcome: what a batch is made of may be lent. */
  see (ends: EdgeEnds, batch: EventBatch): void {
    this.#passed += batch.count
    if (this.#signals !== undefined && batch.oneSignal !== undefined && !this.#signals.has(batch.oneSignal)) return
    // Reading records that nobody has read must not make them read for those who come after.
    const own = batch.unread === undefined ? batch : batch.withOrigin(batch.origin)
    const fitting = this.#isFiltered ? this.#fitting(own) : undefined
    const count = fitting?.length ?? batch.count
    this.#fitted += count
    const taken: { readonly row: number, readonly place: number }[] = []
    this.#sample.offer(count, (item, place) => { taken.push({ row: fitting?.[item] ?? item, place }) })
    if (taken.length > 0) this.#take(ends, own, taken)
  }

  /** The reader has taken a report. */
  read (): void { this.#unread = Math.max(0, this.#unread - 1) }

  end (): void {
    this.#cancel()
    this.#clear(0)
  }

  /** Slow taps show one row at a time, rather than none in most reports. */
  get #everyMs (): number { return Math.max(reportMs, Math.min(quietMs, 1000 / Math.max(this.selection.maxEventsPerSecond, 1))) }

  #fitting (batch: EventBatch): number[] {
    const fits = matcher(batch, this.selection.filter)
    const rows: number[] = []
    for (let row = 0; row < batch.count; row++) if (fits(row)) rows.push(row)
    return rows
  }

  /** A place that another row of the same batch takes after it is not copied. */
  #take (ends: EdgeEnds, batch: EventBatch, taken: readonly { readonly row: number, readonly place: number }[]): void {
    const rows = [...new Map(taken.map(t => [t.place, t.row]))].sort((a, b) => a[1] - b[1])
    const document = encodeBatch(batch.select(Uint32Array.from(rows, ([, row]) => row)))
    if (this.#heldBytes + document.length > maxHeldBytes) return
    const held: Held = { ends, document, rows: rows.length }
    this.#held.set(held, rows.length)
    this.#heldBytes += document.length
    rows.forEach(([place], row) => {
      this.#letGo(this.#places[place])
      this.#places[place] = { held, row }
    })
  }

  #letGo (place: Place | undefined): void {
    const held = place?.held
    if (held === undefined) return
    const users = (this.#held.get(held) ?? 1) - 1
    if (users > 0) { this.#held.set(held, users); return }
    this.#held.delete(held)
    this.#heldBytes -= held.document.length
  }

  #tick (): void {
    const nowMs = this.clock.monotonicMs()
    this.#cancel = this.clock.after(this.#everyMs, () => { this.#tick() })
    const isDue = this.#held.size > 0 || nowMs - this.#toldMs >= quietMs
    if (isDue && this.#unread < maxUnread) this.#tell(nowMs)
    const { maxEventsPerSecond: rate } = this.selection
    this.#tokens = Math.min(rate, this.#tokens + rate * (nowMs - this.#filledMs) / 1000)
    this.#filledMs = nowMs
    this.#begin()
  }

  #tell (nowMs: number): void {
    const rows = this.#shown()
    const shown = this.#places.filter(p => p !== undefined).length
    this.#tokens -= shown
    this.#unread++
    this.#toldMs = nowMs
    this.report({ rows, passed: this.#passed, notShown: this.#fitted - shown })
    this.#passed = this.#fitted = 0
  }

  #shown (): TapReport['rows'] {
    return [...this.#held.keys()].map(held => {
      const rows = this.#places.flatMap(p => p?.held === held ? [p.row] : []).sort((a, b) => a - b)
      return { ...held.ends, document: rows.length === held.rows ? held.document : part(held.document, rows) }
    })
  }

  #begin (): void { this.#clear(this.#unread < maxUnread ? Math.floor(this.#tokens) : 0) }

  #clear (capacity: number): void {
    this.#places = []
    this.#held.clear()
    this.#heldBytes = 0
    this.#sample.reset(capacity)
  }
}

function part (document: Buffer, rows: readonly number[]): Buffer {
  const decoded = decodeBatch(document, true)
  if (!decoded.ok) throw new Error(`a sample cannot be read again: ${decoded.error}`)
  return encodeBatch(decoded.batch.select(Uint32Array.from(rows)))
}

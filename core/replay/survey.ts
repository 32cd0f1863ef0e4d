/** What lies in a place and would be sent: counted, nothing is changed. Works beside a Tapio that writes there. */
import { stat } from 'node:fs/promises'
import type { EventBatch } from '../data/batch.js'
import { signals as signalNames } from '../data/enums.js'
import type { Letter } from '../data/letter.js'
import { lockHolder } from '../net/directory-lock.js'
import { rowTimesMs, type Choice } from './choice.js'
import { Notes } from './notes.js'
import type { Place } from './places.js'
import { readFound } from './read.js'

export interface Span { readonly firstMs: number, readonly lastMs: number }

export interface ReasonCount extends Span {
  /** '' for what is no dead letter. */
  readonly reason: string
  readonly exporter: string
  readonly batches: number
  readonly rows: number
}

export interface Damage { readonly file: string, readonly offset: number, readonly bytes: number, readonly reason: string }

export interface Survey {
  readonly path: string
  readonly kind: 'dead letters' | 'queue' | 'recording' | 'empty'
  readonly files: number
  /** Of the files, with what is delivered in them. */
  readonly bytes: number
  /** Not delivered yet, and chosen. */
  readonly batches: number
  readonly rows: number
  readonly signals: Readonly<Record<string, number>>
  /** Of the rows themselves; undefined when none has a time. */
  readonly time: Span | undefined
  /** Of dead letters: who rejected them and why, most rows first; first and last tell when. */
  readonly reasons: readonly ReasonCount[]
  readonly damage: readonly Damage[]
  /** Batches that were delivered by an earlier replay. */
  readonly delivered: number
  /** The process that writes there now, in words. */
  readonly inUseBy: string | undefined
}

/** Beyond so many, a backend says something new about every batch. */
const maxReasons = 1000
const otherReasons = 'other reasons'
const maxDamage = 1000

export interface SurveyOptions {
  readonly choice: Choice
  /** Look at what was delivered, too. */
  readonly again: boolean
  readonly signal: AbortSignal
  /** Rows seen so far. */
  readonly onProgress?: (rows: number) => void
}

/** Rejects with PlaceError. */
export async function survey (place: Place, options: SurveyOptions): Promise<Survey> {
  const holder = place.isQueue ? await lockHolder(place.directory) : undefined
  const counts = new Counts()
  for (const [i, file] of place.files.entries()) {
    const found = await stat(file).catch(() => undefined)
    // A Tapio that runs has dropped it meanwhile.
    if (found === undefined) continue
    counts.bytes += found.size
    await countFile(file, place, options, counts, holder !== undefined && i === place.files.length - 1)
  }
  return counts.result(place, holder)
}

async function countFile (file: string, place: Place, { choice, again, signal, onProgress }: SurveyOptions, counts: Counts, isWritten: boolean): Promise<void> {
  const notes = await Notes.read(file, place.isQueue)
  const isDelivered = (offset: number): boolean => {
    if (!notes.has(offset)) return false
    counts.delivered++
    return !again
  }
  const { size } = await stat(file)
  for await (const item of readFound(file, isDelivered, signal)) {
    if (item.kind === 'damage') {
      // The end of a file that is being written is not there yet.
      if (!isWritten || item.offset + item.bytes < size) counts.damaged({ file, offset: item.offset, bytes: item.bytes, reason: item.reason })
      continue
    }
    const rows = choice.rows(item.batch, item.letter)
    if (rows === undefined) continue
    counts.add(rows === 'all' ? item.batch : item.batch.filter(rows), item.letter)
    onProgress?.(counts.rows)
  }
}

class Counts {
  bytes = 0
  rows = 0
  delivered = 0
  #batches = 0
  #letters = 0
  #firstMs = Infinity
  #lastMs = -Infinity
  readonly #signals: Record<string, number> = {}
  readonly #reasons = new Map<string, { reason: string, exporter: string, batches: number, rows: number, firstMs: number, lastMs: number }>()
  readonly #damage: Damage[] = []

  add (batch: EventBatch, letter: Letter | undefined): void {
    this.#batches++
    this.rows += batch.count
    const { signal } = batch.columns
    const timeOf = rowTimesMs(batch)
    for (let row = 0; row < batch.count; row++) {
      const name = signalNames[signal[row] as number] ?? 'unknown'
      this.#signals[name] = (this.#signals[name] ?? 0) + 1
      const timeMs = timeOf(row)
      if (timeMs === 0) continue
      this.#firstMs = Math.min(this.#firstMs, timeMs)
      this.#lastMs = Math.max(this.#lastMs, timeMs)
    }
    if (letter !== undefined) this.#addLetter(letter, batch.count)
  }

  damaged (damage: Damage): void { if (this.#damage.length < maxDamage) this.#damage.push(damage) }

  result (place: Place, inUseBy: string | undefined): Survey {
    return {
      path: place.path, files: place.files.length, bytes: this.bytes, batches: this.#batches, rows: this.rows, signals: this.#signals,
      kind: this.#letters > 0 ? 'dead letters' : !place.isQueue ? 'recording' : this.#batches > 0 ? 'queue' : 'empty',
      time: this.#lastMs >= 0 ? { firstMs: this.#firstMs, lastMs: this.#lastMs } : undefined,
      reasons: [...this.#reasons.values()].sort((a, b) => b.rows - a.rows), damage: this.#damage, delivered: this.delivered, inUseBy
    }
  }

  #addLetter ({ reason, exporter, atMs }: Letter, rows: number): void {
    this.#letters++
    const known = this.#reasons.size < maxReasons || this.#reasons.has(`${exporter} ${reason}`)
    const key = known ? `${exporter} ${reason}` : otherReasons
    const count = this.#reasons.get(key) ?? { reason: known ? reason : otherReasons, exporter: known ? exporter : '', batches: 0, rows: 0, firstMs: atMs, lastMs: atMs }
    count.batches++
    count.rows += rows
    count.firstMs = Math.min(count.firstMs, atMs)
    count.lastMs = Math.max(count.lastMs, atMs)
    this.#reasons.set(key, count)
  }
}

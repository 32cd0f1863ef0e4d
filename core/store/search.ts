/**
 * Events that fit a question, in order of time: partition by partition and block by block from the nearest in time, each looked at only
 * when it may still hold a row that belongs to the page. Memory is bounded by the page.
 */
import { concat } from '../data/concat.js'
import type { EventBatch } from '../data/batch.js'
import { emptyBatch } from '../data/batch.js'
import type { BlockHead } from './block.js'
import type { BlockCache } from './block-cache.js'
import { BlockFilter } from './block-filter.js'
import type { Paging } from './cursor.js'
import { LookAhead } from './look-ahead.js'
import { copied } from './copied.js'
import { matcher, timeOf } from './match.js'
import type { Partition } from './partition.js'
import type { EventPage, EventQuery } from './store.js'
import { StoreError } from './store.js'

interface Place { readonly nano: bigint, readonly partition: number, readonly event: number }
interface Found extends Place { readonly from: EventBatch, readonly at: number }

const maxTries = 100

/** Kinds of a cursor's parts: nanoseconds, partition, number of the event in it. */
export const positionKinds = ['bigint', 'number', 'number'] as const

export async function search (partitions: readonly Partition[], cache: BlockCache, query: EventQuery, page: Paging, damaged: (what: string) => void): Promise<EventPage> {
  const run = new Search(cache, query, page, damaged)
  const sign = page.newestFirst ? -1 : 1
  const nearest = [...partitions].sort((a, b) => sign * (page.newestFirst ? compare(a.maxNano, b.maxNano) : compare(a.minNano, b.minNano)) || sign * (a.id - b.id))
  for (const partition of nearest) {
    if (partition.blocks === 0 || !run.mayHold(partition)) continue
    await run.look(partition)
  }
  return run.page()
}

class Search {
  /** In order, at most one more than the page takes. */
  readonly #found: Found[] = []
  readonly #filter: BlockFilter
  readonly #after: Place | undefined

  constructor (readonly cache: BlockCache, readonly query: EventQuery, readonly paging: Paging, readonly damaged: (what: string) => void) {
    this.#filter = new BlockFilter(query)
    const [nano, partition, event] = (paging.after ?? []) as [bigint, number, number]
    this.#after = paging.after === undefined ? undefined : { nano, partition, event }
  }

  /** Whether something between these times belongs to the page, by what is known so far. */
  mayHold (times: Pick<BlockHead, 'minNano' | 'maxNano'>): boolean {
    if (!this.#filter.isInTime(times)) return false
    const { minNano, maxNano } = times
    const { newestFirst, limit } = this.paging
    if (this.#after !== undefined && (newestFirst ? minNano > this.#after.nano : maxNano < this.#after.nano)) return false
    const last = this.#found[limit]
    return last === undefined || (newestFirst ? maxNano >= last.nano : minNano <= last.nano)
  }

  async look (partition: Partition): Promise<void> {
    // While others run small blocks may become one: then once more, which takes nothing twice.
    for (let tries = 0; !await this.#lookOnce(partition); tries++) {
      if (tries === maxTries) throw new StoreError('query', 'the store changes too fast to be read')
      partition.refresh()
    }
  }

  /** False: blocks were merged meanwhile. */
  async #lookOnce (partition: Partition): Promise<boolean> {
    if (partition.isStale()) return false
    const ahead = new LookAhead(partition, partition.ordered(this.paging.newestFirst), this.cache, this.#filter, block => this.mayHold(block), this.paging.signal)
    for (let looked = await ahead.next(); looked !== undefined; looked = await ahead.next()) {
      if (looked === 'merged') return false
      const { block, batch, rows } = looked
      if (batch === undefined) this.damaged(`${partition.path}, block ${block.first}`)
      else this.#take(partition.id, block.first, batch, rows)
    }
    return true
  }

  page (): EventPage {
    const { limit } = this.paging
    const shown = this.#found.slice(0, limit)
    const events = inOrder(shown)
    const last = shown[shown.length - 1]
    return last === undefined || this.#found.length <= limit ? { events } : { events, next: this.paging.next([last.nano, last.partition, last.event]) }
  }

  #take (partition: number, first: number, batch: EventBatch, rows: readonly number[] | undefined): void {
    const fits = matcher(batch, this.query)
    const taken: Place[] = []
    const count = rows?.length ?? batch.count
    for (let i = 0; i < count; i++) {
      const row = rows === undefined ? i : rows[i] as number
      if (row >= batch.count) continue
      const nano = timeOf(batch, row)
      if (!this.#filter.isAt(nano)) continue
      const place = { nano, partition, event: first + row }
      const last = this.#found[this.paging.limit]
      if ((this.#after === undefined || this.#before(this.#after, place)) && (last === undefined || this.#before(place, last)) && fits(row)) taken.push(place)
    }
    if (taken.length > 0) this.#merge(batch, first, taken)
  }

  #merge (batch: EventBatch, first: number, taken: Place[]): void {
    taken.sort((a, b) => this.#before(a, b) ? -1 : 1)
    taken.length = Math.min(taken.length, this.paging.limit + 1)
    const own = copied(batch.select(Uint32Array.from(taken, t => t.event - first)))
    const known = new Set(this.#found.map(f => `${f.partition}/${f.event}`))
    const added = taken.map((place, at) => ({ ...place, from: own, at })).filter(f => !known.has(`${f.partition}/${f.event}`))
    const merged = [...this.#found, ...added].sort((a, b) => this.#before(a, b) ? -1 : 1)
    this.#found.splice(0, Infinity, ...merged.slice(0, this.paging.limit + 1))
  }

  /** Whether `a` comes before `b` in the order asked for; ties by where they are stored. */
  #before (a: Place, b: Place): boolean {
    const order = compare(a.nano, b.nano) || a.partition - b.partition || a.event - b.event
    return this.paging.newestFirst ? order > 0 : order < 0
  }
}

function inOrder (found: readonly Found[]): EventBatch {
  if (found.length === 0) return emptyBatch
  const starts = new Map<EventBatch, number>()
  let count = 0
  for (const { from } of found) {
    if (starts.has(from)) continue
    starts.set(from, count)
    count += from.count
  }
  return concat([...starts.keys()]).select(Uint32Array.from(found, ({ from, at }) => (starts.get(from) as number) + at))
}

function compare (a: bigint, b: bigint): number { return a < b ? -1 : a > b ? 1 : 0 }

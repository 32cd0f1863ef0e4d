/** Counts of the events that fit a question, block by block from the newest on. */
import { attributeAt } from '../data/attributes.js'
import type { EventBatch } from '../data/batch.js'
import { nanoCellToMs, words } from '../data/columns.js'
import { eventTypes, severityName, Severity } from '../data/enums.js'
import { entityText } from '../correlation/entity.js'
import { Buckets } from './buckets.js'
import type { BlockCache } from './block-cache.js'
import type { BlockFilter } from './block-filter.js'
import type { Counted, Statistics } from './feeds.js'
import { LookAhead } from './look-ahead.js'
import { entitiesNamed, matcher, timeOf } from './match.js'
import type { Partition } from './partition.js'
import { StoreError } from './store.js'
import { namingAttributes } from './terms.js'

const maxListed = 50
/** Different keys counted at once; beyond them the rarer half is forgotten, so that the rest is exact for what is not rare. */
const maxKeys = 20_000
const maxTries = 100

export interface StatisticsLimits { readonly bucketMs: number, readonly maxEvents: number, readonly signal: AbortSignal | undefined }

export async function countEvents (partitions: readonly Partition[], cache: BlockCache, filter: BlockFilter, limits: StatisticsLimits, damaged: (what: string) => void): Promise<Statistics> {
  const counting = new Counting(cache, filter, limits, damaged)
  const newest = partitions.filter(p => p.blocks > 0 && filter.isInTime(p)).sort((a, b) => a.maxNano > b.maxNano ? -1 : a.maxNano < b.maxNano ? 1 : b.id - a.id)
  for (const partition of newest) if (!counting.isFull) await counting.look(partition)
  return counting.finish()
}

class Counting {
  #total = 0
  #truncated = false
  readonly #severities = new Tally()
  readonly #types = new Tally()
  readonly #sources = new Tally()
  readonly #symptoms = new Tally()
  readonly #entities = new Tally()
  readonly #buckets: Buckets

  constructor (readonly cache: BlockCache, readonly filter: BlockFilter, readonly limits: StatisticsLimits, readonly damaged: (what: string) => void) {
    this.#buckets = new Buckets(limits.bucketMs)
  }

  get isFull (): boolean { return this.#truncated }

  async look (partition: Partition): Promise<void> {
    // Numbers of events counted, by stretches: small blocks may become one while others run.
    const counted = new Uint8Array(partition.nextEvent)
    for (let tries = 0; !await this.#lookOnce(partition, counted); tries++) {
      if (tries === maxTries) throw new StoreError('query', 'the store changes too fast to be read')
      partition.refresh()
    }
  }

  /** False: blocks were merged meanwhile. */
  async #lookOnce (partition: Partition, counted: Uint8Array): Promise<boolean> {
    if (partition.isStale()) return false
    const ahead = new LookAhead(partition, partition.ordered(true), this.cache, this.filter, () => true, this.limits.signal)
    for (let looked = await ahead.next(); looked !== undefined && !this.#truncated; looked = await ahead.next()) {
      if (looked === 'merged') return false
      const { block, batch, rows } = looked
      if (batch === undefined) this.damaged(`${partition.path}, block ${block.first}`)
      else this.#count(batch, rows, counted.subarray(block.first, block.first + block.rows), this.filter.isAllInTime(block))
    }
    return true
  }

  /** `counted`: one cell a row; what came after the look began has none. */
  #count (batch: EventBatch, rows: readonly number[] | undefined, counted: Uint8Array, isAllInTime: boolean): void {
    const fits = matcher(batch, this.filter.query)
    const chosen: number[] = []
    const count = rows?.length ?? batch.count
    for (let i = 0; i < count; i++) {
      const row = rows === undefined ? i : rows[i] as number
      if (row >= batch.count || counted[row] !== 0) continue
      counted[row] = 1
      if ((isAllInTime || this.filter.isAt(timeOf(batch, row))) && fits(row)) chosen.push(row)
    }
    this.#add(batch, this.#newestThatFit(batch, chosen))
  }

  #newestThatFit (batch: EventBatch, rows: number[]): readonly number[] {
    const room = this.limits.maxEvents - this.#total
    if (rows.length <= room) return rows
    this.#truncated = true
    return rows.sort((a, b) => timeOf(batch, a) > timeOf(batch, b) ? -1 : 1).slice(0, room)
  }

  #add (batch: EventBatch, rows: readonly number[]): void {
    const { columns: { severity, type, source, symptom }, strings } = batch
    this.#total += rows.length
    this.#severities.add(rows, row => severity[row] as number, severityName)
    this.#types.add(rows, row => type[row] as number, code => eventTypes[code] ?? 'unknown')
    if (source !== undefined) this.#sources.add(rows, row => source[row] as number, at => strings.at(at))
    if (symptom !== undefined) this.#symptoms.add(rows, row => symptom[row] as number, at => strings.at(at))
    const { codeOf, textOf } = entitiesOf(batch)
    this.#entities.add(rows, codeOf, textOf)
    const timeMs = timesOf(batch)
    for (const row of rows) this.#buckets.add(timeMs(row), (severity[row] as number) >= Severity.error)
  }

  finish (): Statistics {
    return {
      total: this.#total, truncated: this.#truncated, buckets: this.#buckets.finish(),
      bySeverity: this.#severities.most(), byType: this.#types.most(), bySource: this.#sources.most(), bySymptom: this.#symptoms.most(), byEntity: this.#entities.most()
    }
  }
}

class Tally {
  readonly #counts = new Map<string, number>()

  /** Counts by code first, so that the text of each is made once. */
  add (rows: readonly number[], codeOf: (row: number) => number, textOf: (code: number) => string): void {
    const byCode = new Map<number, number>()
    for (const row of rows) {
      const code = codeOf(row)
      byCode.set(code, (byCode.get(code) ?? 0) + 1)
    }
    for (const [code, count] of byCode) this.#put(textOf(code), count)
    this.#bound()
  }

  most (): Counted[] { return this.#sorted().slice(0, maxListed).map(([key, count]) => ({ key, count })) }

  #put (key: string, count: number): void {
    if (key !== '') this.#counts.set(key, (this.#counts.get(key) ?? 0) + count)
  }

  #sorted (): [string, number][] { return [...this.#counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)) }

  #bound (): void {
    if (this.#counts.size > maxKeys) for (const [key] of this.#sorted().slice(maxKeys >> 1)) this.#counts.delete(key)
  }
}

/** Event times in milliseconds, to the microsecond, without a bigint a row. */
function timesOf ({ columns: { timeUnixNano, observedTimeUnixNano } }: EventBatch): (row: number) => number {
  const [time, observed] = [words(timeUnixNano), observedTimeUnixNano === undefined ? undefined : words(observedTimeUnixNano)]
  return row => {
    const ms = nanoCellToMs(time, row)
    return Math.round((ms === 0 && observed !== undefined ? nanoCellToMs(observed, row) : ms) * 1000) / 1000
  }
}

/**
 * What a row is about: its own entity, else the pod, workload, service or node it came from; '' when none is known. By a code first, so
 * that a text is made once a block.
 */
function entitiesOf (batch: EventBatch): { codeOf: (row: number) => number, textOf: (code: number) => string } {
  const { strings, columns: { resource, entityKind, entityNamespace, entityName } } = batch
  const size = strings.length
  const hasColumns = [...namingAttributes.keys()].some(key => batch.attributes.has(key))
  const cameFrom = (at: number, row: number | undefined): string => {
    const { attributes = {} } = batch.resources[at] ?? {}
    const [first] = entitiesNamed(key => (row === undefined ? undefined : attributeAt(batch.attributes.get(key), row)) ?? attributes[key], attributes)
    return first === undefined ? '' : entityText(first)
  }
  return {
    codeOf (row) {
      const name = entityName?.[row] ?? 0
      if (name !== 0) return (name * size + (entityNamespace?.[row] ?? 0)) * size + (entityKind?.[row] ?? 0)
      return -1 - (hasColumns ? row : resource[row] as number)
    },
    textOf (code) {
      if (code < 0) return hasColumns ? cameFrom(resource[-1 - code] as number, -1 - code) : cameFrom(-1 - code, undefined)
      return entityText({ kind: strings.at(code % size), namespace: strings.at(Math.floor(code / size) % size), name: strings.at(Math.floor(code / size / size)) })
    }
  }
}

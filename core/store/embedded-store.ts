/** The embedded store's parts put together: events in partitions, incidents and links in tables. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../component/clock.js'
import type { Link } from '../correlation/link.js'
import type { EventBatch } from '../data/batch.js'
import type { Incident } from '../incidents/incident.js'
import { BlockCache } from './block-cache.js'
import { BlockFilter, hexOrThrow } from './block-filter.js'
import { ChangeWatch } from './change-watch.js'
import { paging } from './cursor.js'
import type { DirectoryLock } from '../net/directory-lock.js'
import { documentsIfThere, openDocuments, tablesName, type Documents } from './documents.js'
import { EventFeedReader } from './event-feed.js'
import type { EventFeed, FeedOptions, IncidentFeed, Statistics } from './feeds.js'
import { eventToken, incidentToken, isIncidentToken, parseEventToken, parseIncidentToken, type EventPlace } from './feed-token.js'
import { incidentFault, linkFault, symptomsOf } from './incident-shape.js'
import type { SyncPolicy } from './open.js'
import { Partitions } from './partitions.js'
import type { Partition } from './partition.js'
import { positionKinds, search } from './search.js'
import { countEvents } from './statistics.js'
import { StoreError, maxPage, type AppendResult, type EventPage, type EventQuery, type IncidentPage, type IncidentQuery, type LinkPage, type LinkQuery, type PageOptions, type Store, type StoreStats } from './store.js'
import { Writer } from './writer.js'

/** Unpacked blocks kept for the next page: some dozen. */
const cacheBytes = 32 << 20
const maxDamagedBlocks = 100

export interface EmbeddedOptions {
  readonly maxAgeMs: number
  readonly maxBytes: number
  readonly sync: SyncPolicy
  readonly maxPendingBytes: number
  readonly lingerMs: number
  readonly clock: Clock
}

export class EmbeddedStore implements Store {
  #documents: Documents | undefined
  readonly #partitions: Partitions
  readonly #writer: Writer
  readonly #cache = new BlockCache(cacheBytes)
  readonly #damagedBlocks = new Set<string>()
  readonly #watch: ChangeWatch
  readonly #noteDamage = (what: string): void => {
    if (this.#damagedBlocks.size < maxDamagedBlocks) this.#damagedBlocks.add(`${what} cannot be read`)
  }

  #closed = false

  /** Without a lock: a reader. */
  constructor (readonly directory: string, readonly options: EmbeddedOptions, readonly lock: DirectoryLock | undefined, mayBeAbsent = false) {
    this.#documents = mayBeAbsent ? documentsIfThere(directory) : openDocuments(directory, lock === undefined)
    this.#watch = new ChangeWatch(directory, options.clock)
    this.#partitions = new Partitions(directory, lock === undefined, options)
    this.#writer = new Writer(this.#partitions, options)
  }

  async append (batch: EventBatch): Promise<AppendResult> {
    if (this.lock === undefined) return { status: 'failed', reason: 'the store is open for reading only' }
    return await this.#writer.append(batch)
  }

  async putIncident (incident: Incident): Promise<boolean> {
    const { incidents, tables } = this.#expectWriter()
    const fault = incidentFault(incident)
    if (fault !== '') throw new StoreError('query', fault)
    const isNewest = await incidents.put(incident, this.options.clock.unixMs())
    if (this.options.sync === 'disk') await tables.flushed
    return isNewest
  }

  async putLink (link: Link): Promise<void> {
    const { links, tables } = this.#expectWriter()
    const fault = linkFault(link)
    if (fault !== '') throw new StoreError('query', fault)
    await links.put(link, this.options.clock.unixMs())
    if (this.options.sync === 'disk') await tables.flushed
  }

  async events (query: EventQuery, options?: PageOptions): Promise<EventPage> {
    const page = paging(query, positionKinds, options)
    return await this.#pinned(partitions => search(partitions, this.#cache, query, page, this.#noteDamage))
  }

  async event (id: string): Promise<EventBatch | undefined> {
    const wanted = Buffer.from(hexOrThrow('id', id), 'hex')
    return await this.#pinned(async partitions => {
      for (const partition of await Promise.resolve(partitions.toReversed())) {
        if (partition.isStale()) partition.refresh()
        const place = partition.find(wanted)
        const block = place === undefined ? undefined : this.#cache.read(partition, place.block)
        if (place !== undefined && block !== undefined && place.row < block.count) return block.select(Uint32Array.of(place.row))
      }
      return undefined
    })
  }

  async incidents (query: IncidentQuery, page?: PageOptions): Promise<IncidentPage> {
    return await this.#expectOpen()?.incidents.list(query, page) ?? { incidents: [] }
  }

  async incident (id: string): Promise<Incident | undefined> {
    return await Promise.resolve(this.#expectOpen()?.incidents.find(id))
  }

  async links (query: LinkQuery, page?: PageOptions): Promise<LinkPage> {
    const { incidents, links } = this.#expectOpen() ?? {}
    if (query.symptom !== undefined) return await links?.list(query, new Set([query.symptom]), false, page) ?? { links: [] }
    if (query.incident === undefined) throw new StoreError('query', 'links are listed by incident or by symptom')
    const incident = incidents?.find(query.incident)
    return incident === undefined || links === undefined ? { links: [] } : await links.list(query, symptomsOf(incident), true, page)
  }

  async eventFeed (query: EventQuery, { after, limit = 1000, signal }: FeedOptions): Promise<EventFeed> {
    const filter = new BlockFilter(query)
    const wanted = after === undefined ? undefined : parseEventToken(after)
    expectLimit(limit, signal)
    this.#watch.mark()
    return await this.#pinned(async partitions => {
      const { place, gap } = startOf(partitions, wanted, query.sinceMs)
      const { events, next, more } = await new EventFeedReader(this.#cache, filter, limit, signal, this.#noteDamage).read(partitions, place)
      return { events, token: eventToken(next), more, gap }
    })
  }

  async incidentFeed (query: Pick<IncidentQuery, 'minSeverity' | 'entity'>, { after, limit = 1000, signal }: FeedOptions): Promise<IncidentFeed> {
    const wanted = after === undefined ? undefined : parseIncidentToken(after)
    expectLimit(limit, signal)
    this.#watch.mark()
    const { incidents } = this.#expectOpen() ?? {}
    const last = incidents?.lastSequence ?? 0
    if (wanted === undefined || incidents === undefined) return { incidents: [], token: after ?? incidentToken(last), more: false }
    // Beyond the last one: a token of another store, which this one replaced.
    const { incidents: found, sequence, more } = await incidents.changes(wanted > last ? 0 : wanted, query, limit, signal)
    return { incidents: found, token: incidentToken(sequence), more }
  }

  async changed (timeoutMs: number, signal: AbortSignal, after?: string): Promise<void> {
    if (this.#closed || (after !== undefined && after !== '' && this.#isBehind(after))) return
    await this.#watch.wait(timeoutMs, signal)
  }

  async statistics (query: EventQuery, { bucketMs, maxEvents = 1_000_000, signal }: { readonly bucketMs: number, readonly maxEvents?: number, readonly signal?: AbortSignal }): Promise<Statistics> {
    const filter = new BlockFilter(query)
    return await this.#pinned(partitions => countEvents(partitions, this.#cache, filter, { bucketMs, maxEvents, signal }, this.#noteDamage))
  }

  async stats (): Promise<StoreStats> {
    return await this.#pinned(async partitions => {
      const full = await Promise.resolve(partitions.filter(p => p.blocks > 0))
      const sum = (of: (p: Partition) => number): number => full.reduce((total, p) => total + of(p), 0)
      const toMs = (nano: bigint): number => Number(nano / 1000n) / 1000
      const bytes = partitions.reduce((total, p) => total + p.bytes, statSync(join(this.directory, tablesName), { throwIfNoEntry: false })?.size ?? 0)
      const { incidents, links } = this.#documents ?? {}
      return {
        events: sum(p => p.nextEvent), blocks: sum(p => p.blocks), partitions: partitions.length, incidents: incidents?.count ?? 0, links: links?.count ?? 0, bytes,
        ...(full.length > 0 && { oldestMs: Math.min(...full.map(p => toMs(p.minNano))), newestMs: Math.max(...full.map(p => toMs(p.maxNano))) }),
        damaged: [...this.#partitions.damaged.values(), ...this.#damagedBlocks]
      }
    })
  }

  async flush (): Promise<void> { await this.#writer.flush() }

  async maintain (): Promise<void> {
    const { incidents, links } = this.#expectWriter()
    const { maxAgeMs, clock } = this.options
    const beforeMs = maxAgeMs > 0 ? clock.unixMs() - maxAgeMs : 0
    await this.#partitions.prune(clock.unixMs())
    await incidents.prune(beforeMs)
    await links.prune(beforeMs)
  }

  async close (): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#watch.close()
    await this.#writer.close()
    await this.#partitions.close()
    await this.#documents?.tables.close()
    await this.lock?.release()
  }

  /** While `ask` runs no partition is closed under it. */
  async #pinned<T> (ask: (partitions: readonly Partition[]) => Promise<T>): Promise<T> {
    const partitions = this.#look()
    for (const partition of partitions) partition.pin()
    try {
      return await ask(partitions)
    } finally {
      await Promise.all(partitions.map(p => p.unpin()))
    }
  }

  /** Whether something was stored behind a token of either feed. */
  #isBehind (token: string): boolean {
    if (isIncidentToken(token)) return (this.#expectOpen()?.incidents.lastSequence ?? 0) > parseIncidentToken(token)
    const { partition, event } = parseEventToken(token)
    return this.#look().some(p => p.id > partition ? p.nextEvent > 0 : p.id === partition && p.nextEvent > event)
  }

  /** What is there now. */
  #look (): readonly Partition[] {
    this.#expectOpen()
    if (this.lock === undefined) this.#partitions.refresh()
    return this.#partitions.all
  }

  #expectOpen (): Documents | undefined {
    if (this.#closed) throw new StoreError('closed', 'the store is closed')
    if (this.#documents === undefined) this.#documents = documentsIfThere(this.directory)
    else if (this.lock === undefined) this.#documents.tables.refresh()
    return this.#documents
  }

  #expectWriter (): Documents {
    const documents = this.#expectOpen()
    if (this.lock === undefined || documents === undefined) throw new StoreError('denied', 'the store is open for reading only')
    return documents
  }
}

function expectLimit (limit: number, signal: AbortSignal | undefined): void {
  if (!Number.isInteger(limit) || limit < 1 || limit > maxPage) throw new StoreError('query', `an answer of a feed has 1 to ${maxPage} entries, found ${limit}`)
  signal?.throwIfAborted()
}

/** Where what is stored from now on will be. */
function endOf (partitions: readonly Partition[]): EventPlace {
  const last = partitions[partitions.length - 1]
  return { partition: last?.id ?? 0, event: last?.nextEvent ?? 0 }
}

/** `gap`: what came next is not there any more. */
function startOf (partitions: readonly Partition[], wanted: EventPlace | undefined, sinceMs: number | undefined): { readonly place: EventPlace, readonly gap: boolean } {
  const oldest = { partition: partitions[0]?.id ?? 0, event: 0 }
  if (wanted === undefined) return { place: sinceMs === undefined ? endOf(partitions) : oldest, gap: false }
  const end = endOf(partitions)
  // Beyond the end: a token of another store, which this one replaced.
  const isUnknown = wanted.partition > end.partition || (wanted.partition === end.partition && wanted.event > end.event)
  if (isUnknown) return { place: oldest, gap: true }
  const isThere = wanted.partition === 0 ? oldest.partition <= 1 : partitions.some(p => p.id === wanted.partition)
  return { place: wanted, gap: !isThere }
}

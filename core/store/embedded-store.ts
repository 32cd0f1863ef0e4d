/** The embedded store's parts put together: events in partitions, incidents and links in tables. */
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../component/clock.js'
import type { Link } from '../correlation/link.js'
import type { EventBatch } from '../data/batch.js'
import type { Incident } from '../incidents/incident.js'
import { BlockCache } from './block-cache.js'
import { paging } from './cursor.js'
import type { DirectoryLock } from '../net/directory-lock.js'
import { incidentFault, linkFault, symptomsOf } from './incident-shape.js'
import { Incidents } from './incidents.js'
import { LinkTable } from './links.js'
import type { SyncPolicy } from './open.js'
import { Partitions } from './partitions.js'
import type { Partition } from './partition.js'
import { hexOrThrow, positionKinds, search } from './search.js'
import { StoreError, type AppendResult, type EventPage, type EventQuery, type IncidentPage, type IncidentQuery, type LinkPage, type LinkQuery, type PageOptions, type Store, type StoreStats } from './store.js'
import { Tables } from './tables.js'
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
  readonly #tables: Tables
  readonly #incidents: Incidents
  readonly #links: LinkTable
  readonly #partitions: Partitions
  readonly #writer: Writer
  readonly #cache = new BlockCache(cacheBytes)
  readonly #damagedBlocks = new Set<string>()
  #closed = false

  /** Without a lock: a reader. */
  constructor (readonly directory: string, readonly options: EmbeddedOptions, readonly lock: DirectoryLock | undefined) {
    const path = join(directory, 'tables.mdb')
    if (lock === undefined && !existsSync(path)) throw new StoreError('absent', `there is no store at ${directory}`)
    this.#tables = new Tables(path, lock === undefined)
    this.#incidents = new Incidents(this.#tables)
    this.#links = new LinkTable(this.#tables)
    this.#partitions = new Partitions(directory, lock === undefined, options)
    this.#writer = new Writer(this.#partitions, options)
  }

  async append (batch: EventBatch): Promise<AppendResult> {
    if (this.lock === undefined) return { status: 'failed', reason: 'the store is open for reading only' }
    return await this.#writer.append(batch)
  }

  async putIncident (incident: Incident): Promise<boolean> {
    this.#expectWriter()
    const fault = incidentFault(incident)
    if (fault !== '') throw new StoreError('query', fault)
    const isNewest = await this.#incidents.put(incident, this.options.clock.unixMs())
    if (this.options.sync === 'disk') await this.#tables.flushed
    return isNewest
  }

  async putLink (link: Link): Promise<void> {
    this.#expectWriter()
    const fault = linkFault(link)
    if (fault !== '') throw new StoreError('query', fault)
    await this.#links.put(link, this.options.clock.unixMs())
    if (this.options.sync === 'disk') await this.#tables.flushed
  }

  async events (query: EventQuery, options?: PageOptions): Promise<EventPage> {
    const page = paging(query, positionKinds, options)
    return await this.#pinned(partitions => search(partitions, this.#cache, query, page, what => { this.#noteDamage(what) }))
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
    this.#expectOpen()
    return await this.#incidents.list(query, page)
  }

  async incident (id: string): Promise<Incident | undefined> {
    this.#expectOpen()
    return await Promise.resolve(this.#incidents.find(id))
  }

  async links (query: LinkQuery, page?: PageOptions): Promise<LinkPage> {
    this.#expectOpen()
    if (query.symptom !== undefined) return await this.#links.list(query, new Set([query.symptom]), false, page)
    if (query.incident === undefined) throw new StoreError('query', 'links are listed by incident or by symptom')
    const incident = this.#incidents.find(query.incident)
    return incident === undefined ? { links: [] } : await this.#links.list(query, symptomsOf(incident), true, page)
  }

  async stats (): Promise<StoreStats> {
    return await this.#pinned(async partitions => {
      const full = await Promise.resolve(partitions.filter(p => p.blocks > 0))
      const sum = (of: (p: Partition) => number): number => full.reduce((total, p) => total + of(p), 0)
      const toMs = (nano: bigint): number => Number(nano / 1000n) / 1000
      const bytes = partitions.reduce((total, p) => total + p.bytes, statSync(this.#tables.path).size)
      return {
        events: sum(p => p.nextEvent), blocks: sum(p => p.blocks), partitions: partitions.length, incidents: this.#incidents.count, links: this.#links.count, bytes,
        ...(full.length > 0 && { oldestMs: Math.min(...full.map(p => toMs(p.minNano))), newestMs: Math.max(...full.map(p => toMs(p.maxNano))) }),
        damaged: [...this.#partitions.damaged.values(), ...this.#damagedBlocks]
      }
    })
  }

  async flush (): Promise<void> { await this.#writer.flush() }

  async maintain (): Promise<void> {
    this.#expectWriter()
    const { maxAgeMs, clock } = this.options
    const beforeMs = maxAgeMs > 0 ? clock.unixMs() - maxAgeMs : 0
    await this.#partitions.prune(clock.unixMs())
    await this.#incidents.prune(beforeMs)
    await this.#links.prune(beforeMs)
  }

  async close (): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#writer.close()
    await this.#partitions.close()
    await this.#tables.close()
    await this.lock?.release()
  }

  /** While `ask` runs no partition is closed under it. */
  async #pinned<T> (ask: (partitions: readonly Partition[]) => Promise<T>): Promise<T> {
    this.#expectOpen()
    if (this.lock === undefined) this.#partitions.refresh()
    const partitions = this.#partitions.all
    for (const partition of partitions) partition.pin()
    try {
      return await ask(partitions)
    } finally {
      await Promise.all(partitions.map(p => p.unpin()))
    }
  }

  #noteDamage (what: string): void {
    if (this.#damagedBlocks.size < maxDamagedBlocks) this.#damagedBlocks.add(`${what} cannot be read`)
  }

  #expectOpen (): void {
    if (this.#closed) throw new StoreError('closed', 'the store is closed')
    if (this.lock === undefined) this.#tables.refresh()
  }

  #expectWriter (): void {
    this.#expectOpen()
    if (this.lock === undefined) throw new StoreError('denied', 'the store is open for reading only')
  }
}

/** The embedded store's parts put together: events in partitions, incidents and links in tables. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../component/clock.js'
import type { Link } from '../correlation/link.js'
import { emptyBatch, type EventBatch } from '../data/batch.js'
import type { Incident } from '../incidents/incident.js'
import type { WriterLock } from './directory.js'
import { incidentFault, linkFault, symptomsOf } from './incident-shape.js'
import { Incidents } from './incidents.js'
import { LinkTable } from './links.js'
import type { SyncPolicy } from './open.js'
import { StoreError, type AppendResult, type EventPage, type EventQuery, type IncidentPage, type IncidentQuery, type LinkPage, type LinkQuery, type PageOptions, type Store, type StoreStats } from './store.js'
import { Tables } from './tables.js'

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
  #closed = false

  /** Without a lock: a reader. */
  constructor (readonly directory: string, readonly options: EmbeddedOptions, readonly lock: WriterLock | undefined) {
    const path = join(directory, 'tables.mdb')
    if (lock === undefined && !existsSync(path)) throw new StoreError('absent', `there is no store at ${directory}`)
    this.#tables = new Tables(path, lock === undefined)
    this.#incidents = new Incidents(this.#tables)
    this.#links = new LinkTable(this.#tables)
  }

  async append (batch: EventBatch): Promise<AppendResult> {
    this.#expectWriter()
    await Promise.resolve(batch)
    return { status: 'failed', reason: 'events are not stored yet' }
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

  async events (_query: EventQuery, _page?: PageOptions): Promise<EventPage> {
    this.#expectOpen()
    return await Promise.resolve({ events: emptyBatch })
  }

  async event (_id: string): Promise<EventBatch | undefined> {
    this.#expectOpen()
    return await Promise.resolve(undefined)
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
    this.#expectOpen()
    return await Promise.resolve({ events: 0, blocks: 0, partitions: 0, incidents: this.#incidents.count, links: this.#links.count, bytes: 0, damaged: [] })
  }

  async maintain (): Promise<void> {
    this.#expectWriter()
    const { maxAgeMs, clock } = this.options
    const beforeMs = maxAgeMs > 0 ? clock.unixMs() - maxAgeMs : 0
    await this.#incidents.prune(beforeMs)
    await this.#links.prune(beforeMs)
  }

  async close (): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#tables.close()
    await this.lock?.release()
  }

  #expectOpen (): void {
    if (this.#closed) throw new StoreError('closed', 'the store is closed')
  }

  #expectWriter (): void {
    this.#expectOpen()
    if (this.lock === undefined) throw new StoreError('denied', 'the store is open for reading only')
  }
}

/**
 * A store that may not be there yet, or may be replaced by another: opened for reading when it is asked, looked for again while it is
 * absent, and opened anew when its directory is another one. Until then every question is a StoreError `absent`.
 */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../component/clock.js'
import type { EventBatch } from '../../data/batch.js'
import type { Incident } from '../../incidents/incident.js'
import type { EventFeed, FeedOptions, IncidentFeed, Statistics, StoreFeeds } from '../../store/feeds.js'
import { StoreError, type EventPage, type EventQuery, type IncidentPage, type IncidentQuery, type LinkPage, type LinkQuery, type PageOptions, type StoreReader, type StoreStats } from '../../store/store.js'

export type OpenedStore = StoreReader & StoreFeeds

interface Opened { readonly store: OpenedStore, readonly mark: string }

/** How long what was seen of the directory is taken for true. */
const lookMs = 500

export class LateStore implements StoreReader, StoreFeeds {
  #opened: Opened | undefined
  #opening: Promise<Opened> | undefined
  #lookedMs = -Infinity
  #closed = false

  constructor (readonly directory: string, readonly open: (directory: string) => Promise<OpenedStore>, readonly clock: Clock) {}

  async events (query: EventQuery, page?: PageOptions): Promise<EventPage> { return (await this.#store()).events(query, page) }
  async event (id: string): Promise<EventBatch | undefined> { return (await this.#store()).event(id) }
  async incidents (query: IncidentQuery, page?: PageOptions): Promise<IncidentPage> { return (await this.#store()).incidents(query, page) }
  async incident (id: string): Promise<Incident | undefined> { return (await this.#store()).incident(id) }
  async links (query: LinkQuery, page?: PageOptions): Promise<LinkPage> { return (await this.#store()).links(query, page) }
  async stats (): Promise<StoreStats> { return (await this.#store()).stats() }
  async eventFeed (query: EventQuery, options: FeedOptions): Promise<EventFeed> { return (await this.#store()).eventFeed(query, options) }
  async incidentFeed (query: Pick<IncidentQuery, 'minSeverity' | 'entity'>, options: FeedOptions): Promise<IncidentFeed> { return (await this.#store()).incidentFeed(query, options) }
  async changed (timeoutMs: number, signal: AbortSignal, after?: string): Promise<void> { await (await this.#store()).changed(timeoutMs, signal, after) }
  async statistics (query: EventQuery, options: Parameters<StoreFeeds['statistics']>[1]): Promise<Statistics> { return (await this.#store()).statistics(query, options) }

  async close (): Promise<void> {
    this.#closed = true
    await this.#opening?.catch(() => undefined)
    await this.#opened?.store.close()
    this.#opened = undefined
  }

  async #store (): Promise<OpenedStore> {
    if (this.#closed) throw new StoreError('closed', 'the store is closed')
    if (this.#opened !== undefined && this.clock.monotonicMs() - this.#lookedMs < lookMs) return this.#opened.store
    this.#opening ??= this.#look().finally(() => { this.#opening = undefined })
    return (await this.#opening).store
  }

  async #look (): Promise<Opened> {
    const mark = await markOf(this.directory)
    this.#lookedMs = this.clock.monotonicMs()
    if (this.#opened !== undefined) {
      if (this.#opened.mark === mark) return this.#opened
      const { store } = this.#opened
      this.#opened = undefined
      // Whoever still reads from it is told that it is closed, and asks again.
      await store.close()
    }
    return this.#opened = { store: await this.open(this.directory), mark }
  }
}

/** A directory that was deleted and made again is another one, also at the same path. */
async function markOf (directory: string): Promise<string> {
  const found = await stat(join(directory, 'tables.mdb')).catch(() => undefined)
  return found === undefined ? '' : `${found.dev}.${found.ino}`
}

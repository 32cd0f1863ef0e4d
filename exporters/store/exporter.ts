import { resolve } from 'node:path'
import { inject, injectable } from 'tsyringe'
import type { Clock } from '../../core/component/clock.js'
import type { Deadline, Exporter } from '../../core/component/component.js'
import { accepted, refused, retry, type Outcome } from '../../core/component/outcome.js'
import { answerer } from '../../core/component/questions.js'
import { Tokens } from '../../core/component/services.js'
import type { EventBatch } from '../../core/data/batch.js'
import { encodeBatch } from '../../core/data/codec.js'
import { InFlight, aborted } from '../../core/delivery/in-flight.js'
import { openStore } from '../../core/store/open.js'
import { maxPage, type Store } from '../../core/store/store.js'
import type { StoreExporterConfig } from './config.js'
import { putIncidents, putLinks } from './documents.js'
import { Reports } from './reports.js'
import { select, type Selection } from './selection.js'

const retryAfterMs = 1000
const fullRetryAfterMs = 50
const maintenanceMs = 60_000

@injectable()
export class StoreExporter implements Exporter {
  readonly #inFlight = new InFlight()
  #store: Store | undefined
  #opening: Promise<Store | undefined> | undefined
  #openedAtMs = -Infinity
  #cancelMaintenance: (() => void) | undefined

  constructor (
    @inject(Tokens.config) readonly config: StoreExporterConfig,
    @inject(Tokens.clock) readonly clock: Clock,
    @inject(Reports) readonly reports: Reports
  ) {}

  /** A store that cannot be opened now does not stop the start: its last writer may be about to end, and senders are asked to wait. */
  async start (): Promise<void> {
    await this.#open()
    this.#armMaintenance()
  }

  readonly answer = answerer({
    'store.directory': () => resolve(this.config.directory),
    'store.events': async ({ query, limit }) => encodeBatch((await this.#opened().events(query, { limit: Math.min(limit, maxPage) })).events),
    'store.incidents': async ({ query, limit }) => (await this.#opened().incidents(query, { limit: Math.min(limit, maxPage) })).incidents
  })

  #opened (): Store {
    if (this.#store === undefined) throw new Error(`the store at ${this.config.directory} is not open`)
    return this.#store
  }

  consume (batch: EventBatch): Outcome | Promise<Outcome> {
    if (this.#inFlight.closed) return refused('stopped')
    if (batch.count === 0) return accepted
    return this.#inFlight.track(this.#take(batch))
  }

  async stop (deadline: Deadline): Promise<void> {
    this.#cancelMaintenance?.()
    this.#inFlight.closed = true
    this.#store?.flush().catch((error: unknown) => { this.reports.failing(error) })
    await this.#inFlight.close(deadline)
    const over = aborted(deadline.signal)
    const closed = (this.#opening ?? Promise.resolve(undefined)).then(() => this.#store?.close()).catch((error: unknown) => { this.reports.failing(error) })
    await Promise.race([closed, over.promise])
    over.cancel()
    this.#store = undefined
    this.reports.end()
  }

  async #take (batch: EventBatch): Promise<Outcome> {
    const store = this.#store ?? await this.#open()
    if (store === undefined) return retry(`the store at ${this.config.directory} is not open`, retryAfterMs)
    const selection = select(batch, this.config)
    try {
      return await this.#put(store, batch, selection)
    } catch (error) {
      this.reports.failing(error)
      return retry(`cannot write to the store: ${error instanceof Error ? error.message : String(error)}`, retryAfterMs)
    }
  }

  async #put (store: Store, batch: EventBatch, { events, incidents, links, notKept }: Selection): Promise<Outcome> {
    if (events.count > 0) {
      const result = await store.append(events)
      if (result.status === 'full') return retry('the store cannot write fast enough', fullRetryAfterMs)
      if (result.status === 'failed') throw new Error(result.reason)
      this.reports.stored.add(events.count - result.duplicates)
      this.reports.dropped('duplicate', result.duplicates)
    }
    if (links.length > 0) await putLinks(store, batch, links, this.reports)
    if (incidents.length > 0) await putIncidents(store, batch, incidents, this.reports)
    this.reports.dropped('not_kept', notKept)
    this.reports.works()
    return accepted
  }

  async #open (): Promise<Store | undefined> {
    if (this.#store !== undefined || this.clock.monotonicMs() - this.#openedAtMs < retryAfterMs) return this.#store ?? await this.#opening
    this.#openedAtMs = this.clock.monotonicMs()
    this.#opening = this.#tryOpen()
    return await this.#opening
  }

  async #tryOpen (): Promise<Store | undefined> {
    const { directory, retention, sync, batch_timeout: lingerMs, max_pending_bytes: maxPendingBytes } = this.config
    try {
      this.#store = await openStore(directory, { maxAgeMs: retention.age, maxBytes: retention.size, sync, lingerMs, maxPendingBytes, clock: this.clock })
      this.reports.works()
      await this.#look(this.#store)
      return this.#store
    } catch (error) {
      this.reports.failing(error)
      return undefined
    }
  }

  async #look (store: Store): Promise<void> {
    const { bytes, damaged } = await store.stats()
    this.reports.bytes.set(bytes)
    this.reports.damaged(damaged)
  }

  #armMaintenance (): void {
    if (this.#inFlight.closed) return
    this.#cancelMaintenance = this.clock.after(maintenanceMs, () => {
      const store = this.#store
      const work = store === undefined ? this.#open().then(() => undefined) : store.maintain().then(() => this.#look(store))
      work.catch((error: unknown) => { this.reports.failing(error) }).finally(() => { this.#armMaintenance() }).catch(() => undefined)
    })
  }
}

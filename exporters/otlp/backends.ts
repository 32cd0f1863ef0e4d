/** The endpoints of an exporter, and which of a batch's rows go to which. */
import type { Services } from '../../core/component/services.js'
import type { EventBatch } from '../../core/data/batch.js'
import { frameRows } from '../../core/otlp/split.js'
import { frameExportRequests, type FramedRequest } from '../../core/otlp/writer.js'
import { Backend, SharedStatus } from './backend.js'
import { Rendezvous, rowsByEndpoint } from './balance.js'
import { endpointsOf, type Config } from './config.js'
import type { Credentials } from '../../core/net/credentials.js'

/** A request and where it goes. */
export interface Addressed { readonly backend: Backend, readonly request: FramedRequest }

export class Backends {
  readonly #all: readonly Backend[]
  readonly #hash: Rendezvous
  readonly #config: Config
  #turn = 0

  constructor (config: Config, credentials: Credentials, services: Services) {
    const endpoints = endpointsOf(config)
    const status = new SharedStatus(services.get('status'))
    this.#config = config
    this.#hash = new Rendezvous(endpoints)
    this.#all = endpoints.map(e => new Backend(e, config, credentials, status.of(e, endpoints.length > 1), services))
  }

  /** Requests that hold all of the batch, or just `rows`. */
  address (batch: EventBatch, rows?: Uint32Array): Addressed[] {
    const frame = (of: Uint32Array | undefined): FramedRequest[] => of === undefined ? frameExportRequests(batch) : frameRows(batch, of)
    const [only] = this.#all
    if (only !== undefined && this.#all.length === 1) return frame(rows).map(request => ({ backend: only, request }))
    const { routing_key: key } = this.#config
    if (key === 'none') return frame(rows).map(request => ({ backend: this.#next(), request }))
    const usable = this.#config.failover ? (i: number) => this.#at(i).usable : undefined
    const parts = rowsByEndpoint(batch, key, rows ?? Uint32Array.from({ length: batch.count }, (_, row) => row), k => this.#hash.pick(k, usable))
    return [...parts].flatMap(([endpoint, own]) => frame(own).map(request => ({ backend: this.#at(endpoint), request })))
  }

  /** Whether rows of an endpoint that fails may go to another one, and there is one. */
  get canFailOver (): boolean { return this.#config.failover && this.#all.some(b => b.usable) }

  close (): void { for (const backend of this.#all) backend.close() }

  #at (i: number): Backend { return this.#all[i] as Backend }

  /** In turn, passing over those that fail if that is wanted. */
  #next (): Backend {
    const from = this.#turn++
    for (let i = 0; this.#config.failover && i < this.#all.length; i++) {
      const backend = this.#at((from + i) % this.#all.length)
      if (backend.usable) return backend
    }
    return this.#at(from % this.#all.length)
  }
}

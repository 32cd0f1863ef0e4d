/** The API put together: who may call, what can be called, and the two servers that carry it. Runs in any thread. */
import { fileURLToPath } from 'node:url'
import type { Clock } from '../component/clock.js'
import type { Deadline } from '../component/component.js'
import { parseAddress } from '../net/listen.js'
import { maxPage } from '../store/store.js'
import type { Logger } from '../telemetry/logger.js'
import type { Meter } from '../telemetry/meter.js'
import { AccessGate } from './access/access-gate.js'
import { AuditLog, auditLost } from './access/audit.js'
import { apiHttpRefused, CallMetrics } from './api-metrics.js'
import type { ApiConfig } from './config.js'
import { Dispatcher } from './dispatch.js'
import { SubmitEventBatchRequestSchema } from './gen/tapio/v1/event_pb.js'
import { GrpcServer } from './grpc/server.js'
import type { ApiHost } from './host.js'
import { HttpServer } from './http/server.js'
import { rulesOf } from './rules.js'
import './text-encoding.js'
import { createServices, type ServiceLimits } from './services/index.js'
import { LateStore, type OpenedStore } from './thread/late-store.js'
import type { ApiAddresses } from './thread/protocol.js'

export interface ApiServerOptions {
  readonly config: ApiConfig
  readonly host: ApiHost
  /** Undefined: there is none. */
  readonly store: string | undefined
  /** Modules with the components that explain events that are given. */
  readonly catalog: readonly string[]
  readonly meter: Meter
  readonly logger: Logger
  readonly clock: Clock
  /** Something does not work although calls are answered; '' = it works again. */
  onTrouble(reason: string): void
}

const pageDirectory = fileURLToPath(new URL('page/', import.meta.url))

export class ApiServer {
  readonly #store: LateStore | undefined
  readonly #audit: AuditLog
  #gate: AccessGate | undefined
  #grpc: GrpcServer | undefined
  #http: HttpServer | undefined

  constructor (readonly options: ApiServerOptions) {
    const { config, store, clock, logger, meter } = options
    this.#store = store === undefined ? undefined : new LateStore(store, openEmbedded, clock)
    this.#audit = new AuditLog({ file: config.audit_log, clock, logger, lost: meter.counter(auditLost), onTrouble: reason => options.onTrouble(reason) })
  }

  /** Rejects with an error that names the option; call `stop` then too. */
  async start (): Promise<ApiAddresses> {
    const { config, host, catalog, clock, logger, meter } = this.options
    const { tls } = config
    this.#gate = new AccessGate({ config, audit: this.#audit, clock, logger })
    const services = createServices({ host, store: this.#store, clock, logger, modules: catalog, limits: limitsOf(config) })
    const dispatcher = new Dispatcher({ services, gate: this.#gate, recorder: new CallMetrics(meter), logger })
    const shared = { dispatcher, clock, logger, ...(tls !== undefined && { tls }) }
    const limits = { maxRequestBytes: config.max_request_bytes, maxConnections: config.max_connections }
    this.#grpc = new GrpcServer({ ...shared, endpoint: config.grpc.endpoint, limits, health: () => host.health() })
    this.#http = new HttpServer({ ...shared, endpoint: config.http.endpoint, limits, allowedHosts: config.allowed_hosts, allowedOrigins: config.cors.allowed_origins, page: pageDirectory, refused: status => meter.counter(apiHttpRefused, { status: String(status) }).add(1) })
    const grpc = addressOf(config.grpc.endpoint, await this.#grpc.start())
    const http = addressOf(config.http.endpoint, await this.#http.start())
    return { grpc, http: http.startsWith('unix:') ? http : `${tls === undefined ? 'http' : 'https'}://${http}` }
  }

  /** Streams end at once, other calls may end until the deadline. Safe after a start that failed, and twice. */
  async stop (deadline: Deadline): Promise<void> {
    await Promise.all([this.#grpc?.stop(deadline), this.#http?.stop(deadline)])
    this.#gate?.close()
    await this.#audit.close()
    await this.#store?.close()
  }
}

/** Its engine is native code, loaded when there is a store. */
async function openEmbedded (directory: string): Promise<OpenedStore> {
  const { openStore } = await import('../store/open.js')
  return openStore(directory, { readOnly: true })
}

function limitsOf ({ max_request_bytes: bytes, max_streams_per_client: streams, rate_limit: rate }: ApiConfig): ServiceLimits {
  return { maxRequestBytes: BigInt(bytes), maxPageSize: maxPage, maxBatchEvents: rulesOf(SubmitEventBatchRequestSchema.field.events)?.maxItems ?? 0, maxStreamsPerClient: streams, requestsPerSecond: Math.ceil(rate.requests_per_second) }
}

function addressOf (endpoint: string, port: number): string {
  const address = parseAddress(endpoint)
  if (address.kind === 'unix') return endpoint
  return `${address.host.includes(':') ? `[${address.host}]` : address.host}:${port}`
}

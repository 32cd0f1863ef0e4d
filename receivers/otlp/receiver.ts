/** The otlp receiver: one intake behind a gRPC and an HTTP server. */
import type { Component, Deadline, Host } from '../../core/component/component.js'
import type { Services } from '../../core/component/services.js'
import type { Config } from './config.js'
import { defaultGrpc, defaultHttp } from './defaults.js'
import { Gate } from './gate.js'
import { GrpcServer } from './grpc.js'
import { HttpServer } from './http.js'
import { Intake } from './intake.js'
import { ReceiverMetrics } from './metrics.js'
import { Scratch } from './scratch.js'

export class OtlpReceiver implements Component {
  readonly #config: Config
  readonly #services: Services
  /** The ports listened on, known after `start`: what port 0 became. */
  readonly ports: { grpc?: number, http?: number } = {}
  readonly gate: Gate
  #grpc: GrpcServer | undefined
  #http: HttpServer | undefined
  #stopped: Promise<void> | undefined

  constructor (services: Services) {
    this.#services = services
    this.#config = services.get('config') as Config
    const metrics = new ReceiverMetrics(services.get('meter'))
    const { max_concurrent_requests: maxRequests, max_in_flight_size: maxBytes, read_timeout: readTimeoutMs, retry_after: retryAfterMs, protocols } = this.#config
    const clock = services.get('clock')
    const logger = services.get('logger')
    this.gate = new Gate(maxRequests, maxBytes, bytes => metrics.inFlight(bytes), () => clock.monotonicMs(), services.get('pressure'))
    const intake = new Intake({ next: services.get('next'), clock, metrics, retryAfterMs, scratch: new Scratch(services.get('nextBorrows')), pressure: services.get('pressure') })
    const shared = { readTimeoutMs, retryAfterMs, gate: this.gate, intake, metrics, clock, logger }
    const both = protocols.grpc === undefined && protocols.http === undefined
    const grpc = protocols.grpc ?? (both ? defaultGrpc : undefined)
    const http = protocols.http ?? (both ? defaultHttp : undefined)
    if (grpc !== undefined) this.#grpc = new GrpcServer({ ...shared, config: grpc })
    if (http !== undefined) this.#http = new HttpServer({ ...shared, config: http })
  }

  /** Binds all or nothing: a half-started receiver would leave a port open behind an error. */
  async start (_host: Host): Promise<void> {
    try {
      for (const [protocol, server] of [['grpc', this.#grpc], ['http', this.#http]] as const) {
        if (server === undefined) continue
        const port = await server.start()
        this.ports[protocol] = port
        this.#services.get('logger').info('listening', { protocol, endpoint: server.options.config.endpoint, port })
      }
    } catch (error) {
      await this.stop({ signal: AbortSignal.abort(), atMs: 0 })
      throw error
    }
    this.#services.get('status').ok()
  }

  /** HTTP/2 connections there are now. */
  get grpcConnections (): number { return this.#grpc?.connections ?? 0 }

  stop (deadline: Deadline): Promise<void> {
    this.#stopped ??= Promise.all([this.#grpc?.stop(deadline), this.#http?.stop(deadline)]).then(() => {})
    return this.#stopped
  }
}

/**
 * The API over gRPC. Listening, TLS and its reloading are ours (core/net), because grpc-js reads certificates once and does not
 * bound its connections; grpc-js is handed each connection when it is ready.
 */
import { createServer, type Server as NetServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { Server, ServerCredentials, type ConnectionInjector } from '@grpc/grpc-js'
import type { Clock } from '../../component/clock.js'
import type { Deadline } from '../../component/component.js'
import { aborted } from '../../delivery/in-flight.js'
import { Access } from '../../net/access.js'
import { listen } from '../../net/listen.js'
import type { TlsServerConfig } from '../../net/tls.js'
import type { Logger } from '../../telemetry/logger.js'
import type { Dispatcher } from '../dispatch.js'
import { Calls } from './calls.js'
import { HealthService, type HealthOptions } from './health.js'
import { LibraryStreams } from './library-streams.js'
import { addReflection } from './reflection.js'

export interface GrpcLimits {
  readonly maxRequestBytes: number
  /** More are closed as they come. */
  readonly maxConnections: number
  /** Of one connection; a client's further calls wait with the client. */
  readonly maxCallsPerConnection: number
  /** The longest that a call which is no stream may take. */
  readonly unaryTimeoutMs: number
  readonly handshakeTimeoutMs: number
  /** A connection without a call is closed after this; clients connect anew by themselves. */
  readonly idleMs: number
  /** After so long a client is asked whether it is there, and is gone when it does not answer in time. */
  readonly keepalive: { readonly timeMs: number, readonly timeoutMs: number }
}

export const grpcLimits: GrpcLimits = {
  maxRequestBytes: 4 * 1024 * 1024,
  maxConnections: 1000,
  maxCallsPerConnection: 100,
  unaryTimeoutMs: 30_000,
  handshakeTimeoutMs: 10_000,
  idleMs: 300_000,
  keepalive: { timeMs: 30_000, timeoutMs: 20_000 }
}

export interface GrpcServerOptions {
  readonly dispatcher: Dispatcher
  readonly endpoint: string
  readonly tls?: TlsServerConfig | undefined
  /** What is left out is as in `grpcLimits`. */
  readonly limits?: Partial<GrpcLimits>
  readonly health: HealthOptions['read']
  readonly logger: Logger
  readonly clock: Clock
}

/** A connection's part in memory beyond which it opens no further call. */
const maxConnectionMegabytes = 64

/** How long clients may take to hear that the server ends, when all is done. */
const farewellMs = 500

export class GrpcServer {
  readonly #listener: NetServer
  readonly #access: Access
  readonly #calls: Calls
  readonly #streams: LibraryStreams
  readonly #health: HealthService
  readonly #grpc: Server
  readonly #injector: ConnectionInjector
  readonly #sockets = new Set<Socket>()
  #listening = false

  constructor (readonly options: GrpcServerOptions) {
    const { dispatcher, tls, clock, logger, health } = options
    const limits = { ...grpcLimits, ...options.limits }
    this.#access = new Access({ ...tls === undefined ? {} : { tls } }, clock, logger)
    this.#grpc = new Server(serverOptions(limits))
    this.#calls = new Calls({ dispatcher, clock, mutual: tls?.client_ca_file !== undefined, unaryTimeoutMs: limits.unaryTimeoutMs })
    for (const { service } of dispatcher.services) this.#grpc.addService(this.#calls.definition(service), this.#calls.handlers(service))
    this.#streams = new LibraryStreams(this.#grpc)
    this.#health = new HealthService({ services: dispatcher.services.map(s => s.service.typeName), read: health, clock })
    this.#health.addTo(this.#streams)
    addReflection(dispatcher.services, this.#streams)
    this.#injector = this.#grpc.createConnectionInjector(ServerCredentials.createInsecure())
    this.#listener = this.#createListener(limits)
  }

  /** Resolves with the port. */
  async start (): Promise<number> {
    const { endpoint } = this.options
    try {
      this.#access.open(this.#listener)
      await this.#health.start()
      const port = await listen(this.#listener, endpoint)
      this.#listening = true
      return port
    } catch (error) {
      this.#health.stop()
      this.#access.close()
      throw new Error(`service.api.grpc cannot listen on ${endpoint}: ${(error as Error).message}`, { cause: error })
    }
  }

  /** Takes no more; streams end at once with UNAVAILABLE, other calls may finish until the deadline. */
  async stop (deadline: Deadline): Promise<void> {
    const closed = this.#listening ? new Promise(resolve => this.#listener.close(resolve)) : undefined
    this.#listening = false
    this.#health.stop()
    this.#streams.end()
    // Clients are told (GOAWAY) to make no further calls here.
    this.#injector.destroy()
    await this.#calls.stop(deadline)
    await this.#farewell(deadline)
    this.#grpc.forceShutdown()
    for (const socket of this.#sockets) socket.destroy()
    this.#access.close()
    await closed
  }

  #createListener ({ maxConnections, handshakeTimeoutMs }: GrpcLimits): NetServer {
    const { secure, tlsOptions } = this.#access
    const listener = secure ? createTlsServer({ ...tlsOptions, ALPNProtocols: ['h2'], handshakeTimeout: handshakeTimeoutMs }) : createServer()
    listener.maxConnections = maxConnections
    return listener
      .on('connection', (socket: Socket) => { this.#sockets.add(socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket))) })
      .on(secure ? 'secureConnection' : 'connection', (socket: Socket) => this.#injector.injectConnection(socket.on('error', () => undefined)))
  }

  /** Connections close by themselves when the last answer is out. */
  async #farewell ({ signal }: Deadline): Promise<void> {
    const over = aborted(signal)
    let cancel: () => void = () => undefined
    const late = new Promise<void>(resolve => { cancel = this.options.clock.after(farewellMs, resolve) })
    await Promise.race([Promise.all([...this.#sockets].map(socket => new Promise(resolve => socket.once('close', resolve)))), over.promise, late])
    cancel()
    over.cancel()
  }
}

function serverOptions ({ maxRequestBytes, maxCallsPerConnection, idleMs, keepalive }: GrpcLimits): ConstructorParameters<typeof Server>[0] {
  return {
    'grpc.max_receive_message_length': maxRequestBytes,
    'grpc.max_concurrent_streams': maxCallsPerConnection,
    'grpc.max_connection_idle_ms': idleMs,
    'grpc.keepalive_time_ms': keepalive.timeMs,
    'grpc.keepalive_timeout_ms': keepalive.timeoutMs,
    'grpc-node.max_session_memory': maxConnectionMegabytes,
    // Its counters of each call serve nobody here.
    'grpc.enable_channelz': 0
  }
}

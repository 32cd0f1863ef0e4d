/**
 * The gRPC server of the wire. Listening, TLS and its reloading are ours (core/net), because grpc-js reads certificates once and
 * does not bound its connections; grpc-js is handed each connection when it is ready.
 */
import { createServer, type Server as NetServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { Server, ServerCredentials, status as codes, type ConnectionInjector } from '@grpc/grpc-js'
import type { Deadline } from '../../core/component/component.js'
import { aborted } from '../../core/delivery/in-flight.js'
import type { Access } from '../../core/net/access.js'
import { listen, parseAddress } from '../../core/net/listen.js'
import { messageRoom, wireService } from '../../core/wire/service.js'
import type { Config } from './config.js'
import { Session, type SessionOptions, type WireStream } from './session.js'

export interface WireServerOptions extends SessionOptions { readonly config: Config, readonly access: Access }

export class WireServer {
  readonly #listener: NetServer
  readonly #grpc: Server
  readonly #injector: ConnectionInjector
  readonly #sockets = new Set<Socket>()
  readonly #sessions = new Set<Session>()
  #listening = false

  constructor (readonly options: WireServerOptions) {
    const { config, access } = options
    this.#listener = access.secure ? createTlsServer({ ...access.tlsOptions, ALPNProtocols: ['h2'], handshakeTimeout: config.hello_timeout }) : createServer()
    this.#listener.maxConnections = config.max_connections
    this.#grpc = new Server({
      'grpc.max_receive_message_length': config.max_batch_size + messageRoom,
      'grpc.keepalive_time_ms': config.keepalive.time,
      'grpc.keepalive_timeout_ms': config.keepalive.timeout,
      // A connection has one stream; a few, for those that come back.
      'grpc.max_concurrent_streams': 4,
      'grpc.max_connection_idle_ms': config.hello_timeout
    })
    this.#grpc.addService(wireService, { stream: (stream: WireStream) => this.#onStream(stream) })
    this.#injector = this.#grpc.createConnectionInjector(ServerCredentials.createInsecure())
    this.#listener
      .on('connection', (socket: Socket) => { this.#sockets.add(socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket))) })
      .on(access.secure ? 'secureConnection' : 'connection', (socket: Socket) => this.#injector.injectConnection(socket.on('error', () => undefined)))
  }

  get collectors (): number { return this.#sessions.size }

  /** Resolves with the port. */
  async start (): Promise<number> {
    const { config: { endpoint }, access, logger } = this.options
    try {
      access.open(this.#listener)
      const port = await listen(this.#listener, endpoint)
      this.#listening = true
      if (!access.secure && !isLocal(endpoint)) logger.warn('collectors send in plain text, also from other machines: give `tls`', { endpoint })
      return port
    } catch (error) {
      throw new Error(`tapio receiver cannot listen on ${endpoint}: ${(error as Error).message}`, { cause: error })
    }
  }

  /** Takes no more; what is being delivered may finish until the deadline. */
  async stop (deadline: Deadline): Promise<void> {
    const closed = this.#listening ? new Promise(resolve => this.#listener.close(resolve)) : undefined
    this.#listening = false
    for (const session of this.#sessions) session.stop()
    const over = aborted(deadline.signal)
    await Promise.race([Promise.all([...this.#sessions].map(s => s.done)), over.promise])
    over.cancel()
    // One turn, in which the collectors are told why.
    await new Promise(resolve => setImmediate(resolve))
    this.#injector.destroy()
    this.#grpc.forceShutdown()
    for (const socket of this.#sockets) socket.destroy()
    this.options.access.close()
    await closed
  }

  #onStream (stream: WireStream): void {
    const { access, metrics } = this.options
    const [authorization] = stream.metadata.get('authorization')
    if (!access.allows(typeof authorization === 'string' ? authorization : undefined)) {
      metrics.ended('refused')
      stream.on('error', () => undefined).emit('error', { code: codes.UNAUTHENTICATED, details: 'the credentials are missing or wrong' })
      return
    }
    const session = new Session(stream, this.options)
    this.#sessions.add(session)
    metrics.connected(this.#sessions.size)
    void session.done.finally(() => { this.#sessions.delete(session); metrics.connected(this.#sessions.size) })
  }
}

function isLocal (endpoint: string): boolean {
  const address = parseAddress(endpoint)
  return address.kind === 'unix' || /^(localhost|127\.\d+\.\d+\.\d+|::1)$/.test(address.host)
}

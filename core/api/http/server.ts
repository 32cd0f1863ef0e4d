/**
 * The API over HTTP/1.1: REST by the proto files' `google.api.http` options, streams as server-sent events, the web page, the
 * OpenAPI document. One request: exchange.ts.
 *
 * What a stranger can hold is bounded: connections, bytes and time of heads and bodies, idle time.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Clock } from '../../component/clock.js'
import type { Deadline } from '../../component/component.js'
import { Access } from '../../net/access.js'
import { listen, parseAddress } from '../../net/listen.js'
import { OpenSockets } from '../../net/open-sockets.js'
import type { TlsServerConfig } from '../../net/tls.js'
import type { Logger } from '../../telemetry/logger.js'
import { ApiError } from '../call.js'
import type { Dispatcher } from '../dispatch.js'
import { Answers } from './answers.js'
import { Bodies, type BodyLimits } from './body.js'
import { answerBroken } from './broken.js'
import { Cors } from './cors.js'
import { serveRequest, type Exchanges } from './exchange.js'
import { Files } from './files.js'
import { Hosts } from './hosts.js'
import { Routes } from './routes.js'

export interface HttpServerOptions {
  readonly dispatcher: Dispatcher
  /** `127.0.0.1:8080`, `unix:///run/tapio/http.sock`. */
  readonly endpoint: string
  readonly tls?: TlsServerConfig
  /** Host names, beside loopback's and the endpoint's own, that requests may call this server by. */
  readonly allowedHosts?: readonly string[]
  /** Origins of pages of other servers that may call this one. */
  readonly allowedOrigins?: readonly string[]
  readonly limits?: Partial<HttpLimits>
  /** Folder of the built web page; when it does not exist there is none. */
  readonly page?: string
  /** Told of each request that reached no method, with its status; 0 = a connection beyond `maxConnections`. */
  readonly refused?: (status: number) => void
  readonly clock: Clock
  readonly logger: Logger
}

export interface HttpLimits extends BodyLimits {
  readonly maxConnections: number
  /** How long a client may take to send the head of a request. */
  readonly headTimeoutMs: number
  /** How long a connection may be without a request. */
  readonly idleTimeoutMs: number
  /** How long a method with one answer may take. */
  readonly unaryTimeoutMs: number
}

const defaultLimits: HttpLimits = { maxRequestBytes: 16 * 1024 * 1024, requestTimeoutMs: 30_000, maxConnections: 1024, headTimeoutMs: 10_000, idleTimeoutMs: 60_000, unaryTimeoutMs: 30_000 }

/** Long tokens and queries with many filters fit; Node's own default. */
const maxHeaderBytes = 16 * 1024

export const openApiFile = fileURLToPath(new URL('../openapi/openapi.json', import.meta.url))

export class HttpServer {
  readonly #server: Server
  readonly #sockets: OpenSockets
  readonly #access: Access
  readonly #shared: Exchanges

  constructor (readonly options: HttpServerOptions) {
    const { dispatcher, endpoint, tls, clock, logger } = options
    const limits = { ...defaultLimits, ...options.limits }
    this.#access = new Access(tls === undefined ? {} : { tls }, clock, logger)
    const address = parseAddress(endpoint)
    const cors = new Cors(options.allowedOrigins ?? [])
    const answers = new Answers(cors, tls !== undefined, clock)
    this.#shared = {
      dispatcher, cors, answers, clock, logger,
      routes: new Routes(dispatcher.services.map(s => s.service)),
      bodies: new Bodies(limits, clock),
      files: new Files(answers),
      hosts: new Hosts(address, options.allowedHosts ?? []),
      refused: options.refused ?? (() => {}),
      unix: address.kind === 'unix',
      unaryTimeoutMs: limits.unaryTimeoutMs,
      calls: new Set(),
      streams: new Set()
    }
    this.#server = this.#create(limits)
    this.#sockets = new OpenSockets(this.#server)
  }

  /** Resolves with the port (0 for a unix socket). Rejects when it cannot listen or a file cannot be read. */
  async start (): Promise<number> {
    const { options: { endpoint, logger, page } } = this
    const { files } = this.#shared
    try {
      if (page !== undefined) await files.addPage(page)
      await files.add('/openapi.json', openApiFile)
      this.#access.open(this.#server)
      const port = await listen(this.#server, endpoint)
      this.#server.on('error', error => logger.error('the HTTP server of the API failed', { error }))
      return port
    } catch (error) {
      this.#access.close()
      throw new Error(`the API cannot listen on ${endpoint} (http): ${(error as Error).message}`, { cause: error })
    }
  }

  /** Ends streams at once, so that clients go elsewhere; lets other calls finish until the deadline. Safe before `start` and twice. */
  stop (deadline: Deadline): Promise<void> {
    this.#shared.answers.stopping = true
    this.#access.close()
    const ends = new ApiError('UNAVAILABLE', 'this Tapio is stopping', { retryAfterMs: 1000 })
    for (const stream of this.#shared.streams) stream.abort(ends)
    return new Promise(resolve => {
      const force = (): void => {
        for (const call of this.#shared.calls) call.abort(ends)
        this.#server.closeAllConnections()
        this.#sockets.destroy()
      }
      this.#server.close(() => { deadline.signal.removeEventListener('abort', force); resolve() })
      this.#server.closeIdleConnections()
      if (deadline.signal.aborted) force()
      else deadline.signal.addEventListener('abort', force, { once: true })
    })
  }

  #create (limits: HttpLimits): Server {
    const { headTimeoutMs, idleTimeoutMs } = limits
    const { refused } = this.#shared
    const common = {
      // A client that vanished holds a stream no longer than the system's probes take.
      keepAlive: true,
      keepAliveInitialDelay: 30_000,
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: headTimeoutMs,
      // Of the whole request: streams of requests last for days. Bodies have a limit of their own (body.ts).
      requestTimeout: 0,
      keepAliveTimeout: idleTimeoutMs,
      // Node looks for late clients at this interval.
      connectionsCheckingInterval: Math.max(100, Math.ceil(headTimeoutMs / 3))
    }
    const onRequest = (request: IncomingMessage, response: ServerResponse): void => { void serveRequest(this.#shared, request, response) }
    const server = this.#access.secure ? createSecureServer({ ...common, ...this.#access.tlsOptions, handshakeTimeout: headTimeoutMs }, onRequest) : createServer(common, onRequest)
    server.maxConnections = limits.maxConnections
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => answerBroken(error, socket, refused))
    server.on('drop', () => refused(0))
    return server
  }
}

/**
 * OTLP over HTTP/1.1: POST of protobuf or JSON on one path a signal. Every error answer is a google.rpc.Status in the
 * request's own content type, as the specification asks. One request: http-exchange.ts.
 */
import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Deadline } from '../../core/component/component.js'
import { challenge } from '../../core/net/auth.js'
import { listen } from '../../core/net/listen.js'
import { OpenSockets } from '../../core/net/open-sockets.js'
import { encodeStatus, statusJson } from '../../core/otlp/responses.js'
import { Access } from '../../core/net/access.js'
import type { HttpConfig } from './config.js'
import { Cors } from './cors.js'
import { Decompressor } from './decompressor.js'
import { HttpAnswers } from './http-answers.js'
import { Exchange, type ExchangeContext } from './http-exchange.js'
import { contentTypes, encodingOf, readHead, signalOfRequest, type Refusal, type RequestHead } from './http-head.js'
import type { ListenerOptions } from './listener-options.js'
import type { RequestOutcome } from './metrics.js'
import { includeOf, originOf, type IncludeMetadata } from './origins.js'
import { draining, RpcCode, unauthenticated } from '../../core/net/grpc/status.js'

export type HttpOptions = ListenerOptions<HttpConfig>

const connectionKey = Symbol('connection')
/** The request that was last begun on a connection, for what only the connection learns. */
type Connection = Duplex & { [connectionKey]?: { readonly request: IncomingMessage, readonly exchange?: Exchange } }

export class HttpServer {
  readonly #server: Server
  readonly #sockets: OpenSockets
  readonly #access: Access
  readonly #answers: HttpAnswers
  readonly #context: ExchangeContext
  readonly #include: IncludeMetadata
  #stopping = false

  constructor (readonly options: HttpOptions) {
    const { config, readTimeoutMs, clock, logger, metrics, intake } = options
    this.#access = new Access(config, clock, logger)
    this.#include = includeOf(config.include_metadata)
    this.#answers = new HttpAnswers(config.cors.allowed_origins.length === 0 ? undefined : new Cors(config.cors), clock)
    const decompressor = new Decompressor(config.max_request_body_size)
    this.#context = {
      intake,
      answers: this.#answers,
      maxBytes: config.max_request_body_size,
      inflate: (compression, bytes) => decompressor.run(compression, bytes),
      count: ({ signal }, outcome) => metrics.request('http', signal, outcome),
      onError: ({ signal }, error) => logger.error('otlp request failed', { transport: 'http', signal, error: String(error) })
    }
    const onRequest = (request: IncomingMessage, response: ServerResponse): void => this.#onRequest(request, response)
    const server = serverOptions(config, readTimeoutMs)
    this.#server = this.#access.secure ? createSecureServer({ ...server, ...this.#access.tlsOptions, handshakeTimeout: readTimeoutMs }, onRequest) : createServer(server, onRequest)
    this.#server.maxConnections = config.max_connections
    this.#sockets = new OpenSockets(this.#server)
    this.#server
      .on('clientError', (error: NodeJS.ErrnoException, socket) => this.#onClientError(error, socket))
      .on('drop', () => metrics.closed('http', 'limit'))
  }

  /** Resolves with the port. */
  async start (): Promise<number> {
    const { config: { endpoint }, logger } = this.options
    try {
      this.#access.open(this.#server)
      const port = await listen(this.#server, endpoint)
      this.#server.on('error', error => logger.error('otlp http server', { error: error.message }))
      return port
    } catch (error) {
      this.#access.close()
      throw new Error(`otlp receiver cannot listen on ${endpoint} (http): ${(error as Error).message}`, { cause: error })
    }
  }

  /** Lets the requests under way finish until the deadline, then ends them. */
  stop (deadline: Deadline): Promise<void> {
    this.#stopping = this.#answers.stopping = true
    this.#access.close()
    return new Promise(resolve => {
      const force = (): void => { this.#server.closeAllConnections(); this.#sockets.destroy() }
      this.#server.close(() => { deadline.signal.removeEventListener('abort', force); resolve() })
      this.#server.closeIdleConnections()
      if (deadline.signal.aborted) force()
      else deadline.signal.addEventListener('abort', force, { once: true })
    })
  }

  #onRequest (request: IncomingMessage, response: ServerResponse): void {
    const { gate, intake, metrics, config } = this.options
    const connection = request.socket as Connection
    const signal = signalOfRequest(request)
    const encoding = encodingOf(request.headers['content-type'])
    if (this.#answers.cors !== undefined && request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined) {
      this.#answers.preflight(response, this.#answers.cors.preflight(request.headers))
      return
    }
    const head = this.#refuse(request) ?? readHead(request, signal, encoding, config.max_request_body_size)
    connection[connectionKey] = { request }
    if ('http' in head) {
      metrics.request('http', signal ?? 'none', head.outcome)
      this.#answers.status(request.on('error', ignore), response, encoding ?? 'json', head.http, head.status, head.headers)
      return
    }
    const overloaded = intake.overloaded('http', head.signal)
    const place = overloaded === undefined ? gate.enter() : undefined
    if (place === undefined) this.#answers.send(request.on('error', ignore), response, head.signal, head.encoding, overloaded ?? intake.busy('http', head.signal))
    else connection[connectionKey] = { request, exchange: this.#receive(request, response, head, place) }
  }

  #receive (request: IncomingMessage, response: ServerResponse, head: RequestHead, place: ConstructorParameters<typeof Exchange>[4]): Exchange {
    return new Exchange(this.#context, request, response, head, place, originOf(this.#include, request.socket.remoteAddress, request.headers))
  }

  #refuse (request: IncomingMessage): Refusal | undefined {
    if (this.#stopping) return { http: 503, status: draining, outcome: 'refused' }
    if (this.#access.allows(request.headers.authorization)) return undefined
    return { http: 401, status: unauthenticated, outcome: 'unauthenticated', headers: { 'www-authenticate': challenge } }
  }

  /** Not HTTP, a head too large, or too slow: answered by hand, since there is no request that could be. */
  #onClientError (error: NodeJS.ErrnoException, socket: Connection): void {
    const known = socket[connectionKey]
    const { metrics } = this.options
    const [http, outcome] = clientErrors[error.code ?? ''] ?? ['400 Bad Request', 'not_otlp']
    if (!isHttpError(error.code)) {
      if (error.code?.startsWith('ERR_') === true) metrics.closed('http', 'tls')
      socket.destroy()
      return
    }
    const underWay = known !== undefined && !known.request.complete
    // Answered before the request had ended: nothing that happens on the connection counts again.
    if (underWay && known.exchange?.reading !== true) { socket.destroy(); return }
    // A request that was being read is counted where it was read.
    if (underWay && known.exchange !== undefined) known.exchange.broken = outcome
    else metrics.request('http', 'none', outcome)
    if (!socket.writable) { socket.destroy(); return }
    const encoding = underWay && known.exchange !== undefined ? known.exchange.head.encoding : 'json'
    const status = { code: outcome === 'timeout' ? RpcCode.deadlineExceeded : RpcCode.invalidArgument, message: error.message }
    const body = encoding === 'json' ? Buffer.from(statusJson(status)) : encodeStatus(status)
    socket.write(`HTTP/1.1 ${http}\r\ncontent-type: ${contentTypes[encoding]}\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n`)
    socket.end(body)
    // Ends the connection when that is written, whether or not the client ends its side.
    ;(socket as Socket).destroySoon()
  }
}

function serverOptions (config: HttpConfig, readTimeoutMs: number): ServerOptions {
  return {
    // Node refuses a limit for the head that is longer than that for the whole.
    headersTimeout: Math.min(config.read_header_timeout, readTimeoutMs),
    requestTimeout: readTimeoutMs,
    keepAliveTimeout: config.idle_timeout,
    // Node looks for late clients at this interval; a third of the shortest limit keeps them within a third of it.
    connectionsCheckingInterval: Math.max(100, Math.ceil(Math.min(readTimeoutMs, config.read_header_timeout, 30_000) / 3))
  }
}

/** Of Node's parser and timers; others are the socket's or TLS's own. */
function isHttpError (code: string | undefined): boolean {
  return code !== undefined && (code.startsWith('HPE_') || code in clientErrors)
}

const clientErrors: Readonly<Record<string, readonly [string, RequestOutcome]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'too_large'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['413 Payload Too Large', 'too_large'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'timeout']
}

function ignore (): void {}

/**
 * The small HTTP endpoint of the process itself: `/metrics`, `/livez`, `/readyz`, `/healthz`. GET and HEAD only.
 *
 * Loopback by default. It keeps no body and bounds what a stranger can hold: connections, header bytes, header time, request
 * time and idle time, so a half-open or slow client costs one socket for a few seconds.
 */
import { createServer, STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { HealthBoard } from './health.js'
import type { Logger } from './logger.js'
import { prometheusContentType } from './prometheus.js'

export interface TelemetryServerOptions {
  readonly host?: string
  /** 0 asks the system for a free one. */
  readonly port?: number
  /** The exposition text. What it throws becomes a 500. */
  readonly metrics: () => string | Promise<string>
  readonly health: Pick<HealthBoard, 'liveness' | 'readiness' | 'snapshot'>
  readonly logger: Logger
  /** How long a client may take to send its request, and hold an idle connection. */
  readonly timeoutMs?: number
}

export interface BoundAddress { readonly host: string, readonly port: number }

interface Answer { readonly status: number, readonly type: string, readonly body: string }

/** A scraper, a supervisor and a few people; beyond this the kernel's queue makes others wait. */
const maxConnections = 64
const maxHeaderBytes = 8192

export class TelemetryServer {
  readonly #options: TelemetryServerOptions
  #server: Server | undefined
  #starting: Promise<BoundAddress> | undefined
  #stopping: Promise<void> | undefined

  constructor (options: TelemetryServerOptions) {
    this.#options = options
  }

  /** Listens; resolves with where. Rejects when it cannot (address in use). Repeated calls share one start. */
  start (): Promise<BoundAddress> {
    this.#starting ??= this.#listen()
    return this.#starting
  }

  /** Ends listening and every open connection. Safe before `start`, while it runs and twice; a new `start` may follow. */
  stop (): Promise<void> {
    this.#stopping ??= this.#close().finally(() => { this.#stopping = undefined })
    return this.#stopping
  }

  async #listen (): Promise<BoundAddress> {
    const { host = '127.0.0.1', port = 8888, timeoutMs = 10_000, logger } = this.#options
    await this.#stopping
    const server = createServer({
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: timeoutMs,
      requestTimeout: timeoutMs,
      keepAliveTimeout: timeoutMs,
      connectionsCheckingInterval: Math.max(100, timeoutMs / 4)
    }, (request, response) => { void this.#serve(request, response) })
    server.maxConnections = maxConnections
    server.setTimeout(timeoutMs * 2)
    server.on('clientError', answerBroken)
    await new Promise<void>((resolve, reject) => {
      server.once('error', error => {
        this.#starting = undefined
        reject(new Error(`telemetry endpoint cannot listen on ${host}:${port}: ${error.message}`, { cause: error }))
      })
      server.listen({ host, port }, resolve)
    })
    server.removeAllListeners('error').on('error', error => logger.error('the telemetry endpoint failed', { error }))
    this.#server = server
    const bound = server.address() as AddressInfo
    return { host: bound.address, port: bound.port }
  }

  async #close (): Promise<void> {
    try {
      await this.#starting
    } catch {
      // It never listened: whoever started it has the error.
    }
    const server = this.#server
    this.#server = undefined
    this.#starting = undefined
    if (server === undefined) return
    await new Promise<void>(resolve => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  }

  async #serve (request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', error => this.#options.logger.debug('a telemetry client went away', { error }))
    // A body is read and thrown away (closing on unread bytes resets the connection and may cost the client our answer);
    // how long it may take is bounded by requestTimeout.
    request.resume()
    send(request, response, await this.#answer(request))
  }

  async #answer (request: IncomingMessage): Promise<Answer> {
    const { method = '', url = '' } = request
    if (method !== 'GET' && method !== 'HEAD') return json(405, { error: 'only GET and HEAD are served here' })
    const { health, metrics, logger } = this.#options
    try {
      switch (url.split('?', 1)[0]) {
        case '/metrics': return { status: 200, type: prometheusContentType, body: await metrics() }
        case '/livez': return judged('live', health.liveness())
        case '/readyz': return judged('ready', health.readiness())
        case '/healthz': {
          const all = health.snapshot()
          return json(all.live && all.ready ? 200 : 503, all)
        }
        default: return json(404, { error: 'not found', paths: ['/metrics', '/livez', '/readyz', '/healthz'] })
      }
    } catch (error) {
      logger.error('the telemetry endpoint could not answer', { url: url.slice(0, 100), error })
      return json(500, { error: 'the answer could not be made; see the log' })
    }
  }
}

function judged<K extends string> (key: K, answer: Readonly<Record<K, boolean>>): Answer {
  return json(answer[key] ? 200 : 503, answer)
}

function json (status: number, body: unknown): Answer {
  return { status, type: 'application/json; charset=utf-8', body: `${JSON.stringify(body, null, 2)}\n` }
}

function send (request: IncomingMessage, response: ServerResponse, { status, type, body }: Answer): void {
  const headers: Record<string, string | number> = {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff'
  }
  if (status === 405) headers['allow'] = 'GET, HEAD'
  response.writeHead(status, headers)
  response.end(request.method === 'HEAD' ? undefined : body)
}

const brokenStatus: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }

/** Answers what is not HTTP, too long or too slow, as far as the client still listens. */
function answerBroken (error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const status = brokenStatus[error.code ?? ''] ?? 400
  socket.on('error', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () => socket.destroy())
}

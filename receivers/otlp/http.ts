/**
 * OTLP over HTTP/1.1: POST of protobuf or JSON on one path a signal. Every error answer is a google.rpc.Status in the
 * request's own content type, as the specification asks.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Deadline } from '../../core/component/component.js'
import { encodeExportResponse, encodeStatus, exportResponseJson, statusJson, type RpcStatus } from '../../core/otlp/responses.js'
import { otlpSignals, signalFacts, type OtlpSignal } from '../../core/otlp/signals.js'
import { listen } from './address.js'
import { contentEncodings, Decompressor, readBody, type BodyResult } from './body.js'
import type { HttpConfig } from './config.js'
import type { Place } from './gate.js'
import type { Answer } from './intake.js'
import type { ListenerOptions } from './listener-options.js'
import type { RequestOutcome } from './metrics.js'
import { draining, httpStatusOf, RpcCode, rpcStatusOf } from './status.js'

export type HttpOptions = ListenerOptions<HttpConfig>

type Encoding = 'protobuf' | 'json'

const signalOfPath = new Map<string, OtlpSignal>(otlpSignals.map(signal => [signalFacts[signal].httpPath, signal]))
const contentTypes: Readonly<Record<Encoding, string>> = { protobuf: 'application/x-protobuf', json: 'application/json' }

/** After an early answer the rest of a body is read and thrown away for so long, so that the client sees the answer. */
const lingerMs = 2000

/** An answer that is not the intake's. */
interface Refusal { readonly http: number, readonly status: RpcStatus, readonly outcome: RequestOutcome, readonly headers?: Readonly<Record<string, string>> }

export class HttpServer {
  readonly #server: Server
  readonly #decompressor: Decompressor
  /** Connections whose request is being read, with why they broke, if Node's parser or timers know. */
  readonly #reading = new Map<Duplex, RequestOutcome>()
  /** Connections answered before their request had ended: nothing that happens on them counts again. */
  readonly #answeredEarly = new WeakSet<Duplex>()
  #stopping = false

  constructor (readonly options: HttpOptions) {
    const { config, readTimeoutMs } = options
    this.#server = createServer({
      // Node refuses a limit for the head that is longer than that for the whole.
      headersTimeout: Math.min(config.read_header_timeout, readTimeoutMs),
      requestTimeout: readTimeoutMs,
      keepAliveTimeout: config.idle_timeout,
      // Node looks for late clients at this interval; a third of the shortest limit keeps them within a third of it.
      connectionsCheckingInterval: Math.max(100, Math.ceil(Math.min(readTimeoutMs, config.read_header_timeout, 30_000) / 3))
    }, (request, response) => { this.#onRequest(request, response) })
    this.#decompressor = new Decompressor(config.max_request_body_size)
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) => this.#onClientError(error, socket))
  }

  /** Resolves with the port. */
  async start (): Promise<number> {
    const { config: { endpoint }, logger } = this.options
    try {
      const port = await listen(this.#server, endpoint)
      this.#server.on('error', error => logger.error('otlp http server', { error: error.message }))
      return port
    } catch (error) {
      throw new Error(`otlp receiver cannot listen on ${endpoint} (http): ${(error as Error).message}`)
    }
  }

  /** Lets the requests under way finish until the deadline, then ends them. */
  stop (deadline: Deadline): Promise<void> {
    this.#stopping = true
    return new Promise(resolve => {
      const force = (): void => this.#server.closeAllConnections()
      this.#server.close(() => { deadline.signal.removeEventListener('abort', force); resolve() })
      this.#server.closeIdleConnections()
      if (deadline.signal.aborted) force()
      else deadline.signal.addEventListener('abort', force, { once: true })
    })
  }

  #onRequest (request: IncomingMessage, response: ServerResponse): void {
    const signal = signalOfPath.get(pathOf(request))
    const encoding = encodingOf(request)
    const refusal = this.#refuse(request, signal, encoding)
    if (refusal !== undefined || signal === undefined || encoding === undefined) {
      this.#sendRefusal(request, response, signal, encoding ?? 'json', refusal as Refusal)
      return
    }
    const place = this.options.gate.enter()
    if (place === undefined) {
      this.#send(request, response, signal, encoding, this.options.intake.busy('http', signal))
      return
    }
    this.#receive(request, response, signal, encoding, place).catch((error: unknown) => {
      this.options.logger.error('otlp request failed', { transport: 'http', signal, error: String(error) })
      this.#write(request, response, encoding, 500, { code: RpcCode.internal, message: 'internal error' })
    }).finally(() => place.leave())
  }

  /** What can be said from the head alone. */
  #refuse (request: IncomingMessage, signal: OtlpSignal | undefined, encoding: Encoding | undefined): Refusal | undefined {
    const { max_request_body_size: maxBytes } = this.options.config
    if (this.#stopping) return { http: 503, status: draining, outcome: 'refused' }
    if (signal === undefined) return notOtlp(404, RpcCode.notFound, `no OTLP signal at ${pathOf(request)}; there are ${[...signalOfPath.keys()].join(', ')}`)
    if (request.method !== 'POST') return { ...notOtlp(405, RpcCode.unimplemented, `${request.method} is not POST`), headers: { allow: 'POST' } }
    if (encoding === undefined) return notOtlp(415, RpcCode.invalidArgument, `content-type "${request.headers['content-type'] ?? ''}" is neither ${contentTypes.protobuf} nor ${contentTypes.json}`)
    const compression = compressionOf(request)
    if (compression !== '' && !contentEncodings.includes(compression)) return { ...notOtlp(415, RpcCode.invalidArgument, `content-encoding "${compression}" is none of ${contentEncodings.join(', ')}`), headers: { 'accept-encoding': contentEncodings.join(', ') } }
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) return refusalOf({ status: 'too_large', message: `the body is larger than ${maxBytes} bytes` })
    return undefined
  }

  async #receive (request: IncomingMessage, response: ServerResponse, signal: OtlpSignal, encoding: Encoding, place: Place): Promise<void> {
    const { intake, metrics } = this.options
    this.#reading.set(request.socket, 'aborted')
    const read = await this.#body(request, place)
    const broken = this.#reading.get(request.socket) ?? 'aborted'
    this.#reading.delete(request.socket)
    if (read.status === 'busy') this.#send(request, response, signal, encoding, intake.busy('http', signal))
    else if (read.status === 'aborted') metrics.request('http', signal, broken)
    else if (read.status !== 'ok') this.#sendRefusal(request, response, signal, encoding, refusalOf(read))
    else this.#send(request, response, signal, encoding, await intake.take('http', signal, encoding, read.body, place))
  }

  async #body (request: IncomingMessage, place: Place): Promise<BodyResult> {
    const read = await readBody(request, this.options.config.max_request_body_size, place)
    const compression = compressionOf(request)
    if (read.status !== 'ok' || compression === '') return read
    const out = await this.#decompressor.run(compression, read.body)
    if (out.status === 'ok' && !place.take(Math.max(0, out.body.length - read.body.length))) return { status: 'busy', message: 'too many requests in flight' }
    return out
  }

  #send (request: IncomingMessage, response: ServerResponse, signal: OtlpSignal, encoding: Encoding, answer: Answer): void {
    if (answer.status === 'success') {
      const body = encoding === 'json' ? exportResponseJson(signal, answer.partial) : encodeExportResponse(answer.partial)
      this.#writeBody(request, response, encoding, 200, body)
      return
    }
    const headers = answer.status === 'retry' ? { 'retry-after': String(Math.max(1, Math.ceil(answer.afterMs / 1000))) } : {}
    this.#write(request, response, encoding, httpStatusOf(answer), rpcStatusOf(answer), headers)
  }

  #sendRefusal (request: IncomingMessage, response: ServerResponse, signal: OtlpSignal | undefined, encoding: Encoding, refusal: Refusal): void {
    this.options.metrics.request('http', signal ?? 'none', refusal.outcome)
    this.#write(request, response, encoding, refusal.http, refusal.status, refusal.headers)
  }

  #write (request: IncomingMessage, response: ServerResponse, encoding: Encoding, http: number, status: RpcStatus, headers: Readonly<Record<string, string>> = {}): void {
    this.#writeBody(request, response, encoding, http, encoding === 'json' ? statusJson(status) : encodeStatus(status), headers)
  }

  #writeBody (request: IncomingMessage, response: ServerResponse, encoding: Encoding, http: number, body: string | Buffer, headers: Readonly<Record<string, string>> = {}): void {
    if (response.headersSent || response.destroyed) return
    response.writeHead(http, { ...headers, 'content-type': contentTypes[encoding], 'content-length': Buffer.byteLength(body), ...(this.#stopping ? { connection: 'close' } : {}) })
    response.end(body)
    if (request.complete) return
    this.#answeredEarly.add(request.socket)
    request.resume()
    const cancel = this.options.clock.after(lingerMs, () => request.socket.destroy())
    request.once('end', () => this.#answeredEarly.delete(request.socket)).once('close', cancel)
  }

  /** Not HTTP, a head too large, or too slow: answered by hand, since there is no request. */
  #onClientError (error: NodeJS.ErrnoException, socket: Duplex): void {
    const [http, outcome] = clientErrors[error.code ?? ''] ?? ['400 Bad Request', 'not_otlp']
    if (this.#answeredEarly.has(socket)) { socket.destroy(); return }
    const reset = error.code === 'ECONNRESET'
    // A request that was being read is counted where it was read.
    if (this.#reading.has(socket)) this.#reading.set(socket, reset ? 'aborted' : outcome)
    else if (!reset) this.options.metrics.request('http', 'none', outcome)
    if (reset || !socket.writable) { socket.destroy(); return }
    const body = statusJson({ code: RpcCode.invalidArgument, message: error.message })
    socket.end(`HTTP/1.1 ${http}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`)
    // Ends the connection when that is written, whether or not the client ends its side.
    ;(socket as Socket).destroySoon()
  }
}

const clientErrors: Readonly<Record<string, readonly [string, RequestOutcome]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'too_large'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'timeout']
}

function notOtlp (http: number, code: number, message: string): Refusal {
  return { http, status: { code, message }, outcome: 'not_otlp' }
}

function refusalOf (read: { readonly status: string, readonly message: string }): Refusal {
  if (read.status === 'too_large') return { http: 413, status: { code: RpcCode.resourceExhausted, message: read.message }, outcome: 'too_large' }
  return { http: 400, status: { code: RpcCode.invalidArgument, message: read.message, badRequest: read.message }, outcome: 'malformed' }
}

function pathOf (request: IncomingMessage): string {
  const url = request.url ?? ''
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
}

function encodingOf (request: IncomingMessage): Encoding | undefined {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';')
  switch (type.trim().toLowerCase()) {
    case contentTypes.protobuf: return 'protobuf'
    case contentTypes.json: return 'json'
    default: return undefined
  }
}

/** '' when the body is not compressed. */
function compressionOf (request: IncomingMessage): string {
  const encoding = (request.headers['content-encoding'] ?? '').trim().toLowerCase()
  return encoding === 'identity' ? '' : encoding
}

/** OTLP/gRPC on node:http2: unary calls over one or several connections, requests as the bytes they are. */
import type { ClientHttp2Session } from 'node:http2'
import type { Clock } from '../../core/component/clock.js'
import { compress } from '../../core/net/compression.js'
import { decodeExportResponse, decodeStatus } from '../../core/otlp/responses.js'
import { signalFacts } from '../../core/otlp/signals.js'
import type { FramedRequest } from '../../core/otlp/writer.js'
import { parseTarget, type Target } from '../../core/net/target.js'
import { call, maxAnswerBytes, type CallResult } from './grpc-call.js'
import { Code, codeName, timeoutHeader } from '../../core/net/grpc/codes.js'
import { connect } from '../../core/net/grpc/connect.js'
import { Connection, type Keepalive, type NotConnected } from '../../core/net/grpc/connection.js'
import { messagePrefix, readMessage } from './grpc-message.js'
import { notEncoded, sentRetry, type Sender, type SenderOptions, type Sent } from './sender.js'

/** https://opentelemetry.io/docs/specs/otlp/#failures. RESOURCE_EXHAUSTED joins them only when it says when. */
const retryable = new Set<number>([Code.CANCELLED, Code.DEADLINE_EXCEEDED, Code.ABORTED, Code.OUT_OF_RANGE, Code.UNAVAILABLE, Code.DATA_LOSS])

/** Codes that are about this request's content; the others say that no request will pass. */
const aboutData = new Set<number>([Code.INVALID_ARGUMENT, Code.RESOURCE_EXHAUSTED, Code.FAILED_PRECONDITION, Code.INTERNAL])

/** What gRPC libraries say of a message above their limit: Go and C "larger than max", Java "exceeds maximum size". */
const aboutSize = /too large|larger than|exceeds maximum size|message size/i

export interface GrpcOptions extends SenderOptions {
  readonly connections: number
  readonly keepalive: Keepalive
  readonly clock: Clock
}

export class GrpcSender implements Sender {
  readonly #options: GrpcOptions
  readonly #target: Target
  readonly #headers: Readonly<Record<string, string>>
  readonly #connections: readonly Connection[]
  #turn = 0

  constructor (options: GrpcOptions) {
    this.#options = options
    this.#target = parseTarget(options.endpoint, options.insecure)
    this.#headers = commonHeaders(options, this.#target)
    this.#connections = Array.from({ length: options.connections }, () => new Connection({
      open: signal => connect({ target: this.#target, tls: () => options.credentials.tls, timeoutMs: options.timeoutMs, signal }),
      keepalive: options.keepalive,
      clock: options.clock
    }))
  }

  async send (request: FramedRequest, signal: AbortSignal): Promise<Sent> {
    let chunks: readonly Uint8Array[]
    try {
      chunks = await this.#frame(request)
    } catch (error) {
      return notEncoded(error)
    }
    const path = signalFacts[request.signal].grpcPath
    let result = await this.#call(path, chunks, signal)
    // Once: the connection ended before the request was looked at, and the next one is a new one.
    if ('unseen' in result && result.unseen && !signal.aborted) result = await this.#call(path, chunks, signal)
    if (!('code' in result)) return sentRetry(`UNAVAILABLE: ${result.reason}`, false, result.afterMs)
    return result.code === Code.OK ? await success(result) : failure(result)
  }

  close (): void { for (const connection of this.#connections) connection.close() }

  async #call (path: string, chunks: readonly Uint8Array[], signal: AbortSignal): Promise<CallResult | NotConnected> {
    const { timeoutMs } = this.#options
    const connection = this.#leastLoaded()
    connection.active++
    try {
      const session = await abortable(connection.session(), signal)
      if ('reason' in session) return session
      const headers = { ':path': path, 'grpc-timeout': timeoutHeader(timeoutMs), ...this.#headers, ...this.#options.credentials.headers }
      const result = await call(session, { headers, chunks, timeoutMs, signal })
      if (result.code === Code.DEADLINE_EXCEEDED && !result.answered) connection.suspect(session)
      return result
    } finally {
      connection.active--
    }
  }

  /** The connection with the fewest calls; among equals, in turn. */
  #leastLoaded (): Connection {
    const all = this.#connections
    const from = this.#turn++ % all.length
    let best = all[from] as Connection
    for (let i = 1; i < all.length; i++) {
      const other = all[(from + i) % all.length] as Connection
      if (other.active < best.active) best = other
    }
    return best
  }

  async #frame ({ chunks, byteLength }: FramedRequest): Promise<readonly Uint8Array[]> {
    const { compression } = this.#options
    if (compression === 'none') return [messagePrefix(byteLength, false), ...chunks]
    const body = await compress(compression, Buffer.concat(chunks, byteLength))
    return [messagePrefix(body.length, true), body]
  }
}

function commonHeaders (options: GrpcOptions, target: Target): Record<string, string> {
  return {
    ...Object.fromEntries(Object.entries(options.headers).map(([name, value]) => [name.toLowerCase(), value])),
    ':method': 'POST',
    ':scheme': target.secure ? 'https' : 'http',
    ':authority': target.authority,
    te: 'trailers',
    'content-type': 'application/grpc',
    'user-agent': 'tapio-otlp-exporter',
    'grpc-accept-encoding': 'identity,gzip,deflate,zstd',
    ...(options.compression === 'none' ? {} : { 'grpc-encoding': options.compression })
  }
}

/** What is being waited for goes on without whoever gave up waiting. */
function abortable (work: ClientHttp2Session | Promise<ClientHttp2Session | NotConnected>, signal: AbortSignal): Promise<ClientHttp2Session | NotConnected> {
  if (!(work instanceof Promise)) return Promise.resolve(work)
  return new Promise(resolve => {
    const onAbort = (): void => resolve({ reason: 'shutting down' })
    if (signal.aborted) { onAbort(); return }
    signal.addEventListener('abort', onAbort, { once: true })
    void work.then(resolve).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

async function success (result: CallResult): Promise<Sent> {
  const partial = decodeExportResponse(await readMessage(result.body, result.encoding, maxAnswerBytes))
  return { status: 'success', rejectedItems: partial?.rejected ?? 0, message: partial?.message ?? '' }
}

function failure (result: CallResult): Sent {
  const { code, details, answered } = result
  const message = `${codeName(code)}: ${result.message}`
  const afterMs = details === undefined ? undefined : decodeStatus(details)?.retryAfterMs
  if (retryable.has(code) || (code === Code.RESOURCE_EXHAUSTED && afterMs !== undefined)) return sentRetry(message, answered && code !== Code.UNAVAILABLE, afterMs)
  return { status: 'rejected', message, data: aboutData.has(code), tooLarge: code === Code.RESOURCE_EXHAUSTED && aboutSize.test(result.message) }
}

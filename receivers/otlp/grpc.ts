/**
 * OTLP over gRPC: the Export methods of the four services on node:http2, with the message left as bytes. What it costs beside
 * grpc-js is measured in test/bench/otlp-receive.ts.
 *
 * Life of a call: its head arrives (a place is taken, or it is turned away before a byte of the message is read) →
 * grpc-call.ts. Connections: core/net/grpc/sessions.ts.
 */
import http2, { type Http2SecureServer, type Http2Server, type IncomingHttpHeaders, type ServerHttp2Session, type ServerOptions } from 'node:http2'
import type { Deadline } from '../../core/component/component.js'
import type { RpcStatus } from '../../core/otlp/responses.js'
import { listen } from '../../core/net/listen.js'
import { OpenSockets } from '../../core/net/open-sockets.js'
import { compressions } from '../../core/net/compression.js'
import { draining, NGHTTP2_NO_ERROR, unauthenticated } from '../../core/net/grpc/status.js'
import { Access } from '../../core/net/access.js'
import { Decompressor } from './decompressor.js'
import type { GrpcConfig } from './config.js'
import { Deadlines } from './deadlines.js'
import { GrpcAnswers } from './grpc-answers.js'
import { Call, callKey, type CallContext, type CallStream } from './grpc-call.js'
import { readHead, signalOfCall, type CallHead, type HeadFault } from './grpc-head.js'
import { prefixBytes } from './grpc-message.js'
import { Sessions, type SessionRecord } from '../../core/net/grpc/sessions.js'
import type { ListenerOptions } from './listener-options.js'
import type { RequestOutcome } from './metrics.js'
import { includeOf, originOf, type IncludeMetadata } from './origins.js'
import { rpcStatusOf } from './status.js'

export type GrpcOptions = ListenerOptions<GrpcConfig>

const recordKey = Symbol('record')
type Stream = CallStream & { [recordKey]?: SessionRecord }

export class GrpcServer {
  readonly #server: Http2Server | Http2SecureServer
  readonly #sockets: OpenSockets
  readonly #access: Access
  readonly #include: IncludeMetadata
  readonly #sessions: Sessions
  readonly #answers = new GrpcAnswers(compressions)
  readonly #context: CallContext
  #stopping = false

  constructor (readonly options: GrpcOptions) {
    const { config, readTimeoutMs, clock, metrics, logger } = options
    const maxBytes = Math.floor(config.max_recv_msg_size_mib * 1024 * 1024)
    this.#sessions = new Sessions({ keepalive: config.keepalive, maxConcurrentStreams: config.max_concurrent_streams, prefaceMs: readTimeoutMs }, clock, metrics)
    this.#context = this.#callContext(maxBytes)
    this.#access = new Access(config, clock, logger)
    this.#include = includeOf(config.include_metadata)
    const server = serverOptions(config.max_concurrent_streams, maxBytes)
    this.#server = this.#access.secure ? http2.createSecureServer({ ...server, ...this.#access.tlsOptions, handshakeTimeout: readTimeoutMs }) : http2.createServer(server)
    this.#server.maxConnections = config.max_connections
    this.#sockets = new OpenSockets(this.#server)
    this.#server
      .on('session', (session: ServerHttp2Session) => {
        const record = this.#sessions.add(session)
        session.setLocalWindowSize(connectionWindow(maxBytes))
        // Not of the server: a stream that is reset at once no longer knows its session when we see it, and floods are just that.
        session.on('stream', (stream: Stream, headers) => this.#onStream(record, stream, headers))
      })
      .on('sessionError', (error: NodeJS.ErrnoException) => { if (error.code === 'ERR_HTTP2_ERROR') metrics.closed('grpc', 'protocol') })
      .on('tlsClientError', () => metrics.closed('grpc', 'tls'))
      .on('drop', () => metrics.closed('grpc', 'limit'))
  }

  get connections (): number { return this.#sessions.size }

  /** Resolves with the port. */
  async start (): Promise<number> {
    const { config: { endpoint }, logger } = this.options
    try {
      this.#access.open(this.#server)
      const port = await listen(this.#server, endpoint)
      this.#server.on('error', error => logger.error('otlp grpc server', { error: error.message }))
      return port
    } catch (error) {
      this.#access.close()
      throw new Error(`otlp receiver cannot listen on ${endpoint} (grpc): ${(error as Error).message}`, { cause: error })
    }
  }

  /** Lets the calls under way finish until the deadline, then ends them. */
  stop (deadline: Deadline): Promise<void> {
    this.#stopping = true
    this.#access.close()
    return new Promise(resolve => {
      const force = (): void => { this.#sessions.destroy(); this.#sockets.destroy() }
      this.#server.close(() => {
        deadline.signal.removeEventListener('abort', force)
        this.#context.deadlines.stop()
        resolve()
      })
      this.#sessions.drain()
      if (deadline.signal.aborted) force()
      else deadline.signal.addEventListener('abort', force, { once: true })
    })
  }

  #onStream (record: SessionRecord, stream: Stream, headers: IncomingHttpHeaders): void {
    stream.on('error', ignore).on('close', onClose)
    stream[recordKey] = record
    record.calls++
    const { metrics, gate, intake } = this.options
    if (stream.closed) { metrics.request('grpc', signalOfCall(headers) ?? 'none', 'aborted'); return }
    const head = readHead(headers)
    const refusal = this.#refuse(head, headers)
    if (refusal !== undefined || !('signal' in head)) {
      metrics.request('grpc', signalOfCall(headers) ?? 'none', refusal?.outcome ?? 'not_otlp')
      if ('http' in head) this.#answers.http(stream, head.http)
      else if (refusal?.status !== undefined) this.#answers.status(stream, refusal.status)
      return
    }
    const overloaded = intake.overloaded('grpc', head.signal)
    const place = overloaded === undefined ? gate.enter() : undefined
    if (place === undefined) {
      const answer = overloaded ?? intake.busy('grpc', head.signal)
      if (answer.status !== 'success') this.#answers.status(stream, rpcStatusOf(answer))
    } else stream[callKey] = new Call(this.#context, stream, head, place, originOf(this.#include, record.address, headers))
  }

  /** What can be said from the head alone. What is not gRPC at all gets a plain HTTP status. */
  #refuse (head: CallHead | HeadFault, headers: IncomingHttpHeaders): { readonly outcome: RequestOutcome, readonly status?: RpcStatus } | undefined {
    if ('http' in head) return { outcome: 'not_otlp' }
    if (!this.#access.allows(headers.authorization)) return { outcome: 'unauthenticated', status: unauthenticated }
    if (!('signal' in head)) return { outcome: 'not_otlp', status: head }
    return this.#stopping ? { outcome: 'refused', status: draining } : undefined
  }

  #callContext (maxBytes: number): CallContext {
    const { intake, clock, readTimeoutMs, metrics, logger } = this.options
    const decompressor = new Decompressor(maxBytes)
    return {
      intake, maxBytes, readTimeoutMs,
      answers: this.#answers,
      deadlines: new Deadlines<Call>(clock, readTimeoutMs),
      now: () => clock.monotonicMs(),
      inflate: (encoding, bytes) => decompressor.run(encoding, bytes),
      count: ({ signal }, outcome) => metrics.request('grpc', signal, outcome),
      onError: ({ signal }, error) => logger.error('otlp request failed', { transport: 'grpc', signal, error: String(error) })
    }
  }
}

/** What a connection may have under way beyond one message: enough for several, so that WINDOW_UPDATEs are rare. */
function connectionWindow (maxBytes: number): number {
  return Math.min(2 ** 31 - 1, Math.max(8 * 1024 * 1024, 2 * maxBytes))
}

function serverOptions (maxConcurrentStreams: number, maxBytes: number): ServerOptions {
  return {
    settings: {
      // A message of the largest size fits a stream's window: its client never waits for us within it.
      initialWindowSize: Math.min(2 ** 31 - 1, maxBytes + prefixBytes + 65_535),
      maxConcurrentStreams,
      maxHeaderListSize: 16_384,
      enablePush: false
    },
    // Clients send about a dozen headers; what a call may carry beyond that is metadata.
    maxHeaderListPairs: 64,
    maxSessionInvalidFrames: 100,
    // MiB that the HTTP/2 library may hold for one connection. Bodies are not in it: they are counted by the gate.
    maxSessionMemory: 10,
    unknownProtocolTimeout: 5000
  }
}

function onClose (this: Stream): void {
  const call = this[callKey]
  call?.close()
  const record = this[recordKey]
  record?.owner.callEnded(record, this.aborted || this.rstCode !== NGHTTP2_NO_ERROR || call?.abandoned === true)
}

function ignore (): void {}

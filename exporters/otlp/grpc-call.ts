/**
 * One unary gRPC call on one HTTP/2 stream. It always ends: with the status the other side gave, with what its silence,
 * reset or garbage means in gRPC's words, or at the deadline. What it keeps of an answer is bounded.
 */
import { constants, type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2'
import { Code, codeOfHttp, codeOfReset, decodeMessage, resetName } from '../../core/net/grpc/codes.js'

export interface CallOptions {
  readonly headers: Readonly<Record<string, string>>
  /** The length-prefixed message, in pieces. */
  readonly chunks: readonly Uint8Array[]
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

export interface CallResult {
  readonly code: number
  readonly message: string
  /** What was sent as the answer: a length-prefixed message, in `encoding` if it says that it is compressed. */
  readonly body: Buffer
  readonly encoding: string
  /** grpc-status-details-bin, a google.rpc.Status. */
  readonly details?: Buffer
  /** A status that the other side gave, as against one that was made up here. */
  readonly answered: boolean
  /** The other side has surely not seen the request: sending it at once on another connection cannot repeat it. */
  readonly unseen: boolean
}

/** An answer is a few bytes; what a confused server sends beyond this ends the call. */
export const maxAnswerBytes = 64 * 1024

const nothing = Buffer.alloc(0)

/** A status made here, of a call that has no answer. */
export function unanswered (code: number, message: string, unseen = false): CallResult {
  return { code, message, body: nothing, encoding: 'identity', answered: false, unseen }
}

/** Never rejects. */
export function call (session: ClientHttp2Session, options: CallOptions): Promise<CallResult> {
  return new Promise(resolve => { new Call(session, options, resolve) })
}

class Call {
  #headers: IncomingHttpHeaders | undefined
  #trailers: IncomingHttpHeaders | undefined
  readonly #body: Buffer[] = []
  #bytes = 0
  #error: Error | undefined
  #over = false
  #timer: NodeJS.Timeout | undefined
  #stream: ClientHttp2Stream | undefined

  constructor (readonly session: ClientHttp2Session, readonly options: CallOptions, readonly resolve: (result: CallResult) => void) {
    try {
      this.#stream = session.request(options.headers)
    } catch (error) {
      // The session closed since it was chosen, or a header that HTTP/2 does not permit.
      this.#over = true
      resolve(unanswered(Code.UNAVAILABLE, (error as Error).message, true))
      return
    }
    this.#watch(this.#stream)
    this.#write(this.#stream)
  }

  #watch (stream: ClientHttp2Stream): void {
    const { timeoutMs, signal } = this.options
    this.#timer = setTimeout(() => this.#giveUp(unanswered(Code.DEADLINE_EXCEEDED, `no answer within ${timeoutMs} ms`)), timeoutMs)
    if (signal.aborted) this.#onAbort()
    else signal.addEventListener('abort', this.#onAbort, { once: true })
    stream
      .on('response', (headers: IncomingHttpHeaders) => { this.#headers = headers })
      .on('trailers', (headers: IncomingHttpHeaders) => { this.#trailers = headers })
      .on('data', (chunk: Buffer) => this.#take(chunk))
      // The answer is whole: what was not sent of the request is of no use any more.
      .on('end', () => { if (!stream.writableFinished) stream.close(constants.NGHTTP2_CANCEL) })
      .on('error', (error: Error) => { this.#error ??= error })
      .on('close', () => this.#settle(this.#result(stream.rstCode ?? 0)))
  }

  /** One writev for all pieces: no copy is made only to join them. */
  #write (stream: ClientHttp2Stream): void {
    if (this.#over) return
    stream.cork()
    for (const chunk of this.options.chunks) stream.write(chunk)
    stream.end()
    stream.uncork()
  }

  #take (chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#bytes <= maxAnswerBytes) this.#body.push(chunk)
    else this.#giveUp(unanswered(Code.UNKNOWN, `the answer is longer than ${maxAnswerBytes} bytes`))
  }

  readonly #onAbort = (): void => this.#giveUp(unanswered(Code.CANCELLED, 'shutting down'))

  #giveUp (result: CallResult): void {
    this.#settle(result)
    this.#stream?.close(constants.NGHTTP2_CANCEL)
    // The reset waits behind what the connection has not sent; the memory of this call need not.
    this.#stream?.destroy()
    // A connection that has not sent this request by now would send it from memory that is given back with the outcome.
    if (this.#stream?.writableFinished === false) this.session.destroy()
  }

  #settle (result: CallResult): void {
    if (this.#over) return
    this.#over = true
    clearTimeout(this.#timer)
    this.options.signal.removeEventListener('abort', this.#onAbort)
    this.resolve(result)
  }

  #result (rstCode: number): CallResult {
    const said = this.#trailers?.['grpc-status'] ?? this.#headers?.['grpc-status']
    if (said !== undefined) return this.#status(Number(said), this.#trailers ?? this.#headers ?? {})
    const headers = this.#headers
    if (headers !== undefined && !isGrpc(headers)) return this.#notGrpc(headers)
    // A connection that broke says nothing about the request.
    if (this.session.destroyed || this.session.closed) {
      return unanswered(Code.UNAVAILABLE, `the connection ended${because(this.#error)}`, rstCode === constants.NGHTTP2_REFUSED_STREAM)
    }
    if (rstCode !== 0 || this.#error !== undefined || headers === undefined) {
      return unanswered(codeOfReset(rstCode), `the stream was reset: ${resetName(rstCode)}`, rstCode === constants.NGHTTP2_REFUSED_STREAM)
    }
    return unanswered(Code.UNKNOWN, 'the answer ended without a status')
  }

  #status (code: number, headers: IncomingHttpHeaders): CallResult {
    const details = headers['grpc-status-details-bin']
    const result = {
      code: Number.isInteger(code) ? code : Code.UNKNOWN,
      message: decodeMessage(String(headers['grpc-message'] ?? '')),
      body: Buffer.concat(this.#body),
      encoding: String(this.#headers?.['grpc-encoding'] ?? 'identity'),
      answered: true,
      unseen: false
    }
    return typeof details === 'string' ? { ...result, details: Buffer.from(details, 'base64') } : result
  }

  #notGrpc (headers: IncomingHttpHeaders): CallResult {
    const status = headers[':status'] ?? 0
    const type = headers['content-type'] ?? 'no content-type'
    const code = codeOfHttp(Number(status))
    return { ...unanswered(code, `not a gRPC answer: HTTP ${status}, ${type}`), answered: true }
  }
}

/** https://grpc.io: application/grpc, with + or ; and anything behind it. */
function isGrpc (headers: IncomingHttpHeaders): boolean {
  return Number(headers[':status']) === 200 && /^application\/grpc(?:$|[+;])/.test(String(headers['content-type'] ?? ''))
}

function because (error: Error | undefined): string { return error === undefined ? '' : `: ${error.message}` }

/** Answers of the gRPC listener, written in as few calls as HTTP/2 allows: head, message and trailers, or trailers only. */
import type { OutgoingHttpHeaders, ServerHttp2Stream, ServerStreamResponseOptions } from 'node:http2'
import { encodeExportResponse, type PartialSuccess, type RpcStatus } from '../../core/otlp/responses.js'
import { answerHeaders, NGHTTP2_NO_ERROR, okTrailers, statusHeaders } from '../../core/net/grpc/status.js'
import { prefixBytes } from './grpc-message.js'

/** A date in every answer costs a header that no gRPC client reads. */
type Options = ServerStreamResponseOptions & { readonly sendDate: false }
const withTrailers: Options = { waitForTrailers: true, sendDate: false }
const headersOnly: Options = { endStream: true, sendDate: false }

export class GrpcAnswers {
  readonly #headers: OutgoingHttpHeaders

  constructor (encodings: readonly string[]) { this.#headers = answerHeaders(encodings) }

  success (stream: ServerHttp2Stream, partial: PartialSuccess | undefined): void {
    if (stream.destroyed || stream.closed || stream.headersSent) return
    stream.respond(this.#headers, withTrailers)
    stream.on('wantTrailers', sendOk)
    stream.end(answerFrame(partial))
  }

  status (stream: ServerHttp2Stream, status: RpcStatus): void {
    this.#last(stream, { ...this.#headers, ...statusHeaders(status) })
  }

  /** To what is not gRPC: a plain HTTP status, as the gRPC specification asks. */
  http (stream: ServerHttp2Stream, code: number): void {
    this.#last(stream, { ':status': code, ...(code === 405 ? { allow: 'POST' } : {}) })
  }

  #last (stream: ServerHttp2Stream, headers: OutgoingHttpHeaders): void {
    if (stream.destroyed || stream.closed || stream.headersSent) return
    stream.respond(headers, headersOnly)
    // A client that has not ended its side learns that nobody reads the rest (RFC 9113 8.1); one that has sees nothing of it.
    stream.close(NGHTTP2_NO_ERROR)
  }
}

function sendOk (this: ServerHttp2Stream): void {
  if (!this.destroyed && !this.closed) this.sendTrailers(okTrailers)
}

/** The message of an answer with its prefix. Nearly all are the empty one, which is made once. */
function answerFrame (partial: PartialSuccess | undefined): Buffer {
  if (partial === undefined) return emptyFrame
  const message = encodeExportResponse(partial)
  const frame = Buffer.alloc(prefixBytes + message.length)
  frame.writeUInt32BE(message.length, 1)
  message.copy(frame, prefixBytes)
  return frame
}

const emptyFrame = Buffer.alloc(prefixBytes)

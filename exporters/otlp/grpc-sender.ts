/** OTLP/gRPC on @grpc/grpc-js: one channel, requests as bytes. */
import grpc from '@grpc/grpc-js'
import { decodeExportResponse, decodeStatus } from '../../core/otlp/responses.js'
import { signalFacts } from '../../core/otlp/signals.js'
import type { FramedRequest } from '../../core/otlp/writer.js'
import { sentRetry, type Sender, type SenderOptions, type Sent } from './sender.js'

const { status: Code } = grpc

/** https://opentelemetry.io/docs/specs/otlp/#failures. RESOURCE_EXHAUSTED joins them only when it says when. */
const retryable = new Set<number>([Code.CANCELLED, Code.DEADLINE_EXCEEDED, Code.ABORTED, Code.OUT_OF_RANGE, Code.UNAVAILABLE, Code.DATA_LOSS])

/** Codes that are about this request's content; the others say that no request will pass. */
const aboutData = new Set<number>([Code.INVALID_ARGUMENT, Code.RESOURCE_EXHAUSTED, Code.FAILED_PRECONDITION, Code.INTERNAL])

const same = (bytes: Buffer): Buffer => bytes

export class GrpcSender implements Sender {
  readonly #client: grpc.Client
  readonly #metadata = new grpc.Metadata()
  readonly #timeoutMs: number

  constructor (options: SenderOptions) {
    const { target, secure } = parseTarget(options.endpoint, options.insecure)
    this.#timeoutMs = options.timeoutMs
    for (const [name, value] of Object.entries(options.headers)) this.#metadata.set(name.toLowerCase(), value)
    this.#client = new grpc.Client(target, secure ? grpc.credentials.createSsl() : grpc.credentials.createInsecure(), {
      'grpc.default_compression_algorithm': options.gzip ? grpc.compressionAlgorithms.gzip : grpc.compressionAlgorithms.identity,
      // Its own: the channels of two exporters to one endpoint are then closed one by one.
      'grpc.use_local_subchannel_pool': 1,
      // Retrying is for whoever holds the batch; grpc-js would do it unseen and uncounted.
      'grpc.enable_retries': 0,
      'grpc.max_send_message_length': -1
    })
  }

  send (request: FramedRequest, signal: AbortSignal): Promise<Sent> {
    return new Promise(resolve => {
      const [first] = request.chunks
      const bytes = request.chunks.length === 1 && first !== undefined ? Buffer.from(first.buffer, first.byteOffset, first.length) : Buffer.concat(request.chunks, request.byteLength)
      const abort = (): void => call.cancel()
      const call = this.#client.makeUnaryRequest(signalFacts[request.signal].grpcPath, same, same, bytes, this.#metadata, { deadline: Date.now() + this.#timeoutMs }, (error, answer) => {
        signal.removeEventListener('abort', abort)
        resolve(error === null ? success(answer) : failure(error))
      })
      if (signal.aborted) abort()
      else signal.addEventListener('abort', abort, { once: true })
    })
  }

  close (): void { this.#client.close() }
}

function success (answer: Buffer | undefined): Sent {
  const partial = answer === undefined ? undefined : decodeExportResponse(answer)
  return { status: 'success', rejectedItems: partial?.rejected ?? 0, message: partial?.message ?? '' }
}

function failure (error: grpc.ServiceError): Sent {
  // What OpenSSL says when the other side answers in plain text; nobody should have to know that at night.
  const hint = /wrong version number|SSL routines/i.test(error.details) ? ' (the endpoint does not speak TLS: set `tls.insecure: true`, or write it as http://host:port)' : ''
  const message = `${Code[error.code] ?? error.code}: ${error.details}${hint}`
  const afterMs = retryDelay(error)
  if (retryable.has(error.code) || (error.code === Code.RESOURCE_EXHAUSTED && afterMs !== undefined)) {
    return sentRetry(message, error.code !== Code.UNAVAILABLE && error.code !== Code.DEADLINE_EXCEEDED, afterMs)
  }
  return { status: 'rejected', message, data: aboutData.has(error.code) }
}

function retryDelay (error: grpc.ServiceError): number | undefined {
  const [details] = error.metadata.get('grpc-status-details-bin')
  return details instanceof Buffer ? decodeStatus(details)?.retryAfterMs : undefined
}

/** `http://` and `https://` decide about TLS; without a scheme `insecure` does. grpc-js wants neither scheme nor path. */
export function parseTarget (endpoint: string, insecure: boolean): { target: string, secure: boolean } {
  const match = /^(https?):\/\/([^/]+)\/?$/.exec(endpoint)
  if (match === null) return { target: endpoint, secure: !insecure }
  return { target: match[2] as string, secure: match[1] === 'https' }
}

/** Bodies of requests: read whole, within limits of size and time, before and after decompression. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Clock } from '../../component/clock.js'
import { compressions, decompress, isCompression, type Compression } from '../../net/compression.js'
import { HttpError } from './problem.js'

export interface BodyLimits {
  /** Of one request, as it comes and as it is after decompression. */
  readonly maxRequestBytes: number
  /** How long a client may take to send it. */
  readonly requestTimeoutMs: number
}

/** Bodies that are being read hold at most so many times `maxRequestBytes` in all: callers are only known once they are read. */
const bodiesAtOnce = 8
const retryAfterMs = 1000

export class Bodies {
  #held = 0

  constructor (readonly limits: BodyLimits, readonly clock: Clock) {}

  /** Rejects with HttpError: 400, 408, 413, 415, 503; or when `signal` aborts. The caller must have checked the content type. */
  async read (request: IncomingMessage, signal: AbortSignal): Promise<Uint8Array> {
    const compression = compressionOf(request.headers)
    const { maxRequestBytes } = this.limits
    if (Number(request.headers['content-length'] ?? 0) > maxRequestBytes) throw tooLarge(maxRequestBytes)
    const taken = { bytes: 0 }
    try {
      const body = await this.#collect(request, signal, taken)
      if (compression === undefined || body.length === 0) return body
      const result = await decompress(compression, body, maxRequestBytes)
      if (result.status === 'ok') return result.body
      throw result.status === 'too_large' ? tooLarge(maxRequestBytes) : new HttpError(400, 'INVALID_ARGUMENT', result.message)
    } finally {
      this.#held -= taken.bytes
    }
  }

  #collect (request: IncomingMessage, signal: AbortSignal, taken: { bytes: number }): Promise<Buffer> {
    const chunks: Buffer[] = []
    return new Promise((resolve, reject) => {
      const cancel = this.clock.after(this.limits.requestTimeoutMs, () => end(new HttpError(408, 'DEADLINE_EXCEEDED', `the body did not come within ${this.limits.requestTimeoutMs / 1000} s`)))
      const end = (error?: Error): void => {
        cancel()
        signal.removeEventListener('abort', onAbort)
        request.off('data', onData).off('end', onEnd)
        if (error === undefined) resolve(Buffer.concat(chunks))
        else reject(error)
      }
      const onAbort = (): void => end(signal.reason as Error)
      const onEnd = (): void => end()
      const onData = (chunk: Buffer): void => {
        taken.bytes += chunk.length
        this.#held += chunk.length
        if (taken.bytes > this.limits.maxRequestBytes) end(tooLarge(this.limits.maxRequestBytes))
        else if (this.#held > bodiesAtOnce * this.limits.maxRequestBytes) end(new HttpError(503, 'UNAVAILABLE', 'too many large requests are being read; try again', {}, { retryAfterMs }))
        else chunks.push(chunk)
      }
      request.on('data', onData).on('end', onEnd)
      if (signal.aborted) onAbort()
      else signal.addEventListener('abort', onAbort)
    })
  }
}

/** Throws HttpError 415. */
export function compressionOf (headers: IncomingHttpHeaders): Compression | undefined {
  const name = (headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  if (name === 'identity') return undefined
  if (isCompression(name)) return name
  throw new HttpError(415, 'INVALID_ARGUMENT', `content-encoding ${JSON.stringify(name.slice(0, 64))} is none of ${compressions.join(', ')}`, { 'accept-encoding': compressions.join(', ') })
}

/** Throws HttpError 415. A page can send neither type to another server without asking it first. */
export function checkContentType (headers: IncomingHttpHeaders, expected: string): void {
  const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase()
  if (type !== expected) throw new HttpError(415, 'INVALID_ARGUMENT', `content-type is ${JSON.stringify(headers['content-type']?.slice(0, 100) ?? '')}; expected ${expected}`, { 'accept-post': expected })
}

export function tooLarge (maxBytes: number): HttpError {
  return new HttpError(413, 'INVALID_ARGUMENT', `the body is larger than ${maxBytes} bytes; send less at once, or raise max_request_bytes of service.api`)
}

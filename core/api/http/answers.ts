/** Answers with one head and one body: JSON, problems, files. Every one has the headers that keep browsers from mischief. */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { Clock } from '../../component/clock.js'
import type { ApiError } from '../call.js'
import type { Cors } from './cors.js'
import { encodingFor } from './negotiate.js'
import { problemHeaders, problemOf, problemType, type Problem } from './problem.js'

/** After an early answer the rest of a body is read and thrown away for so long: closing on unread bytes would cost the client our answer. */
const lingerMs = 2000
/** Below this the headers of compression cost what it saves. */
const compressedFromBytes = 1024

export const jsonType = 'application/json'

const csp = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

export interface Answer { readonly status: number, readonly headers: OutgoingHttpHeaders, readonly body: string | Buffer }

export type BodyEncoding = 'br' | 'gzip'
export const bodyEncodings: readonly BodyEncoding[] = ['br', 'gzip']

export class Answers {
  /** Set when the server stops: clients are to connect anew, elsewhere. */
  stopping = false

  constructor (readonly cors: Cors, readonly secure: boolean, readonly clock: Clock) {}

  /** Of every answer. */
  common (request: IncomingMessage): OutgoingHttpHeaders {
    return {
      'content-security-policy': csp,
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': this.cors.answer(request.headers.origin)['access-control-allow-origin'] === undefined ? 'same-origin' : 'cross-origin',
      ...this.secure ? { 'strict-transport-security': 'max-age=31536000' } : {},
      ...this.stopping ? { connection: 'close' } : {}
    }
  }

  async json (request: IncomingMessage, response: ServerResponse, status: number, json: unknown): Promise<void> {
    const body = JSON.stringify(json)
    const encoding = body.length < compressedFromBytes ? undefined : encodingFor(request.headers['accept-encoding'] as string | undefined, bodyEncodings)
    const headers = { 'content-type': jsonType, 'cache-control': 'no-store', ...vary(this.cors.answer(request.headers.origin), 'Accept-Encoding') }
    if (encoding === undefined) this.send(request, response, { status, headers, body })
    else this.send(request, response, { status, headers: { ...headers, 'content-encoding': encoding }, body: await encode(encoding, body) })
  }

  /** What was said, for the log. */
  problem (request: IncomingMessage, response: ServerResponse, error: ApiError): Problem {
    const problem = problemOf(error)
    const headers = { ...this.cors.answer(request.headers.origin), ...problemHeaders(error), 'content-type': problemType, 'cache-control': 'no-store' }
    this.send(request, response, { status: problem.status, headers, body: JSON.stringify(problem) })
    return problem
  }

  send (request: IncomingMessage, response: ServerResponse, { status, headers, body }: Answer): void {
    if (response.headersSent || response.destroyed) return
    const length = status === 204 || status === 304 ? {} : { 'content-length': Buffer.byteLength(body) }
    response.writeHead(status, { ...this.common(request), ...headers, ...length })
    response.end(request.method === 'HEAD' || status === 304 ? undefined : body)
    if (request.complete) return
    request.resume()
    const cancel = this.clock.after(lingerMs, () => request.socket.destroy())
    request.once('close', cancel)
  }
}

export function vary (headers: Readonly<Record<string, string>>, name: string): OutgoingHttpHeaders {
  return { ...headers, vary: headers['vary'] === undefined ? name : `${headers['vary']}, ${name}` }
}

const brotliLater = promisify<string | Buffer, { readonly params: Readonly<Record<number, number>> }, Buffer>(brotliCompress)
const gzipLater = promisify<string | Buffer, { readonly level: number }, Buffer>(gzip)

/** `best` is for what is made once and sent often. */
export async function encode (encoding: BodyEncoding, body: string | Buffer, best = false): Promise<Buffer> {
  return encoding === 'gzip' ? gzipLater(body, { level: best ? 9 : 4 }) : brotliLater(body, { params: { [constants.BROTLI_PARAM_QUALITY]: best ? 11 : 4 } })
}

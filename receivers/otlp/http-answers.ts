/** Answers of the HTTP listener: one head and one body each, the body in the request's own content type. */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { encodeExportResponse, encodeStatus, exportResponseJson, statusJson, type RpcStatus } from '../../core/otlp/responses.js'
import type { OtlpSignal } from '../../core/otlp/signals.js'
import type { Clock } from '../../core/component/clock.js'
import type { Cors } from './cors.js'
import { contentTypes, type Encoding } from './http-head.js'
import type { Answer } from './intake.js'
import { httpStatusOf, rpcStatusOf } from './status.js'

/** After an early answer the rest of a body is read and thrown away for so long, so that the client sees the answer. */
const lingerMs = 2000

/** The answer to nearly every request: made once. */
const fullSuccess: Readonly<Record<Encoding, { readonly headers: OutgoingHttpHeaders, readonly body: string }>> = {
  protobuf: { headers: { 'content-type': contentTypes.protobuf, 'content-length': 0 }, body: '' },
  json: { headers: { 'content-type': contentTypes.json, 'content-length': 2 }, body: '{}' }
}

export type Headers = Readonly<Record<string, string>>

export class HttpAnswers {
  /** Set when the listener stops: clients are to connect anew, elsewhere. */
  stopping = false

  constructor (readonly cors: Cors | undefined, readonly clock: Clock) {}

  send (request: IncomingMessage, response: ServerResponse, signal: OtlpSignal, encoding: Encoding, answer: Answer): void {
    if (answer.status === 'success') {
      if (answer.partial === undefined && !this.stopping && this.cors === undefined && request.complete) {
        if (response.headersSent || response.destroyed) return
        const { headers, body } = fullSuccess[encoding]
        response.writeHead(200, headers).end(body)
        return
      }
      this.#write(request, response, encoding, 200, encoding === 'json' ? exportResponseJson(signal, answer.partial) : encodeExportResponse(answer.partial), {})
      return
    }
    const headers = answer.status === 'retry' || answer.status === 'overloaded' ? { 'retry-after': String(Math.max(1, Math.ceil(answer.afterMs / 1000))) } : {}
    this.status(request, response, encoding, httpStatusOf(answer), rpcStatusOf(answer), headers)
  }

  status (request: IncomingMessage, response: ServerResponse, encoding: Encoding, http: number, status: RpcStatus, headers: Headers = {}): void {
    this.#write(request, response, encoding, http, encoding === 'json' ? statusJson(status) : encodeStatus(status), headers)
  }

  preflight (response: ServerResponse, headers: Headers): void {
    response.writeHead(204, headers).end()
  }

  #write (request: IncomingMessage, response: ServerResponse, encoding: Encoding, http: number, body: string | Buffer, headers: Headers): void {
    if (response.headersSent || response.destroyed) return
    response.writeHead(http, {
      ...headers, ...this.cors?.answer(request.headers.origin), 'content-type': contentTypes[encoding], 'content-length': Buffer.byteLength(body),
      ...(this.stopping ? { connection: 'close' } : {})
    })
    response.end(body)
    if (request.complete) return
    request.resume()
    const cancel = this.clock.after(lingerMs, () => request.socket.destroy())
    request.once('close', cancel)
  }
}

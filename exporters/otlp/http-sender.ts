/** OTLP/HTTP, protobuf or JSON, on node:http(s) with kept-alive connections. */
import http from 'node:http'
import https from 'node:https'
import { compress, decompress, isCompression } from '../../core/net/compression.js'
import { protobufToJson } from '../../core/otlp/json-encode.js'
import { decodeExportResponse, decodeStatus, parseExportResponseJson, parseStatusMessageJson } from '../../core/otlp/responses.js'
import { signalFacts, type OtlpSignal } from '../../core/otlp/signals.js'
import type { FramedRequest } from '../../core/otlp/writer.js'
import { splitUnix } from '../../core/net/target.js'
import { notEncoded, sentRetry, type Sender, type SenderOptions, type Sent } from './sender.js'

/** https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes */
const retryable = new Set([429, 502, 503, 504])

/** Answers that are about this request's content; other errors say that no request will pass. */
const aboutData = new Set([400, 413, 422])

/** What a socket says when the other side has closed it. */
const connectionGone = new Set(['ECONNRESET', 'EPIPE'])

/** An answer is a few bytes; what a confused server sends beyond this is cut off. */
const maxAnswerBytes = 64 * 1024

interface Reply { readonly code: number, readonly headers: http.IncomingHttpHeaders, readonly body: Buffer }

export class HttpSender implements Sender {
  readonly #agent: http.Agent
  readonly #request: typeof http.request
  readonly #base: string
  readonly #socketPath: string | undefined
  readonly #secure: boolean

  constructor (readonly options: SenderOptions, readonly json: boolean, maxSockets: number) {
    const secure = this.#secure = options.endpoint.startsWith('https:')
    this.#socketPath = splitUnix(options.endpoint)
    this.#base = this.#socketPath === undefined ? options.endpoint.replace(/\/+$/, '') : 'http://localhost'
    this.#request = secure ? https.request : http.request
    // Without TLS sessions to resume: one would go on with a client certificate that has been replaced.
    this.#agent = secure ? new https.Agent({ keepAlive: true, maxSockets, maxCachedSessions: 0 }) : new http.Agent({ keepAlive: true, maxSockets })
  }

  async send (request: FramedRequest, signal: AbortSignal): Promise<Sent> {
    let chunks: readonly Uint8Array[]
    try {
      chunks = await this.#encode(request)
    } catch (error) {
      return notEncoded(error)
    }
    try {
      return judge(request.signal, await plain(await this.#exchange(request.signal, chunks, signal)), this.json)
    } catch (error) {
      return sentRetry((error as Error).message, false)
    }
  }

  close (): void { this.#agent.destroy() }

  async #encode (request: FramedRequest): Promise<readonly Uint8Array[]> {
    const { compression } = this.options
    if (!this.json && compression === 'none') return request.chunks
    const joined = Buffer.concat(request.chunks, request.byteLength)
    const body = this.json ? Buffer.from(protobufToJson(request.signal, joined)) : joined
    return [compression === 'none' ? body : await compress(compression, body)]
  }

  /** Again at once when a connection that was kept open ended as the request went out; each such one leaves the pool. */
  async #exchange (signalName: OtlpSignal, chunks: readonly Uint8Array[], signal: AbortSignal): Promise<Reply> {
    for (;;) {
      const reply = await this.#post(signalName, chunks, signal)
      if (reply !== undefined) return reply
    }
  }

  /** Undefined when the other side ended a connection that it had kept open for the next request. */
  #post (signalName: OtlpSignal, chunks: readonly Uint8Array[], signal: AbortSignal): Promise<Reply | undefined> {
    const { timeoutMs, compression, headers, credentials } = this.options
    return new Promise((resolve, reject) => {
      let answered = false
      const request = this.#request(this.#base + signalFacts[signalName].httpPath, {
        method: 'POST',
        agent: this.#agent,
        ...(this.#socketPath === undefined ? {} : { socketPath: this.#socketPath }),
        ...(this.#secure ? credentials.tls : {}),
        headers: {
          ...headers,
          ...credentials.headers,
          'content-type': this.json ? 'application/json' : 'application/x-protobuf',
          'content-length': chunks.reduce((n, c) => n + c.length, 0),
          ...(compression === 'none' ? {} : { 'content-encoding': compression })
        }
      }, response => { answered = true; readReply(response).then(resolve, reject) })
      const timer = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
      const abort = (): void => { request.destroy(new Error('shutting down')) }
      request.on('error', (error: NodeJS.ErrnoException) => {
        if (request.reusedSocket && !answered && connectionGone.has(error.code ?? '')) resolve(undefined)
        else reject(error)
      }).on('close', () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', abort)
      })
      if (signal.aborted) abort()
      else signal.addEventListener('abort', abort, { once: true })
      for (const chunk of chunks) request.write(chunk)
      request.end()
    })
  }
}

function readReply (response: http.IncomingMessage): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    response.on('data', (chunk: Buffer) => { if ((length += chunk.length) <= maxAnswerBytes) chunks.push(chunk) })
    response.on('end', () => resolve({ code: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }))
    response.on('error', reject)
    response.on('close', () => reject(new Error('the connection ended in the middle of the answer')))
  })
}

/** The answer as it was before it was compressed; one that cannot be read says nothing. */
async function plain (reply: Reply): Promise<Reply> {
  const encoding = reply.headers['content-encoding'] ?? 'identity'
  if (!isCompression(encoding)) return reply
  const result = await decompress(encoding, reply.body, maxAnswerBytes)
  return { ...reply, body: result.status === 'ok' ? result.body : Buffer.alloc(0) }
}

function judge (signal: OtlpSignal, reply: Reply, json: boolean): Sent {
  const type = reply.headers['content-type']
  const isJson = type === undefined ? json : type.includes('json')
  if (reply.code >= 200 && reply.code < 300) {
    const partial = isJson ? parseExportResponseJson(signal, reply.body.toString()) : decodeExportResponse(reply.body)
    return { status: 'success', rejectedItems: partial?.rejected ?? 0, message: partial?.message ?? '' }
  }
  const said = isJson ? parseStatusMessageJson(reply.body.toString()) : decodeStatus(reply.body)?.message ?? ''
  const message = `HTTP ${reply.code}${said === '' ? '' : `: ${said}`}`
  if (retryable.has(reply.code)) return sentRetry(message, true, retryAfterMs(reply.headers['retry-after']))
  return { status: 'rejected', message, data: aboutData.has(reply.code), tooLarge: reply.code === 413 }
}

/** Seconds, or a date. */
export function retryAfterMs (header: string | undefined, nowMs = Date.now()): number | undefined {
  if (header === undefined) return undefined
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000
  const at = Date.parse(header)
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs)
}

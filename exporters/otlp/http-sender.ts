/** OTLP/HTTP, protobuf or JSON, on node:http(s) with kept-alive connections. */
import http from 'node:http'
import https from 'node:https'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { protobufToJson } from '../../core/otlp/json-encode.js'
import { decodeExportResponse, decodeStatus, parseExportResponseJson, parseStatusMessageJson } from '../../core/otlp/responses.js'
import { signalFacts, type OtlpSignal } from '../../core/otlp/signals.js'
import type { FramedRequest } from '../../core/otlp/writer.js'
import { sentRetry, type Sender, type SenderOptions, type Sent } from './sender.js'

/** https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes */
const retryable = new Set([429, 502, 503, 504])

/** Answers that are about this request's content; other errors say that no request will pass. */
const aboutData = new Set([400, 413, 422])

/** An answer is a few bytes; what a confused server sends beyond this is cut off. */
const maxAnswerBytes = 64 * 1024

const compress = promisify<Buffer, Buffer>(gzip)

interface Reply { readonly code: number, readonly headers: http.IncomingHttpHeaders, readonly body: Buffer }

export class HttpSender implements Sender {
  readonly #agent: http.Agent
  readonly #request: typeof http.request
  readonly #base: string

  constructor (readonly options: SenderOptions, readonly json: boolean, maxSockets: number) {
    const secure = options.endpoint.startsWith('https:')
    this.#base = options.endpoint.replace(/\/+$/, '')
    this.#request = secure ? https.request : http.request
    this.#agent = new (secure ? https.Agent : http.Agent)({ keepAlive: true, maxSockets })
  }

  async send (request: FramedRequest, signal: AbortSignal): Promise<Sent> {
    try {
      const reply = await this.#post(request.signal, await this.#encode(request), signal)
      return judge(request.signal, reply, this.json)
    } catch (error) {
      return sentRetry((error as Error).message, false)
    }
  }

  close (): void { this.#agent.destroy() }

  async #encode (request: FramedRequest): Promise<readonly Uint8Array[]> {
    if (!this.json && !this.options.gzip) return request.chunks
    const joined = Buffer.concat(request.chunks, request.byteLength)
    const body = this.json ? Buffer.from(protobufToJson(request.signal, joined)) : joined
    return [this.options.gzip ? await compress(body) : body]
  }

  #post (signalName: OtlpSignal, chunks: readonly Uint8Array[], signal: AbortSignal): Promise<Reply> {
    const { timeoutMs, gzip: gzipped, headers } = this.options
    return new Promise((resolve, reject) => {
      const request = this.#request(this.#base + signalFacts[signalName].httpPath, {
        method: 'POST',
        agent: this.#agent,
        headers: {
          ...headers,
          'content-type': this.json ? 'application/json' : 'application/x-protobuf',
          'content-length': chunks.reduce((n, c) => n + c.length, 0),
          ...(gzipped ? { 'content-encoding': 'gzip' } : {})
        }
      }, response => { readReply(response).then(resolve, reject) })
      const timer = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
      const abort = (): void => { request.destroy(new Error('shutting down')) }
      request.on('error', reject).on('close', () => {
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

function judge (signal: OtlpSignal, reply: Reply, json: boolean): Sent {
  if (reply.code >= 200 && reply.code < 300) {
    const partial = json ? parseExportResponseJson(signal, reply.body.toString()) : decodeExportResponse(reply.body)
    return { status: 'success', rejectedItems: partial?.rejected ?? 0, message: partial?.message ?? '' }
  }
  const isJson = (reply.headers['content-type'] ?? '').includes('json')
  const said = isJson ? parseStatusMessageJson(reply.body.toString()) : decodeStatus(reply.body)?.message ?? ''
  const message = `HTTP ${reply.code}${said === '' ? '' : `: ${said}`}`
  if (retryable.has(reply.code)) return sentRetry(message, true, retryAfterMs(reply.headers['retry-after']))
  return { status: 'rejected', message, data: aboutData.has(reply.code) }
}

/** Seconds, or a date. */
export function retryAfterMs (header: string | undefined, nowMs = Date.now()): number | undefined {
  if (header === undefined) return undefined
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000
  const at = Date.parse(header)
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs)
}

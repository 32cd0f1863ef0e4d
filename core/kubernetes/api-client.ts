/** Requests to an API server: bounded answers, streamed watches, credentials renewed beneath. Knows HTTP, not objects. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Access, TlsOptions } from './access.js'
import { LineSplitter } from './json-lines.js'
import type { Status } from './objects.js'

/** An answer other than 2xx. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** `retryAfterMs`: how long the server asks to stay away. */
  constructor (readonly code: number, readonly reason: string, message: string, readonly retryAfterMs = 0) { super(message) }
}

export interface ApiLimits {
  /** One answer (a page of a list) in memory. */
  readonly maxAnswerBytes: number
  /** One line of a watch: one object. etcd takes 1.5 MiB, so 8 MiB holds any. */
  readonly maxLineBytes: number
  /** Silence after which a connection counts as dead. */
  readonly idleMs: number
}

export const defaultLimits: ApiLimits = { maxAnswerBytes: 256 * 1024 * 1024, maxLineBytes: 8 * 1024 * 1024, idleMs: 60_000 }

export interface LineConsumer {
  /** The server has agreed to answer. */
  opened(): void
  line(text: string): void
  /** Awaited before more is read: who has no room stops the reading. */
  room?(): Promise<void> | undefined
}

/** The whole object, or only its metadata: https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches */
export type Representation = 'whole' | 'metadata'

function acceptOf (as: Representation, what: 'list' | 'watch'): string {
  return as === 'whole' ? 'application/json' : `application/json;as=PartialObjectMetadata${what === 'list' ? 'List' : ''};g=meta.k8s.io;v=v1`
}

/** What a server says about an error; a longer body is not read. */
const maxErrorBytes = 16 * 1024
/** The kernel notices a peer that vanished 10 s after this (libuv: ten probes, one a second). */
const keepAliveMs = 30_000

export class ApiClient {
  #agent: HttpAgent | undefined
  #tls: TlsOptions | undefined

  constructor (readonly access: Access, readonly limits: ApiLimits = defaultLimits, readonly userAgent = 'tapio') {}

  /** The body of GET `path`, parsed. Throws ApiError for an answer of another kind, Error when there is none. */
  async get (path: string, signal: AbortSignal, as: Representation = 'whole'): Promise<unknown> {
    const response = await this.#open(path, signal, this.limits.idleMs, acceptOf(as, 'list'))
    const body = await readBody(response, this.limits.maxAnswerBytes)
    return JSON.parse(body.toString())
  }

  /** The body of the answer to POST `path` with `body`, parsed. For reviews, which change nothing; throws as `get` does. */
  async post (path: string, body: unknown, signal: AbortSignal): Promise<unknown> {
    const response = await this.#open(path, signal, this.limits.idleMs, 'application/json', JSON.stringify(body))
    return JSON.parse((await readBody(response, this.limits.maxAnswerBytes)).toString())
  }

  /** Every line of the answer, as it comes. Resolves when the server ends the answer; throws when it breaks off. */
  async lines (path: string, signal: AbortSignal, idleMs: number, to: LineConsumer, as: Representation = 'whole'): Promise<void> {
    const response = await this.#open(path, signal, idleMs, acceptOf(as, 'watch'))
    to.opened()
    const splitter = new LineSplitter(this.limits.maxLineBytes)
    try {
      for await (const chunk of response) {
        for (const line of splitter.push(chunk as Buffer)) to.line(line)
        await to.room?.()
      }
    } finally {
      response.destroy()
    }
    if (splitter.pending > 0) throw new Error('the connection ended within a line')
  }

  close (): void {
    this.#agent?.destroy()
    this.#agent = undefined
  }

  async #open (path: string, signal: AbortSignal, idleMs: number, accept: string, body?: string): Promise<IncomingMessage> {
    const { authorization, tls } = await this.access.credentials()
    signal.throwIfAborted()
    const { server } = this.access
    const options: RequestOptions = {
      host: server.hostname.replace(/^\[|\]$/g, ''),
      port: server.port === '' ? (server.protocol === 'https:' ? 443 : 80) : Number(server.port),
      path: `${server.pathname.replace(/\/$/, '')}${path}`,
      method: body === undefined ? 'GET' : 'POST',
      headers: { accept, ...(body === undefined ? {} : { 'content-type': 'application/json' }), 'user-agent': this.userAgent, ...(authorization === undefined ? {} : { authorization }) },
      agent: this.#agentFor(tls),
      timeout: idleMs,
      signal
    }
    const response = await answer(server.protocol === 'https:' ? httpsRequest : httpRequest, options, body)
    const code = response.statusCode ?? 0
    if (code >= 200 && code < 300) return response
    if (code === 401) this.access.refused()
    throw await errorOf(response, code)
  }

  #agentFor (tls: TlsOptions): HttpAgent {
    if (this.#agent !== undefined && this.#tls === tls) return this.#agent
    this.#agent?.destroy()
    this.#tls = tls
    const common = { keepAlive: true, keepAliveMsecs: keepAliveMs }
    this.#agent = this.access.server.protocol === 'https:' ? new HttpsAgent({ ...common, ...tls }) : new HttpAgent(common)
    return this.#agent
  }
}

function answer (request: typeof httpRequest, options: RequestOptions, body: string | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    let response: IncomingMessage | undefined
    const req = request(options, res => { response = res; resolve(res) })
    req.on('socket', socket => { socket.setKeepAlive(true, keepAliveMs) })
    req.on('timeout', () => { (response ?? req).destroy(new Error(`nothing came for ${options.timeout ?? 0} ms`)) })
    req.on('error', reject)
    req.end(body)
  })
}

async function readBody (response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response) {
    bytes += (chunk as Buffer).length
    if (bytes > maxBytes) {
      response.destroy()
      throw new Error(`an answer of more than ${maxBytes} bytes`)
    }
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks)
}

/** The server explains itself in a Status; proxies before it do not. */
async function errorOf (response: IncomingMessage, code: number): Promise<ApiError> {
  const body = await readBody(response, maxErrorBytes).then(b => b.toString(), () => '')
  const afterMs = 1000 * Number(response.headers['retry-after'] ?? 0)
  let status: Status = {}
  try { status = JSON.parse(body) as Status } catch { /* not a Status */ }
  return new ApiError(code, status?.reason ?? '', status?.message ?? `HTTP ${code} ${response.statusMessage ?? ''}`.trim(), Number.isFinite(afterMs) ? afterMs : 0)
}

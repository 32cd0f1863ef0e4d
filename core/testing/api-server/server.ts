/**
 * A stand-in for a Kubernetes API server: get, list in chunks, watch, with what clients must survive (expired versions and
 * continue tokens, broken and slow connections, forbidden and failing requests). Judged by kubectl and the official client.
 * Not here: writing over HTTP, admission, RBAC rules, tables and protobuf.
 */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { KubeObject } from '../../kubernetes/objects.js'
import { discovery, targetOf, type Target } from './kinds.js'
import { listAnswer } from './list.js'
import { fieldSelector, labelSelector, type Selector } from './selectors.js'
import { ObjectStore } from './store.js'
import { WatchStream } from './watch-stream.js'

export interface Faults {
  /** `<group>/<plural>` that nobody may see: 403. */
  readonly forbidden: Set<string>
  /** Answers to the next requests, in this order, instead of what they ask for. */
  readonly answers: { code: number, reason: string, headers?: Readonly<Record<string, string>> }[]
  /** Bytes a write of a watch; 0 = whole lines. */
  chunkBytes: number
  /** The value a request's Authorization header must have; '' = any. */
  authorization: string
}

export interface Seen { readonly path: string, readonly query: URLSearchParams, readonly authorization: string | undefined }

export class ApiServerStandIn {
  readonly store = new ObjectStore()
  readonly faults: Faults = { forbidden: new Set(), answers: [], chunkBytes: 0, authorization: '' }
  /** Every request, in order. */
  readonly requests: Seen[] = []
  readonly watches = new Set<WatchStream>()
  /** Calls `listener` with every connection that is ready for requests. */
  readonly onConnection: (listener: (socket: Socket) => void) => void
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  constructor (readonly tls?: ServerOptions) {
    const serve: RequestListener = (request, response) => { this.#serve(request, response) }
    this.#server = tls === undefined ? createServer(serve) : createTlsServer(tls, serve)
    this.onConnection = listener => { this.#server.on(tls === undefined ? 'connection' : 'secureConnection', listener) }
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => { this.#sockets.delete(socket) })
    })
  }

  async start (): Promise<string> {
    await new Promise<void>(resolve => { this.#server.listen(0, '127.0.0.1', resolve) })
    return `${this.tls === undefined ? 'http' : 'https'}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async stop (): Promise<void> {
    const closed = new Promise(resolve => this.#server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  /** Ends every watch now: with a FIN after whole lines, or in the middle of one. */
  drop (how: 'cleanly' | 'within a line' = 'cleanly'): void {
    for (const watch of [...this.watches]) watch.drop(how)
  }

  bookmark (): void {
    for (const watch of this.watches) watch.bookmark(this.store.version)
  }

  #serve (request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://stand-in')
    const { authorization } = request.headers
    this.requests.push({ path: url.pathname, query: url.searchParams, authorization })
    const planned = this.faults.answers.shift()
    if (planned !== undefined) { sendStatus(response, planned.code, planned.reason, `planned ${planned.code}`, planned.headers); return }
    if (this.faults.authorization !== '' && authorization !== this.faults.authorization) { sendStatus(response, 401, 'Unauthorized', 'Unauthorized'); return }
    const known = discovery(url.pathname)
    if (known !== undefined) { send(response, 200, known); return }
    const target = targetOf(url.pathname)
    if (target === undefined) { sendStatus(response, 404, 'NotFound', 'the server could not find the requested resource'); return }
    if (this.faults.forbidden.has(target.id)) {
      sendStatus(response, 403, 'Forbidden', `${target.kind.plural} is forbidden: User "tapio" cannot list resource "${target.kind.plural}" in API group "${target.kind.group}" at the cluster scope`)
      return
    }
    this.#answer(target, url.searchParams, response, (request.headers.accept ?? '').includes('as=PartialObjectMetadata'))
  }

  #answer (target: Target, query: URLSearchParams, response: ServerResponse, metadataOnly: boolean): void {
    const { kind, id, namespace, name } = target
    if (name !== undefined) {
      const object = this.store.get(id, namespace === undefined ? name : `${namespace}/${name}`)
      if (object === undefined) sendStatus(response, 404, 'NotFound', `${kind.plural} "${name}" not found`)
      else send(response, 200, object)
      return
    }
    const selects = selectorOf(query, namespace)
    const watch = query.get('watch')
    if (watch === 'true' || watch === '1') {
      const stream = new WatchStream(this.store, target, selects, query, response, () => this.faults.chunkBytes, metadataOnly)
      this.watches.add(stream)
      response.on('close', () => { stream.end(); this.watches.delete(stream) })
      stream.start()
      return
    }
    const answer = listAnswer(this.store, target, selects, query, metadataOnly)
    if (answer === undefined) sendStatus(response, 410, 'Expired', 'The provided continue parameter is too old to display a consistent list result.')
    else send(response, 200, answer)
  }
}

function selectorOf (query: URLSearchParams, namespace: string | undefined): Selector {
  const labels = labelSelector(query.get('labelSelector') ?? '')
  const fields = fieldSelector(query.get('fieldSelector') ?? '')
  return (object: KubeObject) => (namespace === undefined || object.metadata?.namespace === namespace) && labels(object) && fields(object)
}

function send (response: ServerResponse, code: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(code, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

function sendStatus (response: ServerResponse, code: number, reason: string, message: string, headers: Readonly<Record<string, string>> = {}): void {
  send(response, code, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code }, headers)
}

/** An OTLP/HTTP backend (JSON) that behaves as it is told, and writes into the ledger what it has taken. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Ledger } from './ledger.js'

/**
 * `takes`; `hangs`: never answers; `slow`: after `delayMs`; `busy`: 429 with Retry-After; `unavailable`: 503; `resets`: cuts the connection
 * when it has the request; `loses`: takes it, then cuts the connection (the sender cannot know); `partial`: rejects the first record of
 * each request; `garbage`: 200 and no protobuf or JSON; `rejects`: 400 for all.
 */
export type Behaviour = 'takes' | 'hangs' | 'slow' | 'busy' | 'unavailable' | 'resets' | 'loses' | 'partial' | 'garbage' | 'rejects'

interface Body { readonly resourceLogs?: readonly { readonly scopeLogs?: readonly { readonly logRecords?: readonly { readonly body?: { readonly intValue?: string, readonly stringValue?: string } }[] }[] }[] }

export class Backend {
  behaviour: Behaviour = 'takes'
  delayMs = 50
  requests = 0
  readonly #sockets = new Set<Socket>()
  readonly #watchers = new Set<() => void>()
  #server: Server | undefined

  constructor (readonly ledger: Ledger) {}

  /** On a port of the system's choice, or again on `port`. */
  async listen (port = 0): Promise<number> {
    const server = createServer((request, response) => { void this.#answer(request, response) })
    server.on('connection', socket => { this.#sockets.add(socket.on('close', () => this.#sockets.delete(socket)).on('error', () => undefined)) })
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
    this.#server = server
    return (server.address() as AddressInfo).port
  }

  /** As if it had been killed. */
  async close (): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server === undefined) return
    const closed = new Promise(resolve => server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  /** Resolves when `holds` after a request or an answer. */
  async until (holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>(resolve => { const watch = (): void => { this.#watchers.delete(watch); resolve() }; this.#watchers.add(watch) })
  }

  async #answer (request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined)
    const ids = await read(request)
    this.requests++
    if (ids !== undefined) this.#act(ids, request, response)
    this.#tell()
  }

  #tell (): void { for (const watch of this.#watchers) watch() }

  #act (ids: readonly number[], request: IncomingMessage, response: ServerResponse): void {
    const json = (status: number, body: string, headers: Record<string, string> = {}): void => { response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body) }
    switch (this.behaviour) {
      case 'takes': this.ledger.deliver(ids); json(200, '{}'); break
      case 'hangs': break
      case 'slow': setTimeout(() => { if (response.destroyed) return; this.ledger.deliver(ids); json(200, '{}'); this.#tell() }, this.delayMs); break
      case 'busy': json(429, '{"code":8,"message":"busy"}', { 'retry-after': '1' }); break
      case 'unavailable': json(503, '{"code":14,"message":"away"}'); break
      case 'resets': request.socket.destroy(); break
      case 'loses': this.ledger.deliver(ids); request.socket.destroy(); break
      case 'partial': this.ledger.reject(ids.slice(0, 1)); this.ledger.deliver(ids.slice(1)); json(200, '{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"the first is bad"}}'); break
      case 'garbage': this.ledger.deliver(ids); json(200, '\u0000<html>'); break
      case 'rejects': this.ledger.reject(ids); json(400, '{"code":3,"message":"bad"}'); break
    }
  }
}

/** undefined: the request was cut off. */
async function read (request: IncomingMessage): Promise<readonly number[] | undefined> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Body
    return (body.resourceLogs ?? []).flatMap(r => (r.scopeLogs ?? []).flatMap(s => (s.logRecords ?? []).map(l => Number(l.body?.intValue ?? l.body?.stringValue))))
  } catch {
    return undefined
  }
}

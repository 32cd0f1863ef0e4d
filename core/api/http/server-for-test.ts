/** An HTTP server over services of the test's own, on a port of its own. */
import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http'
import type { DescMethod, DescService } from '@bufbuild/protobuf'
import { silentLogger } from '../../testing/services.js'
import { systemClock } from '../../component/clock.js'
import type { Credentials, Gate } from '../access/gate.js'
import { ApiError, type Call, type ServedService } from '../call.js'
import { Dispatcher } from '../dispatch.js'
import { CollectorService } from '../gen/tapio/v1/collector_service_pb.js'
import { CorrelationService } from '../gen/tapio/v1/correlation_service_pb.js'
import { EventService } from '../gen/tapio/v1/event_service_pb.js'
import { TapioService } from '../gen/tapio/v1/tapio_service_pb.js'
import { HttpServer, type HttpServerOptions } from './server.js'

export const allServices: readonly DescService[] = [TapioService, EventService, CollectorService, CorrelationService]

/** By `Service.method` (`EventService.getEvents`); the rest is UNIMPLEMENTED. */
export type TestMethods = Readonly<Record<string, (request: never, call: Call) => unknown>>

export interface TestServer extends AsyncDisposable {
  readonly server: HttpServer
  readonly port: number
  readonly url: string
  /** What callers showed, in the order of their calls. */
  readonly shown: Credentials[]
  /** `OK` or the ApiCode of each call that ended. */
  readonly codes: string[]
  stop(): Promise<void>
}

export function servicesOf (methods: TestMethods): ServedService[] {
  const missing = (): never => { throw new ApiError('UNIMPLEMENTED', 'not in this test') }
  return allServices.map(service => ({
    service,
    methods: Object.fromEntries(service.methods.map(m => [m.localName, (methods[`${service.name}.${m.localName}`] ?? missing) as ServedService['methods'][string]]))
  }))
}

export interface TestSettings {
  readonly services?: readonly ServedService[]
  readonly gate?: Partial<Gate>
  readonly options?: Partial<HttpServerOptions>
}

export async function startForTest (methods: TestMethods, { services, gate, options }: TestSettings = {}): Promise<TestServer> {
  const shown: Credentials[] = []
  const codes: string[] = []
  const enter = (_method: DescMethod, credentials: Credentials) => {
    shown.push(credentials)
    return { caller: { name: 'anonymous', address: credentials.address, scope: 'admin' as const }, end: () => {} }
  }
  const dispatcher = new Dispatcher({
    services: services ?? servicesOf(methods), gate: { enter, audit: () => {}, ...gate }, logger: silentLogger,
    recorder: { begin: () => {}, end: (_method, code) => { codes.push(code) } }
  })
  const server = new HttpServer({ dispatcher, endpoint: '127.0.0.1:0', clock: systemClock, logger: silentLogger, ...options })
  const port = await server.start()
  const stop = (): Promise<void> => server.stop({ signal: AbortSignal.abort(), atMs: 0 })
  return { server, port, url: `http://127.0.0.1:${port}`, shown, codes, stop, [Symbol.asyncDispose]: stop }
}

export interface Answered { readonly status: number, readonly headers: IncomingHttpHeaders, readonly body: Buffer, readonly text: string }

/** By node:http, which sends whatever headers it is given. */
export function ask (port: number, path: string, { method = 'GET', headers = {}, body }: { method?: string, headers?: OutgoingHttpHeaders, body?: string | Buffer } = {}): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({ port, host: '127.0.0.1', path, method, headers, agent: false }, response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject).on('end', () => {
        const all = Buffer.concat(chunks)
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: all, text: all.toString() })
      })
    })
    outgoing.on('error', reject).end(body)
  })
}

/** A JSON call. */
export function post (port: number, path: string, json: unknown, headers: OutgoingHttpHeaders = {}, method = 'POST'): Promise<Answered> {
  return ask(port, path, { method, headers: { 'content-type': 'application/json', ...headers }, body: typeof json === 'string' ? json : JSON.stringify(json) })
}

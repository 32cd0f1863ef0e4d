/** One HTTP request from its head to its answer. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { toJson, type Message } from '@bufbuild/protobuf'
import type { Clock } from '../../component/clock.js'
import type { Logger } from '../../telemetry/logger.js'
import { ApiError } from '../call.js'
import type { Dispatcher } from '../dispatch.js'
import { jsonType, type Answers } from './answers.js'
import type { Bodies } from './body.js'
import { credentialsOf, readRequest, readRequests } from './call-request.js'
import type { Cors } from './cors.js'
import { fileMethods, type Files } from './files.js'
import { isOwnOrigin, type Hosts } from './hosts.js'
import { acceptable } from './negotiate.js'
import { HttpError } from './problem.js'
import type { Route, Routes } from './routes.js'
import { eventStreamType, linesType, sendStream, type StreamType } from './streamed.js'
import { until } from './until.js'

/** What all requests of a server share. */
export interface Exchanges {
  readonly dispatcher: Dispatcher
  readonly routes: Routes
  readonly answers: Answers
  readonly bodies: Bodies
  readonly files: Files
  readonly hosts: Hosts
  readonly cors: Cors
  readonly clock: Clock
  readonly logger: Logger
  readonly unix: boolean
  readonly unaryTimeoutMs: number
  refused(status: number): void
  /** Calls under way, to be told when the server stops. */
  readonly calls: Set<AbortController>
  readonly streams: Set<AbortController>
}

/** Never rejects. */
export async function serveRequest (shared: Exchanges, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const abort = new AbortController()
  // A client that goes away in the middle is no error of ours.
  request.on('error', ignore)
  response.on('error', ignore).once('close', () => { if (!response.writableFinished) abort.abort(new ApiError('CANCELLED', 'the client went away')) })
  shared.calls.add(abort)
  try {
    await route(shared, request, response, abort)
  } catch (error) {
    fail(shared, request, response, error)
  } finally {
    shared.calls.delete(abort)
    shared.streams.delete(abort)
  }
}

async function route (shared: Exchanges, request: IncomingMessage, response: ServerResponse, abort: AbortController): Promise<void> {
  const { url = '', method = '' } = request
  shared.hosts.check(request.headers.host)
  if (shared.answers.stopping) throw new HttpError(503, 'UNAVAILABLE', 'this Tapio is stopping', {}, { retryAfterMs: 1000 })
  if (!url.startsWith('/') && !(method === 'OPTIONS' && url === '*')) throw new HttpError(400, 'INVALID_ARGUMENT', 'the request names no path of this server: it is no proxy')
  const [path = '', query = ''] = splitOnce(url, '?')
  if (method === 'OPTIONS') answerOptions(shared, request, response, path)
  else if (path === '/v1' || path.startsWith('/v1/')) await call(shared, request, response, shared.routes.find(method, path), query, abort)
  else shared.files.serve(request, response, path)
}

async function call (shared: Exchanges, request: IncomingMessage, response: ServerResponse, found: Route, query: string, abort: AbortController): Promise<void> {
  if (found.verb !== 'GET') checkOrigin(shared, request)
  if (found.method.methodKind === 'unary') await answerOnce(shared, request, response, found, query, abort)
  else await answerStream(shared, request, response, found, query, abort)
}

async function answerOnce (shared: Exchanges, request: IncomingMessage, response: ServerResponse, found: Route, query: string, abort: AbortController): Promise<void> {
  const { dispatcher, unaryTimeoutMs, unix, answers } = shared
  const { method } = found
  if (acceptable(request.headers.accept, [jsonType]) === undefined) throw notAcceptable([jsonType])
  const message = await readRequest(request, found, query, shared.bodies, abort.signal)
  const cancel = shared.clock.after(unaryTimeoutMs, () => abort.abort(new ApiError('DEADLINE_EXCEEDED', `there was no answer within ${unaryTimeoutMs / 1000} s; ask for less`)))
  try {
    const answer = await until(abort.signal, dispatcher.unary(method, message, credentialsOf(request, unix), abort.signal))
    await answers.json(request, response, statusOf(answer), toJson(method.output, answer))
  } finally {
    cancel()
  }
}

async function answerStream (shared: Exchanges, request: IncomingMessage, response: ServerResponse, found: Route, query: string, abort: AbortController): Promise<void> {
  const { dispatcher, unix, answers, clock, cors } = shared
  const { method } = found
  const both = method.methodKind === 'bidi_streaming'
  const offered: readonly StreamType[] = both ? [linesType] : [eventStreamType, linesType]
  const type = acceptable(request.headers.accept, offered)
  if (type === undefined) throw notAcceptable(offered)
  const input = both ? readRequests(request, found, shared.bodies, abort.signal) : await readRequest(request, found, query, shared.bodies, abort.signal)
  shared.streams.add(abort)
  const headers = { ...cors.answer(request.headers.origin), 'content-type': type, 'cache-control': 'no-store', 'x-accel-buffering': 'no' }
  const begin = (): void => { response.writeHead(200, { ...answers.common(request), ...headers }) }
  await sendStream({ response, type, schema: method.output, signal: abort.signal, clock, begin }, dispatcher.stream(method, input, credentialsOf(request, unix), abort.signal))
}

/** A page of another server may not change anything here, whoever opened it. */
function checkOrigin ({ cors }: Exchanges, { headers: { origin, host } }: IncomingMessage): void {
  if (origin === undefined || isOwnOrigin(origin, host) || cors.allows(origin)) return
  throw new HttpError(403, 'PERMISSION_DENIED', `a page of ${JSON.stringify(origin.slice(0, 100))} may not change anything here; add it to cors.allowed_origins of service.api if it should`)
}

function answerOptions ({ answers, routes, cors }: Exchanges, request: IncomingMessage, response: ServerResponse, path: string): void {
  const api = path === '/v1' || path.startsWith('/v1/')
  const methods = api ? routes.allowed(path) : fileMethods
  if (methods.length === 0) throw new HttpError(404, 'NOT_FOUND', `there is nothing at ${path.slice(0, 200)}; /openapi.json lists what is`)
  answers.send(request, response, { status: 204, headers: { allow: methods.join(', '), ...api ? cors.preflight(request.headers, methods) : {} }, body: '' })
}

function fail ({ answers, logger, refused }: Exchanges, request: IncomingMessage, response: ServerResponse, error: unknown): void {
  const known = error instanceof ApiError ? error : new ApiError('INTERNAL', 'the answer could not be made; the log of Tapio says why')
  const { instance } = answers.problem(request, response, known)
  if (known instanceof HttpError) refused(known.status)
  if (known.code !== 'INTERNAL') return
  logger.error('a request to the API failed', { method: request.method, url: request.url?.slice(0, 200), instance, ...error === known ? {} : { error } })
}

/** Probes and load balancers look at the status alone. */
function statusOf (answer: Message): number {
  return answer.$typeName === 'tapio.v1.HealthCheckResponse' && (answer as Message & { readonly ready: boolean }).ready !== true ? 503 : 200
}

function notAcceptable (offered: readonly string[]): HttpError {
  return new HttpError(406, 'INVALID_ARGUMENT', `this is answered as ${offered.join(' or ')}, which accept does not allow`)
}

function splitOnce (text: string, at: string): readonly string[] {
  const i = text.indexOf(at)
  return i < 0 ? [text] : [text.slice(0, i), text.slice(i + 1)]
}

function ignore (): void {}

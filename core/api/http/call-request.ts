/** From an HTTP request to the request of an rpc, and who asks. */
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { Message } from '@bufbuild/protobuf'
import type { Credentials } from '../access/gate.js'
import { ApiError } from '../call.js'
import { checkContentType, compressionOf, type Bodies } from './body.js'
import { requestsOf } from './lines.js'
import { jsonType } from './answers.js'
import { fieldOf, requestOfJson } from './json-request.js'
import { addVariables, bindVariables, requestOfQuery } from './query-request.js'
import { HttpError } from './problem.js'
import type { Route } from './routes.js'
import { linesType } from './streamed.js'
import { until } from './until.js'

/** One request of a unary method or of one that answers with a stream. Rejects with ApiError. */
export async function readRequest (request: IncomingMessage, route: Route, query: string, bodies: Bodies, signal: AbortSignal): Promise<Message> {
  const { method: { input }, variables } = route
  if (!route.body) {
    const message = requestOfQuery(input, query, variables)
    resume(request, route, message)
    return message
  }
  if (query !== '') throw new HttpError(400, 'INVALID_ARGUMENT', 'this method takes its request in the body; it has no query parameters')
  checkContentType(request.headers, jsonType)
  const message = requestOfJson(input, await bodies.read(request, signal))
  bindVariables(input, message, variables)
  return message
}

/** The requests of a method that takes a stream of them. Throws HttpError 415. */
export function readRequests (request: IncomingMessage, { method }: Route, bodies: Bodies, signal: AbortSignal): AsyncIterable<Message> {
  checkContentType(request.headers, linesType)
  if (compressionOf(request.headers) !== undefined) throw new HttpError(415, 'INVALID_ARGUMENT', 'a stream of requests is not taken compressed')
  return requestsOf(method.input, chunksOf(request, signal), bodies.limits.maxRequestBytes)
}

async function * chunksOf (request: IncomingMessage, signal: AbortSignal): AsyncGenerator<Buffer> {
  // Leaving the loop must not end the connection: the answer is still to go out.
  const chunks = request.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>
  try {
    for (;;) {
      const next = await until(signal, chunks.next())
      if (next.done === true) return
      yield next.value
    }
  } catch (error) {
    throw error instanceof ApiError ? error : new ApiError('CANCELLED', 'the client went away')
  }
}

/** A browser that connects again says how far it came; that is newer than what the address says. */
function resume (request: IncomingMessage, { method }: Route, message: Message): void {
  const token = request.headers['last-event-id']
  if (typeof token !== 'string' || token === '' || method.methodKind !== 'server_streaming' || fieldOf(method.input, 'resume_token') === undefined) return
  addVariables(method.input, message, new Map([['resume_token', token]]), [])
}

export function credentialsOf (request: IncomingMessage, unix: boolean): Credentials {
  return {
    authorization: request.headers.authorization,
    certificateName: certificateNameOf(request.socket as TLSSocket),
    // Gone already when undefined: nobody will see the answer, but it must not count as somebody local.
    address: unix ? 'unix' : (request.socket.remoteAddress ?? 'gone').replace(/^::ffff:(?=\d+\.)/, '')
  }
}

function certificateNameOf (socket: TLSSocket): string | undefined {
  if (socket.encrypted !== true || !socket.authorized) return undefined
  const { subject } = socket.getPeerCertificate()
  if (subject === undefined) return undefined
  const name: unknown = subject.CN
  return typeof name === 'string' ? name : ''
}

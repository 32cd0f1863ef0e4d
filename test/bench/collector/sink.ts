/**
 * The backend of the bench, a process of its own: takes OTLP over HTTP and gRPC, counts spans and the sum of their ids, says
 * yes. Asked `tally`, it answers with what came since it started.
 */
import { createServer as createHttp } from 'node:http'
import { createServer as createHttp2, type ServerHttp2Stream, type IncomingHttpHeaders } from 'node:http2'
import type { AddressInfo, Server } from 'node:net'
import type { Readable } from 'node:stream'
import { gunzipSync } from 'node:zlib'
import { countSpans, emptyTally } from './count.js'

export interface SinkPorts { readonly http: number, readonly grpc: number }

const tally = { ...emptyTally }

/** So that the sink never makes a sender wait for a window. */
const windowBytes = 16 << 20

function whole (stream: Readable, done: (body: Buffer) => void): void {
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => { chunks.push(chunk) })
  stream.on('end', () => { done(chunks.length === 1 ? chunks[0] as Buffer : Buffer.concat(chunks)) })
  // A system that is killed in the middle of a request: what it had not sent is missing from the tally, which tells.
  stream.on('error', () => undefined)
}

function httpSink (): Server {
  return createHttp((request, response) => {
    whole(request, body => {
      countSpans(request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body, tally)
      response.writeHead(200, { 'content-type': 'application/x-protobuf', 'content-length': 0 }).end()
    })
  })
}

function grpcSink (): Server {
  const server = createHttp2({ settings: { initialWindowSize: windowBytes, maxConcurrentStreams: 1000 } })
  server.on('session', session => { session.setLocalWindowSize(windowBytes) })
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    whole(stream, framed => {
      const message = framed.subarray(5)
      countSpans(framed[0] === 1 && headers['grpc-encoding'] === 'gzip' ? gunzipSync(message) : message, tally)
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.on('wantTrailers', () => { stream.sendTrailers({ 'grpc-status': '0' }) })
      // An empty message: the response has no field set.
      stream.end(Buffer.alloc(5))
    })
  })
  return server
}

function listen (server: Server): Promise<number> {
  return new Promise(resolve => { server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)) })
}

process.on('message', () => { process.send?.(tally) })
process.on('disconnect', () => { process.exitCode = 0; process.kill(process.pid, 'SIGTERM') })
process.send?.({ http: await listen(httpSink()), grpc: await listen(grpcSink()) } satisfies SinkPorts)

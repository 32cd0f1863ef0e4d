/** For the tests beside it: batches of each signal, and HTTP/2 servers that misbehave as told. */
import http2, { type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { EventBatch } from '../../core/data/batch.js'
import { EventIds } from '../../core/data/ids.js'
import { readExportRequest } from '../../core/otlp/reader.js'
import type { OtlpSignal } from '../../core/otlp/signals.js'
import { oracleType, requestType } from '../../core/otlp/testing/oracle.js'

const ids = new EventIds(new Uint8Array(8))

/** What an SDK would have sent: the request `message`, read. */
export function batchFrom (signal: OtlpSignal, message: object): EventBatch {
  const type = oracleType(requestType(signal))
  return batchOf(signal, type.encode(type.fromObject(message)).finish())
}

/** The request `bytes`, read. */
export function batchOf (signal: OtlpSignal, bytes: Uint8Array): EventBatch {
  const result = readExportRequest(signal, bytes, { ids, observedTimeUnixNano: 1n })
  if (!result.ok) throw new Error(result.error)
  return result.batch
}

/** `count` spans, of trace `i` each, with names of `nameBytes`. */
export function spans (count: number, nameBytes = 1): EventBatch {
  const traceId = (i: number): Buffer => { const id = Buffer.alloc(16, 1); id.writeUInt32BE(i, 12); return id }
  return batchFrom('traces', { resourceSpans: [{ scopeSpans: [{ spans: Array.from({ length: count }, (_, i) => ({ name: 'n'.repeat(nameBytes), traceId: traceId(i) })) }] }] })
}

export interface RawServer {
  readonly endpoint: string
  readonly sessions: ServerHttp2Session[]
  /** Whole requests, as received. */
  readonly requests: Buffer[]
  readonly headers: http2.IncomingHttpHeaders[]
  close(): Promise<void>
}

/** `answer` is called when a request is whole, `early` when its headers are in. */
export async function rawServer (answer: (stream: ServerHttp2Stream, session: ServerHttp2Session, nth: number) => void, settings: http2.Settings = {}, early?: (stream: ServerHttp2Stream) => void): Promise<RawServer> {
  const sessions: ServerHttp2Session[] = []
  const requests: Buffer[] = []
  const headers: http2.IncomingHttpHeaders[] = []
  const server = http2.createServer({ settings })
  server.on('session', session => { sessions.push(session); session.on('error', () => undefined) })
  server.on('stream', (stream, head) => {
    const chunks: Buffer[] = []
    headers.push(head)
    early?.(stream)
    stream.on('error', () => undefined)
    stream.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
      requests.push(Buffer.concat(chunks))
      answer(stream, stream.session as ServerHttp2Session, requests.length)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `127.0.0.1:${(server.address() as { port: number }).port}`,
    sessions,
    requests,
    headers,
    close: () => new Promise(resolve => { server.close(() => resolve()); for (const session of sessions) session.destroy() })
  }
}

/** A whole gRPC answer: status and what goes with it. */
export function grpcAnswer (stream: ServerHttp2Stream, trailers: Record<string, string> = { 'grpc-status': '0' }, body: Uint8Array = Buffer.from([0, 0, 0, 0, 0]), headers: Record<string, string> = {}): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...headers }, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers(trailers))
  stream.end(body)
}

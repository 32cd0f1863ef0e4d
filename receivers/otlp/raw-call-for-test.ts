/** gRPC calls spoken by hand over node:http2: any head, any bytes, and everything that came back. */
import http2, { type ClientHttp2Session, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2'
import { decodeStatus, type RpcStatus } from '../../core/otlp/responses.js'
import { signalFacts } from '../../core/otlp/signals.js'
import { oracleType, requestType } from '../../core/otlp/testing/oracle.js'

export interface RawReply {
  readonly http: number
  /** The grpc-status, wherever it stood; NaN when there was none. */
  readonly status: number
  readonly message: string
  readonly details: RpcStatus | undefined
  readonly headers: IncomingHttpHeaders
  readonly trailersOnly: boolean
  readonly body: Buffer
  /** The code the stream was closed with. */
  readonly rst: number
}

export const head: OutgoingHttpHeaders = { ':method': 'POST', ':path': signalFacts.traces.grpcPath, 'content-type': 'application/grpc', te: 'trailers' }

/** `parts` are written one after the other, each as frames of its own; `end: false` leaves the client's side open. */
export function rawCall (session: ClientHttp2Session, parts: readonly Uint8Array[], headers: OutgoingHttpHeaders = {}, end = true): Promise<RawReply> {
  return new Promise(resolve => {
    const stream = session.request({ ...head, ...headers })
    const chunks: Buffer[] = []
    let first: IncomingHttpHeaders = {}
    let last: IncomingHttpHeaders | undefined
    stream.on('response', h => { first = h }).on('trailers', h => { last = h }).on('data', (c: Buffer) => chunks.push(c)).on('error', () => {})
    // Not `close` alone: Node's client waits for ever to write what the server had enough of without it.
    const finish = (): void => {
      const said = last ?? first
      const bin = said['grpc-status-details-bin']
      resolve({
        http: Number(first[':status']), status: Number(said['grpc-status']), message: String(said['grpc-message'] ?? ''),
        details: typeof bin === 'string' ? decodeStatus(Buffer.from(bin, 'base64')) : undefined, headers: first, trailersOnly: last === undefined, body: Buffer.concat(chunks), rst: stream.rstCode
      })
    }
    stream.on('close', finish).on('end', () => { if (first[':status'] !== undefined && !end) setImmediate(finish) })
    void writeParts(stream, parts, end)
  })
}

async function writeParts (stream: http2.ClientHttp2Stream, parts: readonly Uint8Array[], end: boolean): Promise<void> {
  for (const part of parts) {
    if (stream.destroyed) return
    await new Promise(resolve => stream.write(part, resolve))
  }
  if (end && !stream.destroyed) stream.end()
}

export async function withSession<T> (port: number, use: (session: ClientHttp2Session) => Promise<T>): Promise<T> {
  const session = connect(port)
  try { return await use(session) } finally { session.destroy() }
}

export function connect (port: number): ClientHttp2Session {
  return http2.connect(`http://127.0.0.1:${port}`).on('error', () => {})
}

/** A message with its prefix. */
export function framed (message: Uint8Array, compressed = 0): Buffer {
  const prefix = Buffer.alloc(5)
  prefix[0] = compressed
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}

/** A trace request of `n` spans. */
export function spans (n: number, name = 'a'): Buffer {
  const type = oracleType(requestType('traces'))
  return Buffer.from(type.encode(type.fromObject({ resourceSpans: [{ scopeSpans: [{ spans: Array.from({ length: n }, () => ({ name })) }] }] })).finish())
}

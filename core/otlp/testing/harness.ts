/** Clients for tests of OTLP servers: HTTP and gRPC calls that show everything the other side answered. */
import http from 'node:http'
import net from 'node:net'
import grpc from '@grpc/grpc-js'
import { signalFacts, type OtlpSignal } from '../signals.js'

export interface HttpReply { readonly code: number, readonly headers: http.IncomingHttpHeaders, readonly body: Buffer }

export function post (port: number, path: string, body: Uint8Array | string, headers: Record<string, string> = {}, method = 'POST'): Promise<HttpReply> {
  return new Promise((resolve, reject) => {
    const request = http.request({ port, host: '127.0.0.1', path, method, agent: false, headers: { 'content-type': 'application/x-protobuf', 'content-length': Buffer.byteLength(body), ...headers } }, response => {
      const chunks: Buffer[] = []
      response.on('data', (c: Buffer) => chunks.push(c)).on('end', () => resolve({ code: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }))
    })
    request.on('error', reject)
    request.end(body)
  })
}

/** Sends `bytes` to a port and answers all that comes back until the connection ends (or `endMs` pass). */
export function rawExchange (port: number, bytes: Uint8Array | string, endMs = 5000): Promise<string> {
  return new Promise(resolve => {
    const chunks: Buffer[] = []
    const socket = net.connect(port, '127.0.0.1', () => socket.write(bytes))
    const finish = (): void => { clearTimeout(timer); socket.destroy(); resolve(Buffer.concat(chunks).toString('latin1')) }
    const timer = setTimeout(finish, endMs)
    socket.on('data', c => chunks.push(c)).on('end', finish).on('error', finish).on('close', finish)
  })
}

export interface GrpcReply { readonly code: number, readonly details: string, readonly metadata: grpc.Metadata, readonly body: Buffer | undefined }

const same = (b: Buffer): Buffer => b

export function grpcCall (port: number, signal: OtlpSignal, body: Uint8Array, options: { readonly gzip?: boolean, readonly path?: string } = {}): Promise<GrpcReply> {
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
    'grpc.default_compression_algorithm': options.gzip === true ? 2 : 0, 'grpc.use_local_subchannel_pool': 1, 'grpc.max_send_message_length': -1
  })
  return new Promise(resolve => {
    client.makeUnaryRequest(options.path ?? signalFacts[signal].grpcPath, same, same, Buffer.from(body), new grpc.Metadata(), { deadline: Date.now() + 10_000 }, (error, answer) => {
      client.close()
      resolve(error === null ? { code: 0, details: '', metadata: new grpc.Metadata(), body: answer } : { code: error.code, details: error.details, metadata: error.metadata, body: undefined })
    })
  })
}

/** Resolves when `condition` holds; rejects after `timeoutMs`. Looks on every turn of the event loop's timers. */
export async function until (condition: () => boolean, what: string, timeoutMs = 10_000): Promise<void> {
  const end = performance.now() + timeoutMs
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

/**
 * Rejects unless the event loop has nothing to do: in twenty waits of 10 ms it turns a few times each. One that spins on a
 * dead connection turns thousands of times. (Node counts its turns from 20.18 on; before that there is nothing to see.)
 */
export async function atRest (waits = 20, mostTurns = 50): Promise<void> {
  const turns = (): number => (performance.nodeTiming.uvMetricsInfo as { loopCount: number } | undefined)?.loopCount ?? 0
  for (let tries = 0; ; tries++) {
    const before = turns()
    for (let i = 0; i < waits; i++) await new Promise(resolve => setTimeout(resolve, 10))
    const turned = turns() - before
    if (turned <= waits * mostTurns) return
    // What is being closed may still take a while.
    if (tries === 10) throw new Error(`the event loop turned ${turned} times in ${waits} waits of 10 ms: something spins`)
  }
}

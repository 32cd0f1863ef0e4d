/** What the head of an HTTP request says: signal, encoding, compression, or why it is none that we take. */
import type { IncomingMessage } from 'node:http'
import { compressions, isCompression, type Compression } from '../../core/net/compression.js'
import type { RpcStatus } from '../../core/otlp/responses.js'
import { otlpSignals, signalFacts, type OtlpSignal } from '../../core/otlp/signals.js'
import type { RequestOutcome } from './metrics.js'
import { RpcCode } from '../../core/net/grpc/status.js'

export type Encoding = 'protobuf' | 'json'
export const contentTypes: Readonly<Record<Encoding, string>> = { protobuf: 'application/x-protobuf', json: 'application/json' }

export interface RequestHead {
  readonly signal: OtlpSignal
  readonly encoding: Encoding
  /** '' when the body is not compressed. */
  readonly compression: Compression | ''
}

/** An answer that is not the intake's. */
export interface Refusal { readonly http: number, readonly status: RpcStatus, readonly outcome: RequestOutcome, readonly headers?: Readonly<Record<string, string>> }

/** The Collector listens for profiles where they will be once they are stable. */
const signalOfPath = new Map<string, OtlpSignal>([...otlpSignals.map(signal => [signalFacts[signal].httpPath, signal] as const), ['/v1/profiles', 'profiles']])

export function signalOfRequest (request: IncomingMessage): OtlpSignal | undefined {
  const url = request.url ?? ''
  return signalOfPath.get(url) ?? signalOfPath.get(pathOf(url))
}

export function readHead (request: IncomingMessage, signal: OtlpSignal | undefined, encoding: Encoding | undefined, maxBytes: number): RequestHead | Refusal {
  const { headers } = request
  if (signal === undefined) return notOtlp(404, RpcCode.notFound, `no OTLP signal at ${pathOf(request.url ?? '').slice(0, 200)}; there are ${[...signalOfPath.keys()].join(', ')}`)
  if (request.method !== 'POST') return { ...notOtlp(405, RpcCode.unimplemented, `${request.method} is not POST`), headers: { allow: 'POST' } }
  if (encoding === undefined) return notOtlp(415, RpcCode.invalidArgument, `content-type "${headers['content-type'] ?? ''}" is neither ${contentTypes.protobuf} nor ${contentTypes.json}`)
  const compression = compressionOf(headers['content-encoding'])
  if (compression !== '' && !isCompression(compression)) return { ...notOtlp(415, RpcCode.invalidArgument, `content-encoding "${compression}" is none of ${compressions.join(', ')}`), headers: { 'accept-encoding': compressions.join(', ') } }
  if (Number(headers['content-length'] ?? 0) > maxBytes) return tooLarge(maxBytes)
  return { signal, encoding, compression }
}

export function encodingOf (type: string | undefined): Encoding | undefined {
  // As nearly all clients write it.
  if (type === contentTypes.protobuf) return 'protobuf'
  switch (type?.split(';')[0]?.trim().toLowerCase()) {
    case contentTypes.protobuf: return 'protobuf'
    case contentTypes.json: return 'json'
    default: return undefined
  }
}

function compressionOf (header: string | undefined): string {
  if (header === undefined) return ''
  const encoding = header.trim().toLowerCase()
  return encoding === 'identity' ? '' : encoding
}

function pathOf (url: string): string {
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
}

function notOtlp (http: number, code: number, message: string): Refusal {
  return { http, status: { code, message }, outcome: 'not_otlp' }
}

export function tooLarge (maxBytes: number): Refusal {
  return { http: 413, status: { code: RpcCode.resourceExhausted, message: `the body is larger than ${maxBytes} bytes` }, outcome: 'too_large' }
}

export function malformed (message: string): Refusal {
  return { http: 400, status: { code: RpcCode.invalidArgument, message, badRequest: message }, outcome: 'malformed' }
}

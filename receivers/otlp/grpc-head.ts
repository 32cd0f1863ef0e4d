/** What the head of a gRPC call says, or why it is none that we take. */
import type { IncomingHttpHeaders } from 'node:http2'
import { compressions, isCompression, type Compression } from '../../core/net/compression.js'
import { otlpSignals, signalFacts, type OtlpSignal } from '../../core/otlp/signals.js'
import { RpcCode } from '../../core/net/grpc/status.js'

export interface CallHead {
  readonly signal: OtlpSignal
  /** The grpc-encoding that a compressed message is in; '' for none. */
  readonly encoding: Compression | ''
  /** How long the client will wait; Infinity when it did not say. */
  readonly timeoutMs: number
}

/** Not a gRPC call at all (`http`, the rest is then silence), or one that gets this status. */
export type HeadFault =
  | { readonly http: 405 | 415 }
  | { readonly code: number, readonly message: string }

const signalOfPath = new Map<string, OtlpSignal>(otlpSignals.map(signal => [signalFacts[signal].grpcPath, signal]))

export function signalOfCall (headers: IncomingHttpHeaders): OtlpSignal | undefined {
  return signalOfPath.get(headers[':path'] ?? '')
}

export function readHead (headers: IncomingHttpHeaders): CallHead | HeadFault {
  if (headers[':method'] !== 'POST') return { http: 405 }
  const subtype = contentSubtype(headers['content-type'])
  if (subtype === undefined) return { http: 415 }
  const signal = signalOfCall(headers)
  if (signal === undefined) return { code: RpcCode.unimplemented, message: `no method ${headers[':path'] ?? ''}; there are ${[...signalOfPath.keys()].join(', ')}` }
  if (subtype !== '' && subtype !== 'proto') return { code: RpcCode.unimplemented, message: `content-type application/grpc+${subtype} is not application/grpc or application/grpc+proto` }
  const encoding = headers['grpc-encoding']
  const plain = encoding === undefined || encoding === 'identity'
  if (!plain && !isCompression(String(encoding))) return { code: RpcCode.unimplemented, message: `grpc-encoding "${String(encoding)}" is none of identity, ${compressions.join(', ')}` }
  const timeoutMs = parseTimeout(headers['grpc-timeout'])
  if (timeoutMs === undefined) return { code: RpcCode.internal, message: `grpc-timeout "${String(headers['grpc-timeout'])}" is not digits and one of H, M, S, m, u, n` }
  return { signal, encoding: plain ? '' : encoding as Compression, timeoutMs }
}

/** `application/grpc` gives '', `application/grpc+proto; x` gives proto, anything else undefined. */
function contentSubtype (type: string | undefined): string | undefined {
  if (type === 'application/grpc') return ''
  const match = /^application\/grpc(?:\+([\w.-]+))?\s*(?:;|$)/i.exec(type ?? '')
  return match === null ? undefined : match[1]?.toLowerCase() ?? ''
}

const msPerUnit: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 }

/** At most eight digits and a unit. */
function parseTimeout (header: string | string[] | undefined): number | undefined {
  if (header === undefined) return Infinity
  const text = String(header)
  const unit = msPerUnit[text[text.length - 1] ?? '']
  const digits = text.slice(0, -1)
  return unit === undefined || !/^\d{1,8}$/.test(digits) ? undefined : Number(digits) * unit
}

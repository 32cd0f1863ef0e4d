/** What a gRPC server answers: statuses as the headers that end a call. */
import { constants, type OutgoingHttpHeaders } from 'node:http2'
import { encodeStatus, type RpcStatus } from '../../otlp/responses.js'

/** The headers of every answer; those of one that has no message carry the status too (trailers-only). */
export function answerHeaders (encodings: readonly string[]): OutgoingHttpHeaders {
  return { ':status': 200, 'content-type': 'application/grpc+proto', 'grpc-accept-encoding': ['identity', ...encodings].join(',') }
}

export const okTrailers: OutgoingHttpHeaders = { 'grpc-status': '0' }

/** Answers are built from the same few words; a header block that is larger than clients take would lose the whole status. */
const maxMessageLength = 1024

export function statusHeaders (status: RpcStatus): OutgoingHttpHeaders {
  const short = status.message.length > maxMessageLength ? { ...status, message: `${status.message.slice(0, maxMessageLength)}…` } : status
  const detailed = short.badRequest !== undefined && short.badRequest.length > maxMessageLength ? { ...short, badRequest: short.message } : short
  return {
    'grpc-status': String(status.code),
    'grpc-message': percentEncode(short.message),
    'grpc-status-details-bin': encodeStatus(detailed).toString('base64')
  }
}

/** As the gRPC specification has it: UTF-8, and every byte but printable ASCII, and %, as %XX. */
export function percentEncode (text: string): string {
  if (/^[ -$&-~]*$/.test(text)) return text
  let out = ''
  for (const byte of Buffer.from(text)) out += byte < 0x20 || byte > 0x7e || byte === 0x25 ? `%${byte.toString(16).toUpperCase().padStart(2, '0')}` : String.fromCharCode(byte)
  return out
}

/** google.rpc.Code: the numbers are gRPC's. */
export const RpcCode = {
  cancelled: 1, invalidArgument: 3, deadlineExceeded: 4, notFound: 5, resourceExhausted: 8, unimplemented: 12, internal: 13, unavailable: 14, unauthenticated: 16
} as const

/** A server that is going away: the client's next try will find its successor. */
export const draining: RpcStatus = { code: RpcCode.unavailable, message: 'shutting down' }

export const unauthenticated: RpcStatus = { code: RpcCode.unauthenticated, message: 'no valid credentials in `authorization`' }

export const { NGHTTP2_NO_ERROR, NGHTTP2_CANCEL, NGHTTP2_ENHANCE_YOUR_CALM } = constants

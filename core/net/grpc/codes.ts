/**
 * The numbers of gRPC, and what HTTP/2 and HTTP say in their words.
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md and doc/http-grpc-status-mapping.md
 */
import { constants } from 'node:http2'

export const Code = {
  OK: 0, CANCELLED: 1, UNKNOWN: 2, INVALID_ARGUMENT: 3, DEADLINE_EXCEEDED: 4, NOT_FOUND: 5, ALREADY_EXISTS: 6, PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8, FAILED_PRECONDITION: 9, ABORTED: 10, OUT_OF_RANGE: 11, UNIMPLEMENTED: 12, INTERNAL: 13, UNAVAILABLE: 14,
  DATA_LOSS: 15, UNAUTHENTICATED: 16
} as const

const names = new Map<number, string>(Object.entries(Code).map(([name, code]) => [code, name]))

/** `UNAVAILABLE`; a number that gRPC does not know stays one. */
export function codeName (code: number): string { return names.get(code) ?? String(code) }

/** A stream that was reset without a status. */
export function codeOfReset (rstCode: number): number {
  switch (rstCode) {
    case constants.NGHTTP2_REFUSED_STREAM: return Code.UNAVAILABLE
    case constants.NGHTTP2_CANCEL: return Code.CANCELLED
    case constants.NGHTTP2_ENHANCE_YOUR_CALM: return Code.RESOURCE_EXHAUSTED
    case constants.NGHTTP2_INADEQUATE_SECURITY: return Code.PERMISSION_DENIED
    default: return Code.INTERNAL
  }
}

const resetNames = new Map<number, string>(Object.entries(constants)
  .filter(([name]) => /^NGHTTP2_(NO_ERROR|PROTOCOL_ERROR|INTERNAL_ERROR|FLOW_CONTROL_ERROR|SETTINGS_TIMEOUT|STREAM_CLOSED|FRAME_SIZE_ERROR|REFUSED_STREAM|CANCEL|COMPRESSION_ERROR|CONNECT_ERROR|ENHANCE_YOUR_CALM|INADEQUATE_SECURITY|HTTP_1_1_REQUIRED)$/.test(name))
  .map(([name, code]) => [code as number, name.slice('NGHTTP2_'.length)]))

/** `REFUSED_STREAM`: the name of an HTTP/2 error code. */
export function resetName (rstCode: number): string { return resetNames.get(rstCode) ?? String(rstCode) }

/** An answer that is not gRPC: a proxy's, or that of a server which does not speak it. */
export function codeOfHttp (status: number): number {
  switch (status) {
    case 400: return Code.INTERNAL
    case 401: return Code.UNAUTHENTICATED
    case 403: return Code.PERMISSION_DENIED
    case 404: return Code.UNIMPLEMENTED
    case 429: case 502: case 503: case 504: return Code.UNAVAILABLE
    default: return Code.UNKNOWN
  }
}

/** grpc-message is percent-encoded UTF-8; what is not well encoded stays as it is. */
export function decodeMessage (text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** grpc-timeout: at most eight digits and a unit. */
export function timeoutHeader (ms: number): string {
  const whole = Math.max(1, Math.ceil(ms))
  return whole <= 99_999_999 ? `${whole}m` : `${Math.ceil(whole / 1000)}S`
}

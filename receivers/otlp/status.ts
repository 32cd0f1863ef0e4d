/**
 * Answers as google.rpc.Status, for both transports, and as HTTP status codes.
 * https://opentelemetry.io/docs/specs/otlp/#failures and #failures-1
 */
import type { RpcStatus } from '../../core/otlp/responses.js'
import type { Answer } from './intake.js'

/** google.rpc.Code: the numbers are gRPC's. */
export const RpcCode = {
  cancelled: 1, invalidArgument: 3, deadlineExceeded: 4, notFound: 5, resourceExhausted: 8, unimplemented: 12, internal: 13, unavailable: 14, unauthenticated: 16
} as const

/** A server that is going away: the client's next try will find its successor. */
export const draining: RpcStatus = { code: RpcCode.unavailable, message: 'shutting down' }

export const unauthenticated: RpcStatus = { code: RpcCode.unauthenticated, message: 'no valid credentials in `authorization`' }

/** A retry without RetryInfo would tell a gRPC client that it must not. */
export function rpcStatusOf (answer: Exclude<Answer, { status: 'success' }>): RpcStatus {
  switch (answer.status) {
    case 'malformed': return { code: RpcCode.invalidArgument, message: answer.message, badRequest: answer.message }
    case 'rejected': return { code: RpcCode.invalidArgument, message: answer.message }
    case 'retry': return { code: RpcCode.resourceExhausted, message: answer.message, retryAfterMs: answer.afterMs }
    case 'refused': return { code: RpcCode.unavailable, message: answer.message }
  }
}

export function httpStatusOf (answer: Exclude<Answer, { status: 'success' }>): number {
  switch (answer.status) {
    case 'malformed': case 'rejected': return 400
    case 'retry': return 429
    case 'refused': return 503
  }
}

/**
 * Answers as google.rpc.Status, for both transports, and as HTTP status codes.
 * https://opentelemetry.io/docs/specs/otlp/#failures and #failures-1
 */
import type { RpcStatus } from '../../core/otlp/responses.js'
import { RpcCode } from '../../core/net/grpc/status.js'
import type { Answer } from './intake.js'

/**
 * A retry without RetryInfo would tell a gRPC client that it must not. Overload is `Unavailable` (specification, "OTLP/gRPC Throttling"),
 * which clients retry that do not look for RetryInfo.
 */
export function rpcStatusOf (answer: Exclude<Answer, { status: 'success' }>): RpcStatus {
  switch (answer.status) {
    case 'malformed': return { code: RpcCode.invalidArgument, message: answer.message, badRequest: answer.message }
    case 'rejected': return { code: RpcCode.invalidArgument, message: answer.message }
    case 'retry': return { code: RpcCode.resourceExhausted, message: answer.message, retryAfterMs: answer.afterMs }
    case 'overloaded': return { code: RpcCode.unavailable, message: answer.message, retryAfterMs: answer.afterMs }
    case 'refused': return { code: RpcCode.unavailable, message: answer.message }
  }
}

export function httpStatusOf (answer: Exclude<Answer, { status: 'success' }>): number {
  switch (answer.status) {
    case 'malformed': case 'rejected': return 400
    case 'retry': return 429
    case 'overloaded': case 'refused': return 503
  }
}

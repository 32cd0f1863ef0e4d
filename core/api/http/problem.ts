/** Errors as HTTP says them: RFC 9457 problem details (`application/problem+json`). */
import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import { ApiError, type ApiCode } from '../call.js'

export const problemType = 'application/problem+json'

/** What HTTP itself has against a request, before any method is asked. */
export class HttpError extends ApiError {
  constructor (readonly status: number, code: ApiCode, message: string, readonly headers: Readonly<Record<string, string>> = {}, more: ApiError['more'] = {}) { super(code, message, more) }
}

export interface Problem {
  /** `urn:tapio:problem:` and the code in small letters: the same for the same kind of problem. */
  readonly type: string
  readonly title: string
  readonly status: number
  /** What was found, what was expected, what to do. */
  readonly detail: string
  /** Of this very occurrence; the log names it when Tapio is at fault. */
  readonly instance: string
  readonly code: ApiCode
  readonly fields?: readonly { readonly path: string, readonly reason: string }[]
}

/** As grpc-gateway and Google's APIs map them; a precondition that fails is a conflict with the state of things, not a malformed request. */
const statuses: Readonly<Record<ApiCode, number>> = {
  // 499 is nginx's: nobody sees it but a log.
  CANCELLED: 499, INVALID_ARGUMENT: 400, DEADLINE_EXCEEDED: 504, NOT_FOUND: 404, ALREADY_EXISTS: 409, PERMISSION_DENIED: 403, RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 409, ABORTED: 409, OUT_OF_RANGE: 400, UNIMPLEMENTED: 501, INTERNAL: 500, UNAVAILABLE: 503, UNAUTHENTICATED: 401
}

const titles: Readonly<Record<ApiCode, string>> = {
  CANCELLED: 'The call was given up', INVALID_ARGUMENT: 'The request is not valid', DEADLINE_EXCEEDED: 'It took too long', NOT_FOUND: 'It does not exist',
  ALREADY_EXISTS: 'It exists already', PERMISSION_DENIED: 'The caller may not do this', RESOURCE_EXHAUSTED: 'Too much at once', FAILED_PRECONDITION: 'This Tapio cannot do it as it is set up',
  ABORTED: 'Somebody else was faster', OUT_OF_RANGE: 'It is out of range', UNIMPLEMENTED: 'This server does not do that', INTERNAL: 'Tapio is at fault',
  UNAVAILABLE: 'Not now', UNAUTHENTICATED: 'The caller is not known'
}

export function problemOf (error: ApiError): Problem {
  const status = error instanceof HttpError ? error.status : statuses[error.code]
  const { fields } = error.more
  return {
    type: `urn:tapio:problem:${error.code.toLowerCase().replaceAll('_', '-')}`,
    // What only HTTP tells apart has the words of HTTP.
    title: error instanceof HttpError && status !== statuses[error.code] ? STATUS_CODES[status] ?? titles[error.code] : titles[error.code],
    status,
    detail: error.message,
    instance: `urn:uuid:${randomUUID()}`,
    code: error.code,
    ...fields === undefined ? {} : { fields }
  }
}

/** Headers that belong to the problem: when to try again, how to show who one is, what would be allowed. */
export function problemHeaders (error: ApiError): Readonly<Record<string, string>> {
  const { retryAfterMs } = error.more
  return {
    ...error instanceof HttpError ? error.headers : {},
    ...retryAfterMs === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) },
    ...error.code === 'UNAUTHENTICATED' ? { 'www-authenticate': 'Bearer realm="tapio"' } : {}
  }
}

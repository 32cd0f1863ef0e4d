/** What went wrong with a call, in words that say what to do. */
import { status, type Metadata, type ServiceError } from '@grpc/grpc-js'
import { ApiError, apiCodes, type ApiCode } from '../call.js'
import { retryDelayMs } from './retry-info.js'

export interface CallPlace {
  readonly where: string
  readonly secure: boolean
  readonly hasToken: boolean
}

const names = new Map<number, ApiCode>(Object.entries(apiCodes).map(([name, code]) => [code, name as ApiCode]))

export function failureOf (error: ServiceError, place: CallPlace): ApiError {
  const said = error.details === undefined || error.details === '' ? error.message : error.details
  // HTTP/2's own words for a connection that broke in the middle of a call.
  const broken = (error.code === status.INTERNAL && /RST_STREAM|ECONNRESET|Session closed/i.test(said)) || error.code === status.CANCELLED
  const code = broken ? 'UNAVAILABLE' : names.get(error.code) ?? 'INTERNAL'
  const retryAfterMs = retryDelayMs((error.metadata as Metadata | undefined)?.get('grpc-status-details-bin')[0])
  return new ApiError(code, words(code, said, place), retryAfterMs === undefined ? {} : { retryAfterMs })
}

function words (code: ApiCode, said: string, place: CallPlace): string {
  const { where, hasToken } = place
  switch (code) {
    case 'UNAVAILABLE': return unreachable(said, place)
    case 'UNAUTHENTICATED': return `${where} does not know who asks: ${said} (${hasToken ? 'is it the token in --token-file or TAPIO_TOKEN that this server has?' : 'give a token with --token-file or TAPIO_TOKEN, or a client certificate with --cert-file and --key-file'})`
    case 'PERMISSION_DENIED': return `${where} does not allow it: ${said} (a token or certificate with a wider scope is needed)`
    case 'RESOURCE_EXHAUSTED': return `${where} has no room for it now: ${said}`
    case 'DEADLINE_EXCEEDED': return `${where} did not answer in time: ask for less, or try again (${said})`
    case 'UNIMPLEMENTED': return `${where} cannot do this: ${said} (is it Tapio's API, service.api.grpc, and of this version?)`
    case 'INTERNAL': return `${where} failed: ${said}`
    case 'CANCELLED': case 'INVALID_ARGUMENT': case 'NOT_FOUND': case 'ALREADY_EXISTS': case 'FAILED_PRECONDITION': case 'ABORTED': case 'OUT_OF_RANGE': return `${where}: ${said}`
  }
}

const hints: readonly (readonly [pattern: RegExp, say: (place: CallPlace) => string])[] = [
  [/ECONNREFUSED|ENOENT/, () => 'nothing listens there: is Tapio running, with `service.api` in its configuration? (--server or TAPIO_SERVER says where)'],
  [/ENOTFOUND|EAI_AGAIN|Name resolution failed/, () => 'no such host (--server or TAPIO_SERVER says where)'],
  [/EHOSTUNREACH|ENETUNREACH|ETIMEDOUT/, () => 'no way there from this machine'],
  [/altnames|ERR_TLS_CERT_ALTNAME_INVALID/, () => 'the server\'s certificate is for another name: ask for that name, or say it with --server-name'],
  [/certificate has expired|CERT_HAS_EXPIRED|not yet valid/, () => 'the server\'s certificate is not valid now'],
  [/self.signed|unable to (verify|get)|UNABLE_TO|SELF_SIGNED|issuer/, () => 'the server\'s certificate is of an authority that is not trusted: give that authority with --ca-file'],
  [/certificate required|bad certificate|handshake failure|unknown ca|alert number (40|42|48|116)/i, () => 'the server wants another client certificate: --cert-file and --key-file'],
  [/wrong version number|packet length too long|http_request/i, () => 'it does not speak TLS: leave --tls and its options out, or write http://'],
  [/Failed to connect|socket hang up|ECONNRESET|disconnected|Protocol error/i, ({ secure }) => secure ? 'the connection was closed at once: does the server want another client certificate? (--cert-file, --key-file)' : 'the connection was closed at once: does it speak TLS? (--tls, --ca-file)']
]

const noConnection = 'No connection established. Last error: '

function unreachable (said: string, place: CallPlace): string {
  if (!said.startsWith(noConnection) && !/^Name resolution failed/.test(said)) return `${place.where} cannot answer now: ${said}`
  const reason = plainReason(said.slice(said.startsWith(noConnection) ? noConnection.length : 0))
  const hint = hints.find(([pattern]) => pattern.test(said))?.[1](place)
  return `cannot reach ${place.where}: ${hint === undefined ? reason : `${hint} (${reason})`}`
}

/** Without what libraries put around it: names of classes, a time, the file of OpenSSL's that says so. */
function plainReason (text: string): string {
  const [, openssl] = /SSL routines:[^:]*:([^:]+):/.exec(text) ?? []
  return openssl ?? text.replace(/\.? ?Resolution note:.*$/s, '').replace(/ \(\d{4}-\d\d-\d\dT[^)]*\)/, '').replace(/^(Error(?: \[\w+\])?: )+/, '').trim()
}

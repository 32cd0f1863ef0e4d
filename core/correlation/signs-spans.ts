/** Signs in spans that failed: by what they or their exceptions say, the gRPC code, the HTTP status, and on which side they are. */
import { Severity } from '../data/enums.js'
import { detailOf, type Seen, type SignName } from './signs.js'
import { knownText } from './signs-text.js'
import { TextMemo } from './text-memo.js'

export interface FailedSpan {
  /** OTLP SpanKind: 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number
  readonly statusMessage: string
  /** Of the span's last exception event: `type: message`; '' when it has none. */
  readonly exception: string
  /** 0 when it has none. */
  readonly httpStatus: number
  /** NaN when it has none. */
  readonly grpcCode: number
  /** `mysql:3306`, as the span's attributes name whom it called; '' when they do not. */
  readonly peer: string
}

/** google.golang.org/grpc/codes: what each says when there are no words. */
const grpcSigns: Readonly<Record<number, SignName>> = { 4: 'app.timeout', 7: 'app.permission_denied', 8: 'app.rate_limited', 14: 'app.unavailable', 16: 'app.auth_failed' }
const httpSigns: Readonly<Record<number, SignName>> = { 401: 'app.auth_failed', 403: 'app.permission_denied', 408: 'app.timeout', 429: 'app.rate_limited', 504: 'app.timeout' }

export const isCall = (kind: number): boolean => kind === 3 || kind === 4

const known = new TextMemo(text => knownText(text))

export function spanSign (span: FailedSpan): Seen | undefined {
  const calls = isCall(span.kind)
  const severity = Severity.error
  const said = known.of(span.statusMessage, 0) ?? known.of(span.exception, 0)
  // What is not asked for is not decoded.
  if (said !== undefined && said.sign !== 'app.panic' && !calls) return { sign: said.sign, detail: said.detail, severity }
  const { httpStatus, grpcCode, peer } = span
  if (said !== undefined && said.sign !== 'app.panic') {
    const detail = calls && peer !== '' && said.detail.peer === undefined && said.detail.host === undefined ? { ...said.detail, peer } : said.detail
    return { sign: said.sign, detail, severity }
  }
  const byGrpc = grpcSigns[grpcCode]
  if (byGrpc !== undefined && calls) return { sign: byGrpc, detail: detailOf({ peer }), severity }
  // Who asks for what is not there is told so: that is how it should be.
  if (httpStatus >= 400 && httpStatus < 500) return calls && httpSigns[httpStatus] !== undefined ? { sign: httpSigns[httpStatus], detail: detailOf({ peer }), severity: Severity.warning } : undefined
  if (calls) return { sign: 'app.call_failed', detail: detailOf({ peer, code: httpStatus || (Number.isNaN(grpcCode) ? '' : grpcCode) }), severity }
  if (said !== undefined) return { sign: said.sign, detail: said.detail, severity }
  if (httpStatus >= 500) return { sign: 'app.http_5xx', detail: { status: httpStatus }, severity }
  return { sign: 'app.span_error', detail: {}, severity }
}

/** A failed span as the recogniser wants it: of a row whose batch is read, or of a record's bytes. */
import type { FailedSpan } from '../../core/correlation/signs-spans.js'
import type { Attributes } from '../../core/data/attributes.js'
import type { EventBatch } from '../../core/data/batch.js'
import { RawEncoding } from '../../core/data/enums.js'
import { RecordScan } from '../../core/otlp/record-scan.js'
import { orElse } from '../../core/otlp/wire.js'

/** Of semantic conventions now and before, most telling first. */
const hosts = ['server.address', 'net.peer.name', 'peer.service', 'net.sock.peer.addr', 'network.peer.address', 'http.host', 'net.peer.ip', 'db.connection_string', 'messaging.destination.name'] as const
const ports = ['server.port', 'net.peer.port', 'network.peer.port', 'net.sock.peer.port'] as const
const statuses = ['http.response.status_code', 'http.status_code'] as const

export function failedSpanOf (batch: EventBatch, row: number): FailedSpan {
  const at = batch.at(row)
  return spanFrom(at.allAttributes(), at.get('spanKind') ?? 0, at.get('statusMessage') ?? '', batch.columns.rawEncoding?.[row] === RawEncoding.otlpSpan ? exceptionIn(at.raw) : '')
}

/** Of the span that `scan` has read. */
export function failedSpanIn (scan: RecordScan): FailedSpan { return spanFrom(scan.attributes(), scan.kind, scan.text, scan.exception()) }

export function peerOfSpan (attributes: Attributes): string {
  const host = hosts.map(key => attributes[key]).find(v => typeof v === 'string' && v !== '')
  if (typeof host !== 'string') return ''
  const port = ports.map(key => Number(attributes[key])).find(n => n > 0 && n <= 65535)
  const isWhole = port === undefined || /:\d{1,5}$/.test(host)
  return isWhole ? host : `${host.includes(':') ? `[${host}]` : host}:${port}`
}

function spanFrom (attributes: Attributes, kind: number, statusMessage: string, exception: string): FailedSpan {
  const status = statuses.map(key => Number(attributes[key])).find(n => n >= 100 && n < 600)
  const code = attributes['rpc.grpc.status_code']
  return { kind, statusMessage, exception, httpStatus: status ?? 0, grpcCode: code === undefined ? NaN : Number(code), peer: peerOfSpan(attributes) }
}

/** Of a span's bytes; '' when it had none. */
export function exceptionIn (raw: Uint8Array | undefined): string {
  if (raw === undefined) return ''
  return orElse('', () => {
    const scan = new RecordScan(raw)
    scan.span(0, raw.length)
    return scan.exception()
  })
}

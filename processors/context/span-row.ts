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
  const isRecord = batch.columns.rawEncoding?.[row] === RawEncoding.otlpSpan
  return new Failed(at.get('spanKind') ?? 0, () => at.get('statusMessage') ?? '', () => isRecord ? exceptionIn(at.raw) : '', () => at.allAttributes())
}

/** Of the span that `scan` has read. */
export function failedSpanIn (scan: RecordScan): FailedSpan { return new Failed(scan.kind, () => scan.text, () => scan.exception(), () => scan.attributes()) }

export function peerOfSpan (attributes: Attributes): string {
  const host = hosts.map(key => attributes[key]).find(v => typeof v === 'string' && v !== '')
  if (typeof host !== 'string') return ''
  const port = ports.map(key => Number(attributes[key])).find(n => n > 0 && n <= 65535)
  const isWhole = port === undefined || /:\d{1,5}$/.test(host)
  return isWhole ? host : `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** Decodes what it is asked for: of most spans the status message says enough. */
class Failed implements FailedSpan {
  #attributes: Attributes | undefined

  constructor (readonly kind: number, readonly message: () => string, readonly thrown: () => string, readonly read: () => Attributes) {}

  get statusMessage (): string { return this.message() }
  get exception (): string { return this.thrown() }
  get httpStatus (): number { return statuses.map(key => Number(this.#all[key])).find(n => n >= 100 && n < 600) ?? 0 }

  get grpcCode (): number {
    const code = this.#all['rpc.grpc.status_code']
    return code === undefined ? NaN : Number(code)
  }

  get peer (): string { return peerOfSpan(this.#all) }

  get #all (): Attributes { return (this.#attributes ??= this.read()) }
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

/** Log records that tell by themselves who they are and when they were made: number as body, time as time. */
import { oracleType, requestType } from '../../../core/otlp/testing/oracle.js'

export interface Told { readonly id: number, readonly severe: boolean, readonly madeMs: number }

const padding = 'x'.repeat(8000)
const type = oracleType(requestType('logs'))
/** OpenTelemetry's numbers: INFO, ERROR. */
const [info, error] = [9, 17]

export function logRequest (ids: readonly number[], severe: boolean): Buffer {
  const timeUnixNano = `${Date.now()}000000`
  const logRecords = ids.map(id => ({ timeUnixNano, severityNumber: severe ? error : info, body: { intValue: id }, attributes: [{ key: 'padding', value: { stringValue: padding } }] }))
  return Buffer.from(type.encode(type.fromObject({ resourceLogs: [{ resource: { attributes: [{ key: 'service.name', value: { stringValue: 'overload' } }] }, scopeLogs: [{ logRecords }] }] })).finish())
}

interface Request { readonly resourceLogs?: readonly { readonly scopeLogs?: readonly { readonly logRecords?: readonly { readonly timeUnixNano: { toString(): string }, readonly severityNumber?: number, readonly body?: { readonly intValue?: { toString(): string } } }[] }[] }[] }

export function recordsOf (body: Uint8Array): readonly Told[] {
  const request = type.decode(body) as unknown as Request
  return (request.resourceLogs ?? []).flatMap(r => (r.scopeLogs ?? []).flatMap(s => (s.logRecords ?? []).map(l => ({
    id: Number(l.body?.intValue), severe: (l.severityNumber ?? 0) >= error, madeMs: Number(l.timeUnixNano) / 1e6
  }))))
}

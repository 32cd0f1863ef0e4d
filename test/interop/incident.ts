/**
 * An explained incident as a backend gets it: the rows that the incident processor makes, read from a file by a whole Tapio, go out
 * over OTLP and through the Go collector. What comes there is compared with what went in, and with what the incident says.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeFrame, fileHeader, newMarker } from '../../core/data/file-format.js'
import type { ChainStep, Incident } from '../../core/incidents/incident.js'
import { hexOf, list, oracleDecode, oracleRecords, type Decoded } from '../../core/otlp/testing/oracle.js'
import { frameExportRequests } from '../../core/otlp/writer.js'
import { incidentRows } from '../../core/story/rows.js'
import { incidentTraceId, rootSpanId, stepSpanId } from '../../core/story/trace.js'
import { freePort, launchTapio, type Running } from '../peers/launch.js'
import { canonicalRecords } from './canonical.js'
import type { Ports } from './chain.js'
import { differenceOf, type Outcome, type Requests } from './outcome.js'

const signals = ['traces', 'logs'] as const
/** SeverityNumber of the log record, by the incident's severity. */
const severityNumbers = { critical: 21, high: 17, medium: 13, low: 9 } as const

/** What a Tapio with these incidents has to send. */
export function requestsOf (incidents: readonly Incident[]): Requests {
  const requests = incidents.flatMap(incident => frameExportRequests(incidentRows(incident, { withTrace: true })))
  const of = (signal: string): Uint8Array[] => requests.filter(r => r.signal === signal).map(r => Buffer.concat(r.chunks))
  return { traces: of('traces'), metrics: [], logs: of('logs') }
}

/** Reads the incidents' rows from a file and sends them to `next` over gRPC. */
export async function incidentLink (incidents: readonly Incident[], next: Ports): Promise<Running> {
  const directory = mkdtempSync(join(tmpdir(), 'tapio-incident-'))
  const marker = newMarker()
  writeFileSync(join(directory, 'rows'), Buffer.concat([fileHeader(marker), ...incidents.map(i => encodeFrame(incidentRows(i, { withTrace: true }), marker))]))
  const port = await freePort()
  const running = await launchTapio('tapio', {
    receivers: { file: { paths: [join(directory, 'rows')] } },
    exporters: { otlp: { endpoint: `127.0.0.1:${next.grpc}`, tls: { insecure: true } } },
    service: { telemetry: { metrics: { enabled: true, endpoint: `127.0.0.1:${port}` } }, pipelines: { main: { receivers: ['file'], exporters: ['otlp'] } } }
  }, port)
  return { ...running, stop: async () => { await running.stop(); rmSync(directory, { recursive: true, force: true }) } }
}

/** The first difference of what arrived to what was sent, else to what the incidents say. */
export function compareIncidents (incidents: readonly Incident[], arrived: Requests): Outcome {
  const sent = requestsOf(incidents)
  const [spans, logs] = [recordsOf('traces', arrived), recordsOf('logs', arrived)]
  const compared = `${incidents.length} incidents as ${spans.length} spans with ${spans.reduce((n, s) => n + list(s, 'links').length, 0)} links and ${logs.length} log records`
  const difference = signals.map(signal => differenceOf(signal, textsOf(signal, sent), textsOf(signal, arrived))).find(d => d !== undefined) ?? incidents.map(i => saysOther(i, spans, logs)).find(d => d !== '')
  return difference === undefined ? { compared } : { compared, difference }
}

const recordsOf = (signal: (typeof signals)[number], requests: Requests): Decoded[] => requests[signal].flatMap(bytes => oracleRecords(signal, oracleDecode(signal, bytes) ?? {})).map(r => r.record)

/** Attributes are a map: batches that go out together may have brought their keys in another order. */
function textsOf (signal: (typeof signals)[number], requests: Requests): string[] {
  return canonicalRecords(signal, requests[signal]).map(text => {
    const [resource, scope, record] = JSON.parse(text) as [unknown, unknown, { readonly attributes?: readonly { readonly key: string }[] }]
    return JSON.stringify([resource, scope, { ...record, attributes: [...record.attributes ?? []].sort((a, b) => a.key < b.key ? -1 : 1) }])
  }).sort()
}

/** '' when the trace has the chain's structure and the log record its severity. */
function saysOther (incident: Incident, spans: readonly Decoded[], logs: readonly Decoded[]): string {
  const traceId = incidentTraceId(incident)
  const found = spans.filter(s => hexOf(s.traceId) === traceId).map(s => `${hexOf(s.spanId) ?? ''} < ${hexOf(s.parentSpanId) ?? ''} = ${list(s, 'links').map(l => hexOf(l.spanId)).join(' ')}`).sort()
  const wanted = [`${rootSpanId(incident)} <  = `, ...incident.chain.map(step => stepText(incident, step))].sort()
  if (found.join('\n') !== wanted.join('\n')) return `incident ${incident.id}: the spans are\n${found.join('\n')}\nand should be\n${wanted.join('\n')}`
  const log = logs.find(l => hexOf(l.traceId) === traceId && hexOf(l.spanId) === rootSpanId(incident))
  return log?.severityNumber === severityNumbers[incident.severity] ? '' : `incident ${incident.id}: severity ${String(log?.severityNumber)} for ${incident.severity}`
}

/** Its span, the span of its surest cause, and the spans it links to: further causes, then those of applications. */
function stepText (incident: Incident, { causes, evidence, ...step }: ChainStep): string {
  const [parent, ...further] = [...causes].sort((a, b) => b.confidence - a.confidence || a.step - b.step).map(c => stepSpanId(incident, incident.chain[c.step] as ChainStep))
  const own = evidence.flatMap(({ traceId = '', spanId = '' }) => traceId === '' || spanId === '' ? [] : [spanId])
  return `${stepSpanId(incident, { ...step, causes, evidence })} < ${parent ?? rootSpanId(incident)} = ${[...further, ...own].join(' ')}`
}

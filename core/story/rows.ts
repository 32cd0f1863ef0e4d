/**
 * An incident as rows of a batch: one event `tapio.incident`, whose raw record is the document (tapio_json), and on demand the spans of
 * its trace. The event row goes out of an OTLP exporter as a log record (core/otlp/originate.ts) that names the trace, so Grafana
 * goes from one to the other; the store, the API and the command line read the document.
 */
import { createHash } from 'node:crypto'
import type { EventBatch } from '../data/batch.js'
import { BatchBuilder } from '../data/builder.js'
import { concat } from '../data/concat.js'
import { RawEncoding, type EventTypeName } from '../data/enums.js'
import { EventIds } from '../data/ids.js'
import type { EventRow } from '../data/row.js'
import type { Layer } from '../correlation/symptom.js'
import type { Incident, Level } from '../incidents/incident.js'
import { parseIncident } from '../incidents/schema.js'
import { readExportRequest } from '../otlp/reader.js'
import { printable } from './printable.js'
import { incidentAttributes, incidentTrace, incidentTraceId, rootSpanId } from './trace.js'
import { confidenceWords, percent, urgencyWords } from './words.js'

export const incidentEventName = 'tapio.incident'

export interface IncidentRowsOptions {
  /** The document as the event's raw record; left out = true. */
  readonly withDocument?: boolean
  /** The trace too; left out = false. Backends keep every copy of a span they get: send a trace when it is worth looking at, not at every change. */
  readonly withTrace?: boolean
  /** Ids of the steps whose spans were sent before, with the root: they are left out. */
  readonly sentSteps?: ReadonlySet<string>
}

/** SeverityNumber: FATAL, ERROR, WARN, INFO. */
const severities: Readonly<Record<Level, number>> = { critical: 21, high: 17, medium: 13, low: 9 }
const types: Readonly<Record<Layer, EventTypeName>> = { kernel: 'system', node: 'system', net: 'network', k8s: 'kubernetes', app: 'service' }

/** Names of what is affected, in the log record: more belongs into the document. */
const maxNames = 32

/** The same incident gives the same bytes, ids included. */
export function incidentRows (incident: Incident, { withDocument = true, withTrace = false, sentSteps }: IncidentRowsOptions = {}): EventBatch {
  const event = eventBatch(incident, withDocument)
  return withTrace ? concat([event, spanBatch(incident, sentSteps)]) : event
}

const unixNano = (ms: number): bigint => ms > 0 && ms <= 8.64e15 ? BigInt(Math.round(ms * 1000)) * 1000n : 0n

/** One event a version: what is delivered twice is recognised. */
const idOf = (incident: Incident): string => createHash('sha256').update(`${incidentEventName}:${incident.id}:${incident.version}`).digest('hex')

function eventBatch (incident: Incident, withDocument: boolean): EventBatch {
  const { hypotheses: [best], impact, severity, updatedMs } = incident
  const builder = new BatchBuilder(1)
  builder.append({
    type: types[best?.layer ?? incident.chain[0]?.layer ?? 'k8s'],
    severity: severities[severity],
    timeUnixNano: unixNano(updatedMs),
    observedTimeUnixNano: unixNano(updatedMs),
    id: idOf(incident).slice(0, 32),
    source: 'tapio',
    name: incidentEventName,
    message: summaryLine(incident),
    impact: impact.score,
    traceId: incidentTraceId(incident),
    spanId: rootSpanId(incident),
    traceFlags: 1,
    ...(best !== undefined && {
      confidence: best.score, entityKind: best.subject.kind, entityNamespace: best.subject.namespace ?? '', entityName: best.subject.name, entityUid: best.subject.uid ?? ''
    }),
    resource: { 'service.name': 'tapio' },
    scope: { name: incidentEventName },
    attributes: {
      ...incidentAttributes(incident),
      'tapio.incident.affected': impact.affected.slice(0, maxNames).map(({ state, entity }) => printable(`${state} ${entity.kind} ${entity.namespace ?? ''}/${entity.name}`)),
      'tapio.incident.actions': incident.actions.slice(0, maxNames).map(({ urgency, text, command = '' }) => printable(`${urgencyWords[urgency]}: ${text}${command === '' ? '' : `: ${command}`}`))
    },
    ...(withDocument && { raw: { encoding: RawEncoding.tapioJson, bytes: Buffer.from(JSON.stringify(incident)) } })
  })
  return builder.finish()
}

/** `Memory exhaustion on node-7 affecting multiple pods. HIGH - 3 services degraded, 2 nodes affected. Confidence: High (93 %).` */
function summaryLine ({ status, title, impact, hypotheses: [best] }: Incident): string {
  const text = [printable(best?.title ?? title), printable(impact.summary), best === undefined ? 'The cause is not known' : `Confidence: ${confidenceWords(best.score)} (${percent(best.score)})`]
  return `${status === 'resolved' ? 'Resolved: ' : ''}${text.join('. ')}.`
}

function spanBatch (incident: Incident, sentSteps: ReadonlySet<string> | undefined): EventBatch {
  const ids = new EventIds(Buffer.from(idOf(incident).slice(32, 48), 'hex'))
  const read = readExportRequest('traces', incidentTrace(incident, sentSteps), { ids, observedTimeUnixNano: unixNano(incident.updatedMs), source: 'tapio' })
  if (!read.ok) throw new Error(`the serialiser made a trace that cannot be read: ${read.error}`)
  return read.batch
}

/** The document that a row carries; undefined when it is no incident's. */
export function incidentOfRow (row: EventRow): Incident | undefined {
  if (row.get('name') !== incidentEventName || row.batch.columns.rawEncoding?.[row.row] !== RawEncoding.tapioJson) return undefined
  const { raw } = row
  return raw === undefined ? undefined : parseIncident(raw)
}

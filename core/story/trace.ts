/**
 * An incident as a trace, by OpenTelemetry's own serialiser: the root span is the cause, below it the steps of the chain, each the child
 * of the surest of its causes, so that a trace viewer draws the chain. What a tree cannot say are span links: further causes, and
 * the spans of the applications that the evidence came from.
 *
 * Ids are made of the incident's and the steps': the same incident sent again is the same trace. A later version of it has the same
 * root and adds children; `sentSteps` keeps what a backend already has from being sent again.
 */
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import type { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer'
import type { ChainStep, Incident } from '../incidents/incident.js'
import { entityAttributes, type PlainAttributes } from './entity-attributes.js'
import { printable } from './printable.js'
import { layerTags } from './words.js'

const require = createRequire(import.meta.url)

/** Loaded with the first trace, as in core/otlp/originate.ts. */
let serializer: typeof ProtobufTraceSerializer | undefined
const serialize = (): typeof ProtobufTraceSerializer =>
  serializer ??= (require('@opentelemetry/otlp-transformer') as { ProtobufTraceSerializer: typeof ProtobufTraceSerializer }).ProtobufTraceSerializer

type Span = Parameters<typeof ProtobufTraceSerializer.serializeRequest>[0][number]
type SpanLink = Span['links'][number]

/** Enumerations of the API, which is no dependency of ours: SpanKind.INTERNAL, SpanStatusCode.UNSET and ERROR. */
const internal = 0
const unset = 0
const error = 2
/** SeverityNumber WARN: what is below it happened, but was no trouble. */
const warn = 13

const digest = (text: string, bytes: number): string => createHash('sha256').update(text).digest('hex').slice(0, 2 * bytes)

/** Hex, as trace and span ids are written. */
export function incidentTraceId (incident: Incident): string { return digest(`tapio.incident:${incident.id}`, 16) }
export function rootSpanId (incident: Incident): string { return digest(`tapio.incident.root:${incident.id}`, 8) }
export function stepSpanId (incident: Incident, step: ChainStep): string { return digest(`tapio.incident.step:${incident.id}:${step.id}`, 8) }

/** A whole ExportTraceServiceRequest in protobuf. With `sentSteps` (ids of steps a backend has) the root and those steps are left out. */
export function incidentTrace (incident: Incident, sentSteps?: ReadonlySet<string>): Uint8Array {
  const steps = incident.chain.filter(step => sentSteps?.has(step.id) !== true).map(step => stepSpan(incident, step))
  return serialize().serializeRequest([...(sentSteps === undefined ? [rootSpan(incident)] : []), ...steps]) ?? new Uint8Array()
}

const resource = { attributes: { 'service.name': 'tapio' }, asyncAttributesPending: false, getRawAttributes: () => [], merge: () => resource } as unknown as Span['resource']
const instrumentationScope = { name: 'tapio.incident' }

/** Who made all spans, and what none of them has. */
const common = { kind: internal, ended: true, droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0, resource, instrumentationScope } as const

function spanContext (traceId: string, spanId: string): { traceId: string, spanId: string, traceFlags: number } { return { traceId, spanId, traceFlags: 1 } }

function times (startMs: number, endMs: number): Pick<Span, 'startTime' | 'endTime' | 'duration'> {
  const end = Math.max(startMs, endMs)
  return { startTime: hrTime(startMs), endTime: hrTime(end), duration: hrTime(end - startMs) }
}

/** A time that no clock shows becomes the epoch. */
function hrTime (ms: number): [number, number] {
  if (!(ms > 0) || ms > 8.64e15) return [0, 0]
  return [Math.floor(ms / 1000), Math.round(ms % 1000 * 1e6)]
}

function rootSpan (incident: Incident): Span {
  const { startMs, updatedMs, chain, impact } = incident
  const context = spanContext(incidentTraceId(incident), rootSpanId(incident))
  return {
    ...common,
    name: printable(incident.hypotheses[0]?.title ?? incident.title),
    spanContext: () => context,
    ...times(startMs, Math.max(updatedMs, ...chain.map(step => step.lastMs))),
    status: { code: error, message: printable(impact.summary) },
    attributes: incidentAttributes(incident),
    events: [],
    links: []
  }
}

/** What the root span and the log record of an incident say of it. */
export function incidentAttributes (incident: Incident): PlainAttributes {
  const { impact, hypotheses: [best] } = incident
  return {
    'tapio.incident.id': incident.id,
    'tapio.incident.version': incident.version,
    'tapio.incident.status': incident.status,
    'tapio.incident.severity': incident.severity,
    'tapio.incident.title': printable(incident.title),
    'tapio.incident.events': incident.events,
    'tapio.incident.time_to_detection_ms': Math.round(incident.timeToDetectionMs),
    'tapio.impact.level': impact.level,
    'tapio.impact.score': impact.score,
    'tapio.impact.cascade_risk': impact.cascadeRisk,
    'tapio.impact.affected': impact.affected.length,
    ...(best !== undefined && {
      'tapio.cause': best.cause, 'tapio.cause.pattern': best.pattern, 'tapio.cause.confidence': best.score, 'tapio.cause.explanation': printable(best.explanation, 2000), 'tapio.layer': best.layer, ...entityAttributes(best.subject)
    })
  }
}

function stepSpan (incident: Incident, step: ChainStep): Span {
  const { chain } = incident
  const traceId = incidentTraceId(incident)
  const context = spanContext(traceId, stepSpanId(incident, step))
  // The surest; of equals the earlier step.
  const [parent, ...further] = [...step.causes].sort((a, b) => b.confidence - a.confidence || a.step - b.step)
  const spanOf = (position: number | undefined): string => {
    const cause = position === undefined ? undefined : chain[position]
    return cause === undefined ? rootSpanId(incident) : stepSpanId(incident, cause)
  }
  return {
    ...common,
    name: printable(`[${layerTags[step.layer]}] ${step.text}`),
    spanContext: () => context,
    parentSpanContext: spanContext(traceId, spanOf(parent?.step)),
    ...times(step.timeMs, step.lastMs),
    status: step.severity >= warn ? { code: error, message: printable(step.detail) } : { code: unset },
    attributes: {
      'tapio.incident.id': incident.id, 'tapio.symptom.id': step.id, 'tapio.sign': step.sign, 'tapio.layer': step.layer, 'tapio.count': step.count, 'tapio.confidence': step.confidence, 'tapio.detail': printable(step.detail),
      ...(parent !== undefined && { 'tapio.link.kind': parent.kind, 'tapio.link.confidence': parent.confidence, 'tapio.link.why': printable(parent.why) }),
      ...entityAttributes(step.entity)
    },
    events: step.evidence.map(e => ({
      name: printable(e.name === '' ? e.source : e.name), time: hrTime(e.timeMs), attributes: { 'tapio.source': e.source, 'tapio.message': printable(e.message), 'tapio.count': e.count, ...(e.eventId !== '' && { 'tapio.event.id': e.eventId }) }
    })),
    links: [
      ...further.map(cause => ({ context: spanContext(traceId, spanOf(cause.step)), attributes: { 'tapio.link': 'cause', 'tapio.link.kind': cause.kind, 'tapio.link.confidence': cause.confidence, 'tapio.link.why': printable(cause.why) } })),
      ...step.evidence.flatMap(originalSpan)
    ]
  }
}

/** The application's own span that the evidence is; none when its ids are no ids. */
function originalSpan ({ traceId = '', spanId = '' }: ChainStep['evidence'][number]): SpanLink[] {
  if (!/^(?!0+$)[0-9a-f]{32}$/.test(traceId) || !/^(?!0+$)[0-9a-f]{16}$/.test(spanId)) return []
  return [{ context: { traceId, spanId, traceFlags: 1, isRemote: true }, attributes: { 'tapio.link': 'evidence' } }]
}

/** Incidents: the document (core/incidents/incident.ts) and the message say the same, in both directions. */
import type { MessageInitShape } from '@bufbuild/protobuf'
import type { Evidence } from '../../correlation/symptom.js'
import type { Action, ChainStep, Hypothesis, Impact, Incident, Reason } from '../../incidents/incident.js'
import { isIncident } from '../../incidents/schema.js'
import type * as pb from '../gen/tapio/v1/incident_pb.js'
import { entityMessage, entityOf } from './entity.js'
import { u32, u64 } from './numbers.js'
import { durationOf, msOf, msOfDuration, timestampOf } from './time.js'

export type IncidentInit = MessageInitShape<typeof pb.IncidentSchema>
export type ActionInit = MessageInitShape<typeof pb.ActionSchema>

export function incidentMessage (incident: Incident): IncidentInit {
  const { id, status, title, severity } = incident
  return {
    id, version: u32(incident.version), status, title, severity,
    startTime: timestampOf(incident.startMs), detectedTime: timestampOf(incident.detectedMs), updatedTime: timestampOf(incident.updatedMs), resolvedTime: timestampOf(incident.resolvedMs),
    timeToDetection: durationOf(incident.timeToDetectionMs),
    impact: impactMessage(incident.impact), hypotheses: incident.hypotheses.map(hypothesisMessage), chain: incident.chain.map(stepMessage), omitted: u32(incident.omitted),
    actions: incident.actions.map(actionMessage), traceIds: [...incident.traceIds], events: u64(incident.events),
    mergedInto: incident.mergedInto ?? '', related: [...incident.related], notes: [...incident.notes]
  }
}

export function actionMessage ({ urgency, text, command = '', risk, expect = '' }: Action): ActionInit { return { urgency, text, command, risk, expect } }

function impactMessage ({ level, score, cascadeRisk, affected, counts, slo, summary }: Impact): MessageInitShape<typeof pb.ImpactSchema> {
  return {
    level, score, cascadeRisk, summary,
    affected: affected.map(({ entity, state, why }) => ({ entity: entityMessage(entity), state, why })),
    counts: { nodes: u32(counts.nodes), workloads: u32(counts.workloads), services: u32(counts.services), pods: u32(counts.pods) },
    slo: slo.map(({ windowMs, ...rest }) => ({ ...rest, window: durationOf(windowMs) }))
  }
}

function hypothesisMessage (hypothesis: Hypothesis): MessageInitShape<typeof pb.HypothesisSchema> {
  const { pattern, cause, layer, score, title, explanation } = hypothesis
  return {
    pattern, cause, layer, score, title, explanation, subject: entityMessage(hypothesis.subject),
    for: hypothesis.for.map(reasonMessage), against: hypothesis.against.map(reasonMessage), explains: [...hypothesis.explains]
  }
}

function reasonMessage ({ text, weight, symptoms = [] }: Reason): MessageInitShape<typeof pb.ReasonSchema> { return { text, weight, symptoms: [...symptoms] } }

function stepMessage (step: ChainStep): MessageInitShape<typeof pb.ChainStepSchema> {
  const { id, layer, sign, text, detail, confidence } = step
  return {
    id, layer, sign, text, detail, confidence, entity: entityMessage(step.entity), time: timestampOf(step.timeMs), lastTime: timestampOf(step.lastMs),
    count: u64(step.count), severityNumber: u32(step.severity),
    causes: step.causes.map(({ step: position, confidence: sure, kind, why }) => ({ step: u32(position), confidence: sure, kind, why })),
    evidence: step.evidence.map(evidenceMessage)
  }
}

function evidenceMessage ({ eventId, timeMs, source, name, message, traceId = '', spanId = '', parentSpanId = '', count }: Evidence): MessageInitShape<typeof pb.EvidenceSchema> {
  return { eventId, time: timestampOf(timeMs), source, name, message, traceId, spanId, parentSpanId, count: u64(count) }
}

/** The document of a whole message, as a client reads it; undefined when fields are missing or say what no Tapio says. */
export function incidentOf (message: pb.Incident): Incident | undefined {
  const { id, version, status, title, severity, impact, startTime, detectedTime, updatedTime, resolvedTime, timeToDetection, mergedInto } = message
  if (impact === undefined || startTime === undefined || detectedTime === undefined || updatedTime === undefined) return undefined
  const document = {
    schema: 1, id, version, status, title, severity,
    startMs: msOf(startTime), detectedMs: msOf(detectedTime), updatedMs: msOf(updatedTime), ...(resolvedTime !== undefined && { resolvedMs: msOf(resolvedTime) }),
    timeToDetectionMs: timeToDetection === undefined ? msOf(detectedTime) - msOf(startTime) : msOfDuration(timeToDetection), impact: impactOf(impact), hypotheses: message.hypotheses.map(hypothesisOf), chain: message.chain.map(step => stepOf(step, msOf(startTime))), omitted: message.omitted,
    actions: message.actions.map(({ urgency, text, command, risk, expect }) => ({ urgency, text, ...(command !== '' && { command }), risk, ...(expect !== '' && { expect }) })),
    traceIds: message.traceIds, events: Number(message.events), ...(mergedInto !== '' && { mergedInto }), related: message.related, notes: message.notes
  }
  return isIncident(document) ? document : undefined
}

const noEntity = { kind: '', namespace: '', name: '', uid: '' } as const
const entityIn = (entity: pb.Affected['entity']): ReturnType<typeof entityOf> => entityOf(entity ?? noEntity as never)

function impactOf ({ level, score, cascadeRisk, affected, counts, slo, summary }: pb.Impact): object {
  return {
    level, score, cascadeRisk,
    affected: affected.map(({ entity, state, why }) => ({ entity: entityIn(entity), state, why })),
    counts: { nodes: counts?.nodes ?? 0, workloads: counts?.workloads ?? 0, services: counts?.services ?? 0, pods: counts?.pods ?? 0 },
    slo: slo.map(({ service, objective, target, observed, burnRate, window }) => ({ service, objective, target, observed, burnRate, windowMs: msOfDuration(window) })),
    summary
  }
}

function hypothesisOf (message: pb.Hypothesis): object {
  const { pattern, cause, layer, score, title, explanation, explains } = message
  return { pattern, cause, layer, subject: entityIn(message.subject), score, title, explanation, for: message.for.map(reasonOf), against: message.against.map(reasonOf), explains }
}

const reasonOf = ({ text, weight, symptoms }: pb.Reason): object => ({ text, weight, ...(symptoms.length > 0 && { symptoms }) })

/** `startMs`: of the incident, for what has no time. */
function stepOf (message: pb.ChainStep, startMs: number): object {
  const { id, layer, sign, text, detail, confidence } = message
  const timeMs = message.time === undefined ? startMs : msOf(message.time)
  return {
    id, layer, sign, entity: entityIn(message.entity), text, detail, timeMs, lastMs: message.lastTime === undefined ? timeMs : msOf(message.lastTime), count: Number(message.count), severity: message.severityNumber, confidence,
    causes: message.causes.map(({ step, confidence: sure, kind, why }) => ({ step, confidence: sure, kind, why })),
    evidence: message.evidence.map(({ eventId, time, source, name, message: said, traceId, spanId, parentSpanId, count }) => ({
      eventId, timeMs: time === undefined ? timeMs : msOf(time), source, name, message: said, ...(traceId !== '' && { traceId }), ...(spanId !== '' && { spanId }), ...(parentSpanId !== '' && { parentSpanId }), count: Number(count)
    }))
  }
}

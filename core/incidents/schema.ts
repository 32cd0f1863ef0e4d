/** The shape of an Incident document, for those who get one from outside: a file, a store, another Tapio. */
import { Type, type Static, type TSchema } from '@sinclair/typebox'
import { Enum } from '../config/schema.js'
import { fits } from '../config/validator.js'
import { layers } from '../correlation/symptom.js'
import type { Incident } from './incident.js'

// Fields that are not listed stay: a newer Tapio may say more.
const list = <T extends TSchema>(items: T) => Type.Array(items)
const level = Enum(['critical', 'high', 'medium', 'low'])
const entity = Type.Object({ kind: Type.String(), namespace: Type.Optional(Type.String()), name: Type.String(), uid: Type.Optional(Type.String()) })
const reason = Type.Object({ text: Type.String(), weight: Type.Number(), symptoms: Type.Optional(list(Type.String())) })

const hypothesis = Type.Object({
  pattern: Type.String(), cause: Type.String(), layer: Enum(layers), subject: entity, score: Type.Number(), title: Type.String(), explanation: Type.String(),
  for: list(reason), against: list(reason), explains: list(Type.String())
})

const evidence = Type.Object({
  eventId: Type.String(), timeMs: Type.Number(), source: Type.String(), name: Type.String(), message: Type.String(),
  traceId: Type.Optional(Type.String()), spanId: Type.Optional(Type.String()), count: Type.Number()
})

const step = Type.Object({
  id: Type.String(), layer: Enum(layers), sign: Type.String(), entity, text: Type.String(), detail: Type.String(), timeMs: Type.Number(), lastMs: Type.Number(),
  count: Type.Number(), severity: Type.Number(), confidence: Type.Number(),
  causes: list(Type.Object({ step: Type.Integer({ minimum: 0 }), confidence: Type.Number(), kind: Type.String(), why: Type.String() })),
  evidence: list(evidence)
})

const impact = Type.Object({
  level, score: Type.Number(), cascadeRisk: Type.Number(),
  affected: list(Type.Object({ entity, state: Enum(['failed', 'degraded', 'at_risk']), why: Type.String() })),
  counts: Type.Object({ nodes: Type.Number(), workloads: Type.Number(), services: Type.Number(), pods: Type.Number() }),
  slo: list(Type.Object({ service: Type.String(), objective: Type.String(), target: Type.Number(), observed: Type.Number(), burnRate: Type.Number(), windowMs: Type.Number() })),
  summary: Type.String()
})

const action = Type.Object({
  urgency: Enum(['immediate', 'short_term', 'investigate']), text: Type.String(), command: Type.Optional(Type.String()), risk: Enum(['none', 'low', 'medium', 'high']), expect: Type.Optional(Type.String())
})

export const incidentSchema = Type.Object({
  schema: Type.Literal(1), id: Type.String({ minLength: 1 }), version: Type.Number(), status: Enum(['open', 'resolved']), title: Type.String(), severity: level,
  startMs: Type.Number(), detectedMs: Type.Number(), updatedMs: Type.Number(), resolvedMs: Type.Optional(Type.Number()), mergedInto: Type.Optional(Type.String()), timeToDetectionMs: Type.Number(),
  impact, hypotheses: list(hypothesis), chain: list(step), omitted: Type.Number(), actions: list(action),
  traceIds: list(Type.String()), events: Type.Number(), related: list(Type.String()), notes: list(Type.String())
})

type Parsed = Static<typeof incidentSchema>

/** The incident in JSON text or its UTF-8 bytes; undefined when it is none of a kind this Tapio reads. Never throws. */
export function parseIncident (json: string | Uint8Array): Incident | undefined {
  try {
    const value: unknown = JSON.parse(typeof json === 'string' ? json : Buffer.from(json.buffer, json.byteOffset, json.byteLength).toString('utf8'))
    return isIncident(value) ? value : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** That both say the same is checked by the compiler: a schema that lacks or misnames a field is no Incident's. */
export function isIncident (value: unknown): value is Parsed & Incident { return fits(incidentSchema, value) && causesPointBack(value as Parsed) }

/** A cause stands before its effect, so that whoever follows causes comes to an end. */
function causesPointBack ({ chain }: Parsed): boolean { return chain.every(({ causes }, position) => causes.every(cause => cause.step < position)) }

/** A symptom as expressions and words see it: plain data. */
import type { Symptom } from '../correlation/symptom.js'

export type SymptomView = Readonly<Record<string, unknown>>

/** Read again each time: counts and times of a symptom grow. */
export function viewOf (symptom: Symptom, nowMs: number): SymptomView {
  const { id, sign, layer, role, entity, detail, severity, firstMs, lastMs, count, confidence, evidence, traceIds } = symptom
  const messages = evidence.map(e => e.message)
  return {
    id, sign, layer, role, detail, severity, firstMs, lastMs, count, confidence, messages, message: messages.at(-1) ?? '', ageMs: nowMs - firstMs, traceIds: [...traceIds],
    entity: { kind: entity.kind, namespace: entity.namespace ?? '', name: entity.name }
  }
}

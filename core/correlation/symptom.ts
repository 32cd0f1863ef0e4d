/**
 * A symptom: what many events of one sign about one entity have in common, for as long as they keep coming. Correlation works on
 * symptoms, so a flood costs one counter. Made by `Symptoms` (symptoms.ts) from rows that `signs.ts` recognises.
 */
import type { EntityRef } from './entity.js'

/** In causal order: what is further left tends to cause what is further right. */
export const layers = ['kernel', 'node', 'net', 'k8s', 'app'] as const
export type Layer = (typeof layers)[number]

/**
 * `trouble`: something is wrong. `change`: somebody changed something (a rollout, a policy): may be a cause, is no trouble by itself.
 * `recovery`: it is over. `finding`: a pattern says that an object is wrongly made, whether or not an event told.
 */
export type Role = 'trouble' | 'change' | 'recovery' | 'finding'

/** What makes two symptoms of one sign and entity different, and what their words need: `{ container: 'main', exitCode: 137 }`, `{ peer: 'mysql:3306' }`. */
export type Detail = Readonly<Record<string, string | number | boolean>>

export interface Evidence {
  /** Hex, of the event's `id` column; '' when the event had none (OTLP: then `spanId` says which). */
  readonly eventId: string
  readonly timeMs: number
  readonly source: string
  readonly name: string
  readonly message: string
  readonly traceId?: string
  readonly spanId?: string
  readonly parentSpanId?: string
  /** How many events with this message, numbers and ids in it aside. */
  count: number
}

export interface Symptom {
  /** 32 hex digits made of sign, entity, detail and first time: the same input gives the same id. */
  readonly id: string
  /** `kernel.oom_kill`, `k8s.failed_scheduling`: signs.ts. */
  readonly sign: string
  readonly layer: Layer
  readonly role: Role
  readonly detail: Detail
  /** Becomes another when identity arrives late (`Container` -> `Pod`). */
  entity: EntityRef
  /** SeverityNumber, the worst seen. */
  severity: number
  firstMs: number
  lastMs: number
  count: number
  /** The worst confidence of context's. */
  confidence: number
  /** One a distinct message, `maxEvidence` at most, in order of time. */
  readonly evidence: Evidence[]
  /** Distinct ones, `maxTraces` at most, in order of arrival. */
  readonly traceIds: string[]
  /** 0 to 1; processors/impact writes it. */
  impact: number
}

export const maxEvidence = 8
export const maxTraces = 16

/**
 * An explained incident, as a plain JSON document: what the store keeps, the API serves, the terminal and the page show, and OTLP
 * carries. Times are milliseconds since the epoch, event time unless said otherwise. Same evidence, same document, byte for byte.
 */
import type { EntityRef } from '../correlation/entity.js'
import type { Evidence, Layer } from '../correlation/symptom.js'

export type Level = 'critical' | 'high' | 'medium' | 'low'
export type Urgency = 'immediate' | 'short_term' | 'investigate'
/** What a command can break: `none` only reads. */
export type Risk = 'none' | 'low' | 'medium' | 'high'

export interface Action {
  readonly urgency: Urgency
  /** An imperative: `Raise the memory limit of container main`. */
  readonly text: string
  /** Ready to run, with real names; left out when there is none. */
  readonly command?: string
  readonly risk: Risk
  /** What will be seen when it worked. */
  readonly expect?: string
}

export interface Reason {
  readonly text: string
  /** Share of the score: positive for, negative against. */
  readonly weight: number
  /** Symptoms it rests on. */
  readonly symptoms?: readonly string[]
}

/** A possible root cause. */
export interface Hypothesis {
  /** Of the pattern: `scheduling.node-selector-mismatch`; `symptom.<sign>` when no pattern knows better. */
  readonly pattern: string
  /** `node_selector_mismatch`: what programs compare. */
  readonly cause: string
  readonly layer: Layer
  /** What is at fault. */
  readonly subject: EntityRef
  /** 0 to 1. */
  readonly score: number
  /** `Memory exhaustion on node-7 affecting multiple pods`. */
  readonly title: string
  /** Some sentences: what is wrong and why that follows. */
  readonly explanation: string
  readonly for: readonly Reason[]
  readonly against: readonly Reason[]
  /** Symptoms it accounts for. */
  readonly explains: readonly string[]
}

export interface ChainStep {
  /** Symptom id. */
  readonly id: string
  readonly layer: Layer
  readonly sign: string
  readonly entity: EntityRef
  /** `OOM killer invoked on node-7`. */
  readonly text: string
  /** `Container exceeded 2Gi memory limit`. */
  readonly detail: string
  readonly timeMs: number
  readonly lastMs: number
  /** Events behind it. */
  readonly count: number
  readonly severity: number
  readonly confidence: number
  /** What caused it: positions in the chain (smaller than its own), how sure, and why. Empty for a root. */
  readonly causes: readonly { readonly step: number, readonly confidence: number, readonly kind: string, readonly why: string }[]
  readonly evidence: readonly Evidence[]
}

export interface Affected {
  readonly entity: EntityRef
  /** `failed`: has trouble of its own; `degraded`: something it needs has; `at_risk`: may be next. */
  readonly state: 'failed' | 'degraded' | 'at_risk'
  readonly why: string
}

export interface SloViolation {
  readonly service: string
  /** `availability` or `latency`. */
  readonly objective: string
  readonly target: number
  readonly observed: number
  /** Error budget burn rate: 1 = exactly used up at the window's end. */
  readonly burnRate: number
  readonly windowMs: number
}

export interface Impact {
  readonly level: Level
  /** 0 to 1. */
  readonly score: number
  /** 0 to 1: how likely it is to spread. */
  readonly cascadeRisk: number
  /** Nodes, workloads, services, pods: deterministic order, `failed` first. */
  readonly affected: readonly Affected[]
  /** Failed and degraded ones, listed or not; what is only at risk is not counted. */
  readonly counts: { readonly nodes: number, readonly workloads: number, readonly services: number, readonly pods: number }
  readonly slo: readonly SloViolation[]
  /** `HIGH - 3 services degraded, 2 nodes affected`. */
  readonly summary: string
}

export interface Incident {
  readonly schema: 1
  /** 16 hex digits, of the first evidence it opened with. */
  readonly id: string
  /** Counts changes of the document. */
  readonly version: number
  readonly status: 'open' | 'resolved'
  readonly title: string
  readonly severity: Level
  /** When the first trouble happened, when Tapio said so, when the newest evidence came, when it was over. */
  readonly startMs: number
  readonly detectedMs: number
  readonly updatedMs: number
  readonly resolvedMs?: number
  readonly timeToDetectionMs: number
  readonly impact: Impact
  /** Best first; at most five. */
  readonly hypotheses: readonly Hypothesis[]
  /** In causal, then temporal order. At most `maxChain`; `omitted` says how many more. */
  readonly chain: readonly ChainStep[]
  readonly omitted: number
  readonly actions: readonly Action[]
  /** Traces seen in it, at most 16. */
  readonly traceIds: readonly string[]
  readonly events: number
  /** It turned out to be part of this one, which tells the story on; then it is `resolved`. */
  readonly mergedInto?: string
  /** Incidents that were merged into this one, or that it was split from. */
  readonly related: readonly string[]
  /** Limits that were reached, layers that are missing: what a reader should know about this text. */
  readonly notes: readonly string[]
}

export const maxChain = 64
export const maxHypotheses = 5

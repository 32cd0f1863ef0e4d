/** A correlator's claim: this symptom caused that one. */
import type { EntityRef } from './entity.js'

export const linkKinds = ['ownership', 'selector', 'endpoint', 'placement', 'volume', 'config', 'quota', 'policy', 'service_account', 'dependency', 'same_entity', 'trace', 'sequence', 'co_occurrence', 'burst', 'pattern'] as const
export type LinkKind = (typeof linkKinds)[number]

export interface Link {
  /** Hex, made of `by`, kind, cause and effect. */
  readonly id: string
  /** Ids of symptoms. */
  readonly cause: string
  readonly effect: string
  readonly kind: LinkKind
  /** `k8s_correlation`, `temporal_correlation`, … */
  readonly by: string
  /** 0 to 1. */
  readonly confidence: number
  /** Effect's first time - cause's first time. Negative within the tolerated clock skew. */
  readonly lagMs: number
  /** The way through the topology at that time, cause's entity first; one entity when both are about the same. */
  readonly path: readonly EntityRef[]
  /** One sentence: `Pod shop/mysql-0 runs on Node n7`. */
  readonly why: string
  /** Ids of the events it rests on. */
  readonly events: readonly string[]
}

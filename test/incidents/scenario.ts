/** A fault as a script, and what is true about it. */
import type { EntityRef } from '../../core/correlation/entity.js'
import type { Layer } from '../../core/correlation/symptom.js'
import type { Scene } from './scene.js'

/** Symptoms that mean one step of what happened: signs (a trailing `*` stands for any end) of things that belong to these. */
export interface Stage {
  readonly signs: readonly string[]
  readonly of: readonly EntityRef[]
  /** What of the streams shows it; left out = by the signs' own layers. */
  readonly seenIn?: readonly Layer[]
}

export interface Truth {
  /** Words for the cause that are right; the first is the best. A trailing `*` stands for any end. */
  readonly causes: readonly string[]
  /** What is at fault; any of these is right. */
  readonly subjects: readonly EntityRef[]
  readonly stages: Readonly<Record<string, Stage>>
  /** `oom>killed`: the stage before caused the one after. */
  readonly edges: readonly string[]
  /** Workloads, services, nodes that fail or lack something they need. A workload and its Service count as one. */
  readonly affected: readonly EntityRef[]
  /** Layers without which nobody could tell. */
  readonly needs?: readonly Layer[]
}

export interface Scenario {
  readonly name: string
  /** Where the cause is. */
  readonly layer: Layer
  /** In one sentence what happens. */
  readonly story: string
  /** Of one namespace and its nodes: two such may happen at once and have nothing to do with each other. */
  readonly isLocal: boolean
  /** Plans the fault from `scene.faultMs` on. Truth is asked for when all is over: it may name what came up on the way. */
  script (scene: Scene): () => Truth
}

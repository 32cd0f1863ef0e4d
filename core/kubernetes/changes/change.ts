/**
 * A change of one object that means something to a person: not "the pod was modified" but "container main was OOM-killed".
 * Plain data; `ChangeWriter` (writer.ts) makes events of it.
 */
import type { Attributes } from '../../data/attributes.js'
import type { SeverityName } from '../../data/enums.js'

export type Action = 'ADDED' | 'MODIFIED' | 'DELETED'

export interface ObjectRef {
  readonly kind: string
  readonly name: string
  /** Left out for objects that have none. */
  readonly namespace?: string
  readonly uid?: string
}

export interface ContainerRef { readonly name: string, readonly id?: string, readonly image?: string }

/** What the functions of one kind find; `changesOf` adds what all have in common. */
export interface Finding {
  /** What happened: `container_terminated`, `node_condition`, `image_changed`. A closed set: README.md. */
  readonly change: string
  /** Kubernetes' own word where it has one, else ours in its manner: `OOMKilled`, `CrashLoopBackOff`, `ImageChanged`. */
  readonly reason: string
  /** Without the object's name. */
  readonly message: string
  /** When it happened, when the object says so. */
  readonly timeMs?: number
  readonly from?: string
  readonly to?: string
  /** Instead of what reasons.ts says. */
  readonly severity?: SeverityName
  readonly intent?: string
  readonly container?: ContainerRef
  readonly exitCode?: number
  readonly signal?: number
  /** An Event is about another object than itself. */
  readonly about?: ObjectRef
  readonly attributes?: Attributes
}

export interface Change extends Finding {
  readonly timeMs: number
  readonly severity: SeverityName
  /** What the change is a sign of: `memory_pressure_cascade`, `pod_crash_loop`, `rollout`. */
  readonly intent: string
  readonly category: Category
  readonly about: ObjectRef
  /** What the API server did to the object the change was seen at. */
  readonly action: Action
  readonly message: string
  /** The node of the object, when it has one. */
  readonly node?: string
  /** The controllers above the object, nearest first: ReplicaSet, then Deployment. */
  readonly owners: readonly ObjectRef[]
  /** The same for the same change of the same version of an object, also after a restart (its coming and going: of any version): ids of events are made of it. */
  readonly key: string
}

export const categories = ['availability', 'performance', 'capacity', 'configuration', 'operations', 'security'] as const
export type Category = (typeof categories)[number]

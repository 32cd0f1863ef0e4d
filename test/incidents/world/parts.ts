/** What a world is made of, beside the Kubernetes objects that say the same to the API server. */
import type { CniSource } from '../sources/cni.js'
import type { JournalSource } from '../sources/journal.js'
import type { KernelSource, Task } from '../sources/kernel.js'
import type { OtlpSource } from '../sources/otlp.js'

/** A Kubernetes object while it lives; every state that is told is a copy. */
export interface Thing {
  apiVersion: string
  kind: string
  metadata: { name: string, namespace?: string, uid: string, resourceVersion: string, creationTimestamp: string, deletionTimestamp?: string, labels?: Record<string, string>, annotations?: Record<string, string>, ownerReferences?: object[], generation?: number }
  [field: string]: unknown
}

export interface NodePart {
  readonly name: string
  readonly ip: string
  /** Its pods' addresses begin with this: `10.244.3`. */
  readonly subnet: string
  readonly isControlPlane: boolean
  readonly interfaceName: string
  readonly disk: string
  /** How far its clock is ahead. */
  skewMs: number
  readonly kernel: KernelSource
  readonly journal: JournalSource
  readonly cni: CniSource
  readonly object: Thing
  /** Its kubelet works. */
  isReady: boolean
  isCordoned: boolean
  /** Without power or network. */
  isDown: boolean
  nextPid: number
  nextAddress: number
}

export type Language = 'go' | 'node' | 'java' | 'python'
export type Role = 'http' | 'database' | 'cache' | 'system'

/** What becomes of a pod that is made. */
export type Fate =
  | { readonly kind: 'ok' }
  | { readonly kind: 'unschedulable', readonly message: string }
  /** Nobody looks at it. */
  | { readonly kind: 'unseen' }
  /** It cannot even be made. */
  | { readonly kind: 'forbidden', readonly message: string }
  | { readonly kind: 'image', readonly error: string }
  | { readonly kind: 'config_error', readonly message: string }
  | { readonly kind: 'mount', readonly message: string }
  | { readonly kind: 'sandbox', readonly message: string }
  | { readonly kind: 'crash', readonly how: Ending, readonly livesMs: number }
  | { readonly kind: 'unready', readonly message: string }

/** How a container ends. */
export interface Ending {
  readonly reason: 'Error' | 'OOMKilled' | 'Completed'
  readonly exitCode: number
  readonly signal?: number
  readonly core?: boolean
  /** The last thing it writes. */
  readonly log?: string
}

/** A workload, its Service and its part in requests. */
export interface App {
  readonly namespace: string
  readonly name: string
  readonly kind: 'Deployment' | 'StatefulSet' | 'DaemonSet'
  readonly role: Role
  readonly language: Language
  readonly container: string
  readonly comm: string
  readonly port: number
  readonly clusterIp: string
  readonly memoryMi: number
  readonly labels: Readonly<Record<string, string>>
  readonly calls: App[]
  readonly config: string
  readonly secret: string
  /** PersistentVolumeClaims by pod, of a StatefulSet. */
  readonly hasVolume: boolean
  readonly workload: Thing
  readonly service: Thing | undefined
  replicaSet: Thing | undefined
  replicas: number
  image: string
  fate: Fate
  readonly pods: Pod[]
  /** As its EndpointSlice says. */
  endpoints: Pod[]
  /** Nodes its pods go to; empty = any worker. */
  pool: readonly NodePart[]
  isSyncing: boolean
  revision: number
}

export interface Pod {
  readonly app: App
  readonly name: string
  readonly uid: string
  node: NodePart | undefined
  ip: string
  containerId: string
  task: Task | undefined
  isReady: boolean
  /** Its process runs; a request that reaches it is answered. */
  isUp: boolean
  isGone: boolean
  restarts: number
  readonly object: Thing
  readonly replicaSet: Thing | undefined
  readonly otlp: OtlpSource
}

export function keyOf (kind: string, namespace: string | undefined, name: string): string { return `${kind}/${namespace ?? ''}/${name}` }
export function hostOf (app: App): string { return `${app.name}.${app.namespace}.svc.cluster.local` }
export function iso (ms: number): string { return new Date(Math.floor(ms / 1000) * 1000).toISOString().replace('.000Z', 'Z') }

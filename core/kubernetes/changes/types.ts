/** The parts of objects in which changes are looked for. Everything may be missing: what comes over the wire is checked by nobody else. */
import type { ContainerStatus, KubeObject } from '../objects.js'

export interface Condition {
  readonly type?: string
  readonly status?: string
  readonly reason?: string
  readonly message?: string
  readonly lastTransitionTime?: string
}

export interface Resources { readonly limits?: Readonly<Record<string, string>>, readonly requests?: Readonly<Record<string, string>> }

export interface EnvVar { readonly name?: string, readonly value?: string, readonly valueFrom?: unknown }

export interface Container {
  readonly name?: string
  readonly image?: string
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly env?: readonly EnvVar[]
  readonly envFrom?: readonly unknown[]
  readonly resources?: Resources
  readonly livenessProbe?: unknown
  readonly readinessProbe?: unknown
  readonly startupProbe?: unknown
}

export interface PodSpec {
  readonly nodeName?: string
  readonly serviceAccountName?: string
  readonly nodeSelector?: Readonly<Record<string, string>>
  readonly containers?: readonly Container[]
  readonly initContainers?: readonly Container[]
  readonly volumes?: readonly { readonly name?: string, readonly [source: string]: unknown }[]
}

export interface PodTemplate { readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> }, readonly spec?: PodSpec }

export interface ObservedContainer extends ContainerStatus { readonly ready?: boolean, readonly image?: string }

export interface ObservedPod extends KubeObject {
  readonly spec?: PodSpec
  readonly status?: {
    readonly phase?: string
    readonly reason?: string
    readonly message?: string
    readonly conditions?: readonly Condition[]
    readonly containerStatuses?: readonly ObservedContainer[]
    readonly initContainerStatuses?: readonly ObservedContainer[]
    readonly ephemeralContainerStatuses?: readonly ObservedContainer[]
  }
}

export interface Taint { readonly key?: string, readonly value?: string, readonly effect?: string }

export interface ObservedNode extends KubeObject {
  readonly spec?: { readonly unschedulable?: boolean, readonly taints?: readonly Taint[] }
  readonly status?: {
    readonly conditions?: readonly Condition[]
    readonly allocatable?: Readonly<Record<string, string>>
    readonly nodeInfo?: { readonly kubeletVersion?: string, readonly kernelVersion?: string, readonly containerRuntimeVersion?: string, readonly bootID?: string }
  }
}

/** Deployment, ReplicaSet, StatefulSet, DaemonSet, Job, CronJob: each has some of these. */
export interface Workload extends KubeObject {
  readonly spec?: {
    readonly replicas?: number
    readonly paused?: boolean
    readonly suspend?: boolean
    readonly schedule?: string
    readonly template?: PodTemplate
    readonly jobTemplate?: { readonly spec?: { readonly template?: PodTemplate } }
  }
  readonly status?: {
    readonly replicas?: number
    readonly readyReplicas?: number
    readonly availableReplicas?: number
    readonly updatedReplicas?: number
    /** Left out: its controller has not looked at it yet. */
    readonly observedGeneration?: number
    readonly desiredNumberScheduled?: number
    readonly numberAvailable?: number
    readonly updatedNumberScheduled?: number
    readonly failed?: number
    readonly conditions?: readonly Condition[]
  }
}

export interface Service extends KubeObject {
  readonly spec?: {
    readonly type?: string
    readonly clusterIP?: string
    readonly externalName?: string
    readonly selector?: Readonly<Record<string, string>>
    readonly ports?: readonly { readonly name?: string, readonly protocol?: string, readonly port?: number, readonly targetPort?: string | number, readonly nodePort?: number }[]
  }
  readonly status?: { readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string, readonly hostname?: string }[] } }
}

export interface Endpoint {
  readonly addresses?: readonly string[]
  /** Left out = ready, as the API says. */
  readonly conditions?: { readonly ready?: boolean | null }
  readonly targetRef?: { readonly kind?: string, readonly namespace?: string, readonly name?: string, readonly uid?: string }
}
export interface EndpointSlice extends KubeObject { readonly endpoints?: readonly Endpoint[] }

/** Ingress, NetworkPolicy, LimitRange: the whole spec counts. */
export interface Specified extends KubeObject { readonly spec?: unknown, readonly status?: Service['status'] }

export interface Claim extends KubeObject {
  readonly spec?: { readonly storageClassName?: string, readonly volumeName?: string, readonly resources?: Resources, readonly capacity?: Readonly<Record<string, string>>, readonly claimRef?: { readonly namespace?: string, readonly name?: string } }
  readonly status?: { readonly phase?: string, readonly reason?: string, readonly message?: string, readonly capacity?: Readonly<Record<string, string>>, readonly conditions?: readonly Condition[] }
}

export interface StorageClass extends KubeObject { readonly provisioner?: string, readonly reclaimPolicy?: string, readonly volumeBindingMode?: string, readonly allowVolumeExpansion?: boolean, readonly parameters?: unknown }

export interface Quota extends KubeObject {
  readonly spec?: { readonly hard?: Readonly<Record<string, string>> }
  readonly status?: { readonly hard?: Readonly<Record<string, string>>, readonly used?: Readonly<Record<string, string>> }
}

export interface Autoscaler extends KubeObject {
  readonly spec?: { readonly minReplicas?: number, readonly maxReplicas?: number, readonly scaleTargetRef?: { readonly kind?: string, readonly name?: string } }
  readonly status?: { readonly currentReplicas?: number, readonly desiredReplicas?: number, readonly conditions?: readonly Condition[] }
}

export interface DisruptionBudget extends KubeObject {
  readonly spec?: { readonly minAvailable?: string | number, readonly maxUnavailable?: string | number }
  readonly status?: { readonly disruptionsAllowed?: number, readonly currentHealthy?: number, readonly desiredHealthy?: number, readonly expectedPods?: number }
}

export interface ServiceAccount extends KubeObject { readonly automountServiceAccountToken?: boolean, readonly imagePullSecrets?: readonly { readonly name?: string }[] }

export interface Namespace extends KubeObject { readonly status?: { readonly phase?: string, readonly conditions?: readonly Condition[] } }

export interface Lease extends KubeObject { readonly spec?: { readonly holderIdentity?: string, readonly leaseDurationSeconds?: number, readonly renewTime?: string } }

/** An Event of either API: events.k8s.io/v1, or v1 with its older names for the same. */
export interface EventObject extends KubeObject {
  readonly type?: string
  readonly reason?: string
  readonly action?: string
  readonly note?: string
  readonly message?: string
  readonly regarding?: EventReference
  readonly involvedObject?: EventReference
  readonly reportingController?: string
  readonly reportingComponent?: string
  readonly source?: { readonly component?: string, readonly host?: string }
  readonly deprecatedSource?: { readonly component?: string, readonly host?: string }
  readonly eventTime?: string | null
  readonly firstTimestamp?: string | null
  readonly lastTimestamp?: string | null
  readonly deprecatedFirstTimestamp?: string | null
  readonly deprecatedLastTimestamp?: string | null
  readonly count?: number
  readonly deprecatedCount?: number
  readonly series?: { readonly count?: number, readonly lastObservedTime?: string }
}
export interface EventReference { readonly kind?: string, readonly namespace?: string, readonly name?: string, readonly uid?: string, readonly fieldPath?: string }

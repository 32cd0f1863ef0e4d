/** The parts of Kubernetes objects that Tapio reads. Everything may be missing: what comes over the wire is checked by nobody else. */

export interface OwnerReference { readonly kind?: string, readonly name?: string, readonly uid?: string, readonly controller?: boolean }

export interface ObjectMeta {
  readonly name?: string
  readonly namespace?: string
  readonly uid?: string
  readonly resourceVersion?: string
  readonly creationTimestamp?: string
  readonly deletionTimestamp?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly ownerReferences?: readonly OwnerReference[]
}

export interface KubeObject { readonly apiVersion?: string, readonly kind?: string, readonly metadata?: ObjectMeta }

export interface KubeList {
  readonly metadata?: { readonly resourceVersion?: string, readonly continue?: string }
  readonly items?: readonly KubeObject[]
}

/** What the server says instead of an object: the body of an error, or of a watch event of type ERROR. */
export interface Status {
  readonly kind?: string
  readonly code?: number
  readonly reason?: string
  readonly message?: string
  readonly details?: { readonly retryAfterSeconds?: number }
}

export interface ContainerState {
  readonly waiting?: { readonly reason?: string, readonly message?: string }
  readonly running?: { readonly startedAt?: string }
  readonly terminated?: { readonly containerID?: string, readonly exitCode?: number, readonly signal?: number, readonly reason?: string, readonly message?: string, readonly finishedAt?: string }
}

export interface ContainerStatus {
  readonly name?: string
  /** `containerd://<64 hex digits>`. */
  readonly containerID?: string
  readonly restartCount?: number
  readonly state?: ContainerState
  readonly lastState?: ContainerState
}

export interface Pod extends KubeObject {
  readonly spec?: {
    readonly nodeName?: string
    readonly hostNetwork?: boolean
    readonly containers?: readonly ContainerSpec[]
    readonly initContainers?: readonly ContainerSpec[]
  }
  readonly status?: {
    readonly phase?: string
    readonly podIP?: string
    readonly podIPs?: readonly { readonly ip?: string }[]
    readonly startTime?: string
    readonly containerStatuses?: readonly ContainerStatus[]
    readonly initContainerStatuses?: readonly ContainerStatus[]
    readonly ephemeralContainerStatuses?: readonly ContainerStatus[]
  }
}

export interface ContainerSpec { readonly name?: string, readonly image?: string }

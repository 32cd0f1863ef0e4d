/** The kinds of objects Tapio knows, and where an API server has them. */
import type { ResourceType } from './resources.js'

export interface Watchable {
  readonly type: ResourceType
  readonly namespaced: boolean
  /** Asked when the server has no `type`, or forbids it. */
  readonly fallback?: ResourceType
  /** Only names, labels and versions are asked for: values never come over the wire. */
  readonly metadataOnly?: true
  /** The only namespace of interest. */
  readonly namespace?: string
}

const of = (group: string, version: string, plural: string): ResourceType => ({ group, version, plural })
const namespaced = (type: ResourceType, more: Partial<Watchable> = {}): Watchable => ({ type, namespaced: true, ...more })
const clusterWide = (type: ResourceType): Watchable => ({ type, namespaced: false })

/** By the word of the configuration: the plural of the resource. */
export const watchables = {
  events: namespaced(of('events.k8s.io', 'v1', 'events'), { fallback: of('', 'v1', 'events') }),
  pods: namespaced(of('', 'v1', 'pods')),
  nodes: clusterWide(of('', 'v1', 'nodes')),
  namespaces: clusterWide(of('', 'v1', 'namespaces')),
  deployments: namespaced(of('apps', 'v1', 'deployments')),
  replicasets: namespaced(of('apps', 'v1', 'replicasets')),
  statefulsets: namespaced(of('apps', 'v1', 'statefulsets')),
  daemonsets: namespaced(of('apps', 'v1', 'daemonsets')),
  jobs: namespaced(of('batch', 'v1', 'jobs')),
  cronjobs: namespaced(of('batch', 'v1', 'cronjobs')),
  services: namespaced(of('', 'v1', 'services')),
  endpointslices: namespaced(of('discovery.k8s.io', 'v1', 'endpointslices')),
  ingresses: namespaced(of('networking.k8s.io', 'v1', 'ingresses')),
  networkpolicies: namespaced(of('networking.k8s.io', 'v1', 'networkpolicies')),
  persistentvolumes: clusterWide(of('', 'v1', 'persistentvolumes')),
  persistentvolumeclaims: namespaced(of('', 'v1', 'persistentvolumeclaims')),
  storageclasses: clusterWide(of('storage.k8s.io', 'v1', 'storageclasses')),
  resourcequotas: namespaced(of('', 'v1', 'resourcequotas')),
  limitranges: namespaced(of('', 'v1', 'limitranges')),
  horizontalpodautoscalers: namespaced(of('autoscaling', 'v2', 'horizontalpodautoscalers'), { fallback: of('autoscaling', 'v1', 'horizontalpodautoscalers') }),
  poddisruptionbudgets: namespaced(of('policy', 'v1', 'poddisruptionbudgets')),
  serviceaccounts: namespaced(of('', 'v1', 'serviceaccounts')),
  configmaps: namespaced(of('', 'v1', 'configmaps'), { metadataOnly: true }),
  secrets: namespaced(of('', 'v1', 'secrets'), { metadataOnly: true }),
  leases: namespaced(of('coordination.k8s.io', 'v1', 'leases'), { namespace: 'kube-node-lease' })
} as const satisfies Readonly<Record<string, Watchable>>
export type ResourceName = keyof typeof watchables
export const resourceNames = Object.keys(watchables) as ResourceName[]

/** The `kind` of the objects of each resource. */
export const kindOf = {
  events: 'Event', pods: 'Pod', nodes: 'Node', namespaces: 'Namespace', deployments: 'Deployment', replicasets: 'ReplicaSet', statefulsets: 'StatefulSet',
  daemonsets: 'DaemonSet', jobs: 'Job', cronjobs: 'CronJob', services: 'Service', endpointslices: 'EndpointSlice', ingresses: 'Ingress',
  networkpolicies: 'NetworkPolicy', persistentvolumes: 'PersistentVolume', persistentvolumeclaims: 'PersistentVolumeClaim', storageclasses: 'StorageClass',
  resourcequotas: 'ResourceQuota', limitranges: 'LimitRange', horizontalpodautoscalers: 'HorizontalPodAutoscaler', poddisruptionbudgets: 'PodDisruptionBudget',
  serviceaccounts: 'ServiceAccount', configmaps: 'ConfigMap', secrets: 'Secret', leases: 'Lease'
} as const satisfies Readonly<Record<ResourceName, string>>
export type KubeKind = (typeof kindOf)[ResourceName]
export const kubeKinds: readonly KubeKind[] = resourceNames.map(name => kindOf[name])

export function isKubeKind (kind: string): kind is KubeKind {
  return (kubeKinds as readonly string[]).includes(kind)
}

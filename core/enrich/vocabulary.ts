/** What resources can get from their pods, and by what their pods are found: the Collector's k8sattributes' names. */

export const metadataNames = [
  'k8s.namespace.name', 'k8s.pod.name', 'k8s.pod.uid', 'k8s.pod.ip', 'k8s.pod.start_time', 'k8s.node.name',
  'k8s.deployment.name', 'k8s.replicaset.name', 'k8s.replicaset.uid', 'k8s.statefulset.name', 'k8s.statefulset.uid',
  'k8s.daemonset.name', 'k8s.daemonset.uid', 'k8s.job.name', 'k8s.job.uid', 'k8s.cronjob.name',
  'k8s.container.name', 'container.id', 'container.image.name', 'container.image.tag'
] as const
export type MetadataName = (typeof metadataNames)[number]

export const defaultMetadata: MetadataName[] = [
  'k8s.namespace.name', 'k8s.pod.name', 'k8s.pod.uid', 'k8s.pod.start_time', 'k8s.deployment.name', 'k8s.node.name', 'container.image.name', 'container.image.tag'
]

/** Resource attributes a pod can be known by. */
export const sourceNames = ['k8s.pod.uid', 'k8s.pod.ip', 'ip', 'container.id', 'k8s.pod.name', 'k8s.namespace.name', 'k8s.node.name'] as const
export type SourceName = (typeof sourceNames)[number]

/** An attribute of the resource, or the address the batch came from. */
export interface AssociationSource { readonly from: 'resource_attribute' | 'connection', readonly name?: SourceName }
/** All of its sources must be there and fit the same pod. */
export interface Association { readonly sources: readonly AssociationSource[] }

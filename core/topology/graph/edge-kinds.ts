/**
 * What the edges of the graph mean. An edge goes from the object that says so, or needs it, to the one it speaks of.
 * The order is the number an edge is stored under: append only.
 */
export const edgeKinds = [
  { name: 'owner', meaning: 'any object -> the one in its `ownerReferences` (Pod -> ReplicaSet -> Deployment, Job -> CronJob)' },
  { name: 'runs_on', meaning: 'Pod -> Node' },
  { name: 'selects', meaning: 'Service -> Pod whose labels its selector matches, ready or not' },
  { name: 'network_policy', meaning: 'NetworkPolicy -> Pod it restricts' },
  { name: 'disruption_budget', meaning: 'PodDisruptionBudget -> Pod it counts' },
  { name: 'endpoints_of', meaning: 'EndpointSlice or Endpoints -> Service' },
  { name: 'endpoint', meaning: 'EndpointSlice or Endpoints -> Pod that takes traffic' },
  { name: 'unready_endpoint', meaning: 'EndpointSlice or Endpoints -> Pod that is listed as not ready' },
  { name: 'mounts_claim', meaning: 'Pod or workload -> PersistentVolumeClaim' },
  { name: 'binds', meaning: 'PersistentVolumeClaim -> PersistentVolume' },
  { name: 'claimed_by', meaning: 'PersistentVolume -> PersistentVolumeClaim it is reserved for' },
  { name: 'storage_class', meaning: 'PersistentVolumeClaim or PersistentVolume -> StorageClass' },
  { name: 'config_env', meaning: 'Pod or workload -> ConfigMap or Secret it takes environment variables from' },
  { name: 'config_volume', meaning: 'Pod or workload -> ConfigMap or Secret it mounts, alone or projected' },
  { name: 'pull_secret', meaning: 'Pod, workload or ServiceAccount -> Secret for its image registry' },
  { name: 'tls_secret', meaning: 'Ingress -> Secret with its certificate' },
  { name: 'service_account', meaning: 'Pod or workload -> ServiceAccount' },
  { name: 'limits', meaning: 'ResourceQuota or LimitRange -> Namespace' },
  { name: 'scales', meaning: 'HorizontalPodAutoscaler -> what it scales' },
  { name: 'routes', meaning: 'Ingress -> Service' },
  { name: 'governed_by', meaning: 'StatefulSet -> Service that gives its pods their names' },
  { name: 'refers_to', meaning: 'Pod, workload or ExternalName Service -> Service whose host name is in its environment or arguments, while that exists' }
] as const
export type EdgeKind = (typeof edgeKinds)[number]['name']

const codes = new Map<string, number>(edgeKinds.map((kind, code) => [kind.name, code]))
export const codeOf = (kind: EdgeKind): number => codes.get(kind) as number

/** Set in the code of a reference that may go nowhere (`optional: true`). */
export const optionalBit = 0x80
/** A host name that would be a `refers_to` if there were such a Service. Kept, never shown. */
export const mentionCode = 0x7f

export const kindOfCode = (code: number): EdgeKind => (edgeKinds[code & 0x7f] as { readonly name: EdgeKind }).name

const selectorCodes: ReadonlySet<number> = new Set((['selects', 'network_policy', 'disruption_budget'] as const).map(codeOf))
/** Edges found by comparing a selector with labels: no object names its other end. */
export const isSelectorCode = (code: number): boolean => selectorCodes.has(code)
export const refersTo = codeOf('refers_to')

/** The resources the stand-in has, for discovery and paths. */
export interface Kind { readonly group: string, readonly version: string, readonly plural: string, readonly kind: string, readonly namespaced: boolean, readonly short: readonly string[] }

const at = (version: string, group: string, plural: string, name: string, namespaced = true, ...short: string[]): Kind => ({ group, version, plural, kind: name, namespaced, short })
const kind = (group: string, plural: string, name: string, namespaced = true, ...short: string[]): Kind => at('v1', group, plural, name, namespaced, ...short)

export const kinds: readonly Kind[] = [
  kind('', 'pods', 'Pod', true, 'po'),
  kind('', 'nodes', 'Node', false, 'no'),
  kind('', 'namespaces', 'Namespace', false, 'ns'),
  kind('', 'events', 'Event', true, 'ev'),
  kind('', 'services', 'Service', true, 'svc'),
  kind('', 'persistentvolumes', 'PersistentVolume', false, 'pv'),
  kind('', 'persistentvolumeclaims', 'PersistentVolumeClaim', true, 'pvc'),
  kind('', 'resourcequotas', 'ResourceQuota', true, 'quota'),
  kind('', 'limitranges', 'LimitRange', true, 'limits'),
  kind('', 'serviceaccounts', 'ServiceAccount', true, 'sa'),
  kind('', 'configmaps', 'ConfigMap', true, 'cm'),
  kind('', 'secrets', 'Secret'),
  kind('apps', 'deployments', 'Deployment', true, 'deploy'),
  kind('apps', 'replicasets', 'ReplicaSet', true, 'rs'),
  kind('apps', 'statefulsets', 'StatefulSet', true, 'sts'),
  kind('apps', 'daemonsets', 'DaemonSet', true, 'ds'),
  kind('batch', 'jobs', 'Job'),
  kind('batch', 'cronjobs', 'CronJob', true, 'cj'),
  kind('events.k8s.io', 'events', 'Event', true, 'ev'),
  kind('discovery.k8s.io', 'endpointslices', 'EndpointSlice'),
  kind('networking.k8s.io', 'ingresses', 'Ingress', true, 'ing'),
  kind('networking.k8s.io', 'networkpolicies', 'NetworkPolicy', true, 'netpol'),
  kind('storage.k8s.io', 'storageclasses', 'StorageClass', false, 'sc'),
  at('v2', 'autoscaling', 'horizontalpodautoscalers', 'HorizontalPodAutoscaler', true, 'hpa'),
  kind('policy', 'poddisruptionbudgets', 'PodDisruptionBudget', true, 'pdb'),
  kind('coordination.k8s.io', 'leases', 'Lease')
]

export interface Target { readonly kind: Kind, readonly id: string, readonly namespace: string | undefined, readonly name: string | undefined }

/** What a path is about: `/api/v1/namespaces/<ns>/pods/<name>`, `/apis/apps/v1/deployments`, … */
export function targetOf (path: string): Target | undefined {
  const match = /^\/(?:api|apis\/([^/]+))\/([^/]+)(?:\/namespaces\/([^/]+)(?=\/[^/]))?\/([^/]+)(?:\/([^/]+))?$/.exec(path)
  if (match === null) return undefined
  const [, group = '', version, namespace, plural, name] = match
  const found = kinds.find(k => k.group === group && k.version === version && k.plural === plural)
  return found === undefined ? undefined : { kind: found, id: `${group}/${found.plural}`, namespace, name }
}

/** `<group>/<version>`, or the version alone for the core group. */
export const groupVersionOf = ({ group, version }: Kind): string => group === '' ? version : `${group}/${version}`

/** Answers to the questions kubectl asks before it asks for anything. */
export function discovery (path: string): unknown {
  if (path === '/version') return { major: '1', minor: '32', gitVersion: 'v1.32.0', platform: 'linux/amd64' }
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }
  if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups() }
  const groupVersion = /^\/(?:api|apis)\/(.+)$/.exec(path)?.[1]
  const resources = kinds.filter(k => groupVersionOf(k) === groupVersion)
  return groupVersion === undefined || resources.length === 0 ? undefined : resourceList(groupVersion, resources)
}

function groups (): unknown[] {
  const versions = new Map(kinds.filter(k => k.group !== '').map(k => [k.group, { groupVersion: groupVersionOf(k), version: k.version }]))
  return [...versions].map(([name, version]) => ({ name, versions: [version], preferredVersion: version }))
}

function resourceList (groupVersion: string, of: readonly Kind[]): unknown {
  const resources = of.map(k => ({ name: k.plural, singularName: k.kind.toLowerCase(), namespaced: k.namespaced, kind: k.kind, verbs: ['get', 'list', 'watch'], shortNames: k.short }))
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources }
}

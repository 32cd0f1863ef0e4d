/** What one object says about its place in the cluster: pure, from the object alone. */
import { codeOf } from './edge-kinds.js'
import { listAt, objectAt, textAt, textsAt, valueAt, type Plain } from './plain.js'
import { podReferences, pullSecrets, reference, type NodeName, type Reference } from './pod-references.js'
import { equalitySelector, labelSelector, type Selector } from './selector.js'
import { serviceHosts } from './service-hosts.js'

export type { NodeName, Reference } from './pod-references.js'

export interface Declaration {
  readonly references: readonly Reference[]
  /** Of a Pod: what selectors look at. */
  readonly labels?: Readonly<Record<string, string>>
  readonly selector?: { readonly code: number, readonly of: Selector | undefined }
}

export const clusterScoped: ReadonlySet<string> = new Set(['Node', 'Namespace', 'PersistentVolume', 'StorageClass', 'ClusterRole', 'ClusterRoleBinding', 'CustomResourceDefinition', 'PriorityClass', 'IngressClass', 'CSINode', 'CSIDriver', 'VolumeAttachment'])

/** `Service` of Kubernetes itself, `Service.serving.knative.dev` of somebody else. */
export function kindIn (apiVersion: string, kind: string): string {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
  return !group.includes('.') || group.endsWith('.k8s.io') ? kind : `${kind}.${group}`
}

export function declarationOf (kind: string, object: unknown): Declaration {
  const namespace = textAt(object, 'metadata', 'namespace')
  const spec = objectAt(object, 'spec')
  const owners = listAt(object, 'metadata', 'ownerReferences').flatMap(o => named('owner', o, namespace))
  const said = Object.hasOwn(readers, kind) ? (readers[kind] as Reader)(object as Plain, spec, namespace) : { references: [] }
  return { ...said, references: [...owners, ...said.references] }
}

type Reader = (object: Plain, spec: Plain, namespace: string) => Declaration

const only = (references: readonly Reference[]): Declaration => ({ references })

/** A ReplicaSet or Job with an owner says nothing that the owner's template does not say. */
const template: Reader = (object, spec, namespace) => only(listAt(object, 'metadata', 'ownerReferences').length > 0 ? [] : podReferences(objectAt(spec, 'template', 'spec'), namespace, ''))

const storageClass = (spec: Plain): Reference[] => reference('storage_class', 'StorageClass', '', textAt(spec, 'storageClassName'))

const limits: Reader = (_, __, namespace) => only(reference('limits', 'Namespace', '', namespace))

const readers: Readonly<Record<string, Reader>> = {
  Pod: (object, spec, namespace) => ({ references: podReferences(spec, namespace, textAt(object, 'metadata', 'name')), labels: textsAt(object, 'metadata', 'labels') }),
  Deployment: template,
  DaemonSet: template,
  ReplicaSet: template,
  ReplicationController: template,
  Job: template,
  StatefulSet: (object, spec, namespace) => only([...template(object, spec, namespace).references, ...reference('governed_by', 'Service', namespace, textAt(spec, 'serviceName'))]),
  CronJob: (_, spec, namespace) => only(podReferences(objectAt(spec, 'jobTemplate', 'spec', 'template', 'spec'), namespace, '')),
  Service: (_, spec, namespace) => ({ references: externalName(spec, namespace), selector: { code: codeOf('selects'), of: equalitySelector(textsAt(spec, 'selector')) } }),
  NetworkPolicy: (_, spec) => ({ references: [], selector: { code: codeOf('network_policy'), of: labelSelector(spec.podSelector ?? {}) } }),
  PodDisruptionBudget: (_, spec) => ({ references: [], selector: { code: codeOf('disruption_budget'), of: labelSelector(spec.selector) } }),
  EndpointSlice: slice,
  Endpoints: endpoints,
  Ingress: (_, spec, namespace) => only(ingress(spec, namespace)),
  HorizontalPodAutoscaler: (_, spec, namespace) => only(named('scales', spec.scaleTargetRef, namespace)),
  PersistentVolumeClaim: (_, spec) => only([...reference('binds', 'PersistentVolume', '', textAt(spec, 'volumeName')), ...storageClass(spec)]),
  PersistentVolume: (_, spec) => only([...reference('claimed_by', 'PersistentVolumeClaim', textAt(spec, 'claimRef', 'namespace'), textAt(spec, 'claimRef', 'name')), ...storageClass(spec)]),
  ServiceAccount: (object, _, namespace) => only(pullSecrets(object, namespace)),
  ResourceQuota: limits,
  LimitRange: limits
}

function named (kind: 'owner' | 'scales', target: unknown, namespace: string): Reference[] {
  const to = kindIn(textAt(target, 'apiVersion'), textAt(target, 'kind'))
  return to === '' ? [] : reference(kind, to, clusterScoped.has(to) ? '' : namespace, textAt(target, 'name'))
}

function externalName (spec: Plain, namespace: string): Reference[] {
  return serviceHosts('host', textAt(spec, 'externalName'), namespace).flatMap(to => reference('mention', 'Service', to.namespace, to.name))
}

function slice (object: Plain, _: Plain, namespace: string): Declaration {
  const service = textAt(object, 'metadata', 'labels', 'kubernetes.io/service-name')
  // No condition means ready, as the API says.
  const pods = listAt(object, 'endpoints').flatMap(e => podTarget(e, namespace, valueAt(e, 'conditions', 'ready') !== false))
  return only([...reference('endpoints_of', 'Service', namespace, service), ...pods])
}

function endpoints (object: Plain, _: Plain, namespace: string): Declaration {
  const pods = listAt(object, 'subsets').flatMap(s => [
    ...listAt(s, 'addresses').flatMap(a => podTarget(a, namespace, true)),
    ...listAt(s, 'notReadyAddresses').flatMap(a => podTarget(a, namespace, false))
  ])
  return only([...reference('endpoints_of', 'Service', namespace, textAt(object, 'metadata', 'name')), ...pods])
}

function podTarget (endpoint: unknown, namespace: string, ready: boolean): Reference[] {
  if (textAt(endpoint, 'targetRef', 'kind') !== 'Pod') return []
  return reference(ready ? 'endpoint' : 'unready_endpoint', 'Pod', textAt(endpoint, 'targetRef', 'namespace') || namespace, textAt(endpoint, 'targetRef', 'name'))
}

function ingress (spec: Plain, namespace: string): Reference[] {
  const backends = [spec.defaultBackend, ...listAt(spec, 'rules').flatMap(r => listAt(r, 'http', 'paths').map(p => valueAt(p, 'backend')))]
  return [
    ...backends.flatMap(b => reference('routes', 'Service', namespace, textAt(b, 'service', 'name') || textAt(b, 'serviceName'))),
    ...listAt(spec, 'tls').flatMap(t => reference('tls_secret', 'Secret', namespace, textAt(t, 'secretName')))
  ]
}

export function nameOf (kind: string, object: unknown): NodeName {
  return { kind, namespace: textAt(object, 'metadata', 'namespace'), name: textAt(object, 'metadata', 'name') }
}

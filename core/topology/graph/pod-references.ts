/** What a pod's spec, or a workload's template of one, names. */
import type { EdgeKind } from './edge-kinds.js'
import { listAt, objectAt, textAt, valueAt, type Plain } from './plain.js'
import { serviceHosts } from './service-hosts.js'

export interface NodeName { readonly kind: string, readonly namespace: string, readonly name: string }

export interface Reference {
  readonly kind: EdgeKind | 'mention'
  readonly to: NodeName
  /** The reference may go nowhere. */
  readonly optional?: boolean
}

/** A DNS subdomain, as the API server insists. */
export const maxNameLength = 253

/** `podName` is '' for a template: what is named after the pod is not known then. */
export function podReferences (spec: Plain, namespace: string, podName: string): Reference[] {
  const node = textAt(spec, 'nodeName')
  const account = textAt(spec, 'serviceAccountName') || textAt(spec, 'serviceAccount')
  const containers = [...listAt(spec, 'containers'), ...listAt(spec, 'initContainers'), ...listAt(spec, 'ephemeralContainers')]
  return [
    ...(node === '' || podName === '' ? [] : [{ kind: 'runs_on' as const, to: { kind: 'Node', namespace: '', name: node } }]),
    ...reference('service_account', 'ServiceAccount', namespace, account),
    ...pullSecrets(spec, namespace),
    ...listAt(spec, 'volumes').flatMap(v => volumeReferences(v, namespace, podName)),
    ...containers.flatMap(c => containerReferences(c, namespace))
  ]
}

/** Of a pod's spec or a ServiceAccount. */
export function pullSecrets (holder: Plain, namespace: string): Reference[] {
  return listAt(holder, 'imagePullSecrets').flatMap(s => reference('pull_secret', 'Secret', namespace, textAt(s, 'name')))
}

export function reference (kind: Reference['kind'], toKind: string, namespace: string, name: string, optional?: unknown): Reference[] {
  return name === '' || name.length > maxNameLength ? [] : [{ kind, to: { kind: toKind, namespace, name }, ...(optional === true ? { optional } : {}) }]
}

function volumeReferences (volume: unknown, namespace: string, podName: string): Reference[] {
  const claim = textAt(volume, 'persistentVolumeClaim', 'claimName')
  const ephemeral = valueAt(volume, 'ephemeral') === undefined || podName === '' ? '' : `${podName}-${textAt(volume, 'name')}`
  const projected = listAt(volume, 'projected', 'sources').flatMap(s => [...mounted('ConfigMap', objectAt(s, 'configMap'), namespace), ...mounted('Secret', objectAt(s, 'secret'), namespace)])
  return [
    ...reference('mounts_claim', 'PersistentVolumeClaim', namespace, claim),
    ...reference('mounts_claim', 'PersistentVolumeClaim', namespace, ephemeral),
    ...mounted('ConfigMap', objectAt(volume, 'configMap'), namespace),
    ...mounted('Secret', objectAt(volume, 'secret'), namespace),
    ...reference('config_volume', 'Secret', namespace, textAt(volume, 'csi', 'nodePublishSecretRef', 'name')),
    ...projected
  ]
}

function mounted (kind: string, source: Plain, namespace: string): Reference[] {
  return reference('config_volume', kind, namespace, textAt(source, 'name') || textAt(source, 'secretName'), source.optional)
}

function containerReferences (container: unknown, namespace: string): Reference[] {
  const from = (source: unknown, kind: string, key: string): Reference[] => reference('config_env', kind, namespace, textAt(source, key, 'name'), valueAt(source, key, 'optional'))
  const hosts = [
    ...listAt(container, 'env').flatMap(e => serviceHosts(textAt(e, 'name'), textAt(e, 'value'), namespace)),
    ...[...listAt(container, 'command'), ...listAt(container, 'args')].flatMap(a => typeof a === 'string' ? serviceHosts('', a, namespace) : [])
  ]
  return [
    ...listAt(container, 'envFrom').flatMap(e => [...from(e, 'ConfigMap', 'configMapRef'), ...from(e, 'Secret', 'secretRef')]),
    ...listAt(container, 'env').flatMap(e => [...from(valueAt(e, 'valueFrom'), 'ConfigMap', 'configMapKeyRef'), ...from(valueAt(e, 'valueFrom'), 'Secret', 'secretKeyRef')]),
    ...hosts.flatMap(host => reference('mention', 'Service', host.namespace, host.name))
  ]
}

/**
 * What of an object the next comparison needs, so that ten thousand pods can be held and saved. Values of Secrets and
 * ConfigMaps, managed fields and whatever is not named here are left behind.
 */
import type { KubeObject } from '../objects.js'
import type { KubeKind } from '../watchable.js'
import { shortened } from './compare.js'
import { keptArguments, keptEnv, keptProbe } from './template.js'

/** `true` keeps a value as it is; a map keeps what it names, of every member when the value is a list. */
type Mask = true | ((value: unknown) => unknown) | { readonly [key: string]: Mask }

const cut = (value: unknown): unknown => typeof value === 'string' ? shortened(value, 256) : undefined
const owners: Mask = { kind: true, name: true, uid: true, controller: true }
const metadata: Mask = { name: true, namespace: true, uid: true, resourceVersion: true, deletionTimestamp: true, ownerReferences: owners }
const condition: Mask = { type: true, status: true, reason: true, lastTransitionTime: true, message: cut }
const container: Mask = { name: true, image: true, command: keptArguments, args: keptArguments, env: keptEnv, envFrom: true, resources: true, livenessProbe: keptProbe, readinessProbe: keptProbe, startupProbe: keptProbe }
const template: Mask = { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': true } }, spec: { serviceAccountName: true, nodeSelector: true, containers: container, initContainers: container, volumes: true } }
const ended: Mask = { containerID: true, exitCode: true, signal: true, reason: true, finishedAt: true }
const containerStatus: Mask = { name: true, containerID: true, restartCount: true, state: { waiting: { reason: true }, running: { startedAt: true }, terminated: ended }, lastState: { terminated: ended } }
const balancer: Mask = { loadBalancer: { ingress: { ip: true, hostname: true } } }
const workload: Mask = {
  metadata,
  spec: { replicas: true, paused: true, template },
  status: { replicas: true, readyReplicas: true, availableReplicas: true, updatedReplicas: true, desiredNumberScheduled: true, numberAvailable: true, updatedNumberScheduled: true, observedGeneration: true, conditions: condition }
}
const claim: Mask = {
  metadata,
  spec: { storageClassName: true, volumeName: true, resources: true, capacity: true, claimRef: { namespace: true, name: true } },
  status: { phase: true, capacity: true, conditions: condition }
}
const names: Mask = { metadata: { ...metadata, annotations: { 'control-plane.alpha.kubernetes.io/leader': () => '' } } }

const masks: Readonly<Record<KubeKind, Mask>> = {
  Event: {
    metadata: { name: true, namespace: true, uid: true, resourceVersion: true, creationTimestamp: true },
    series: true, count: true, deprecatedCount: true, eventTime: true, lastTimestamp: true, deprecatedLastTimestamp: true
  },
  Pod: {
    metadata: { ...metadata, labels: { 'pod-template-hash': true } },
    spec: { nodeName: true, containers: { name: true, image: true, resources: true } },
    status: { phase: true, conditions: { type: true, status: true, reason: true }, containerStatuses: containerStatus, initContainerStatuses: containerStatus, ephemeralContainerStatuses: containerStatus }
  },
  Node: {
    metadata,
    spec: { unschedulable: true, taints: { key: true, value: true, effect: true } },
    status: { conditions: condition, allocatable: true, nodeInfo: { kubeletVersion: true, kernelVersion: true, containerRuntimeVersion: true, bootID: true } }
  },
  Namespace: { metadata, status: { phase: true, conditions: condition } },
  Deployment: workload,
  ReplicaSet: { metadata, spec: { replicas: true }, status: { conditions: condition } },
  StatefulSet: workload,
  DaemonSet: workload,
  Job: { metadata, spec: { suspend: true }, status: { failed: true, conditions: condition } },
  CronJob: { metadata, spec: { suspend: true, schedule: true, jobTemplate: { spec: { template } } } },
  Service: { metadata, spec: { type: true, clusterIP: true, externalName: true, selector: true, ports: true }, status: balancer },
  EndpointSlice: { metadata: { ...metadata, labels: { 'kubernetes.io/service-name': true } }, endpoints: { addresses: true, conditions: { ready: true }, targetRef: { name: true } } },
  Ingress: { metadata, spec: true, status: balancer },
  NetworkPolicy: { metadata, spec: true },
  PersistentVolume: claim,
  PersistentVolumeClaim: claim,
  StorageClass: { metadata: { ...metadata, annotations: { 'storageclass.kubernetes.io/is-default-class': true } }, provisioner: true, reclaimPolicy: true, volumeBindingMode: true, allowVolumeExpansion: true, parameters: true },
  ResourceQuota: { metadata, spec: { hard: true }, status: { hard: true, used: true } },
  LimitRange: { metadata, spec: true },
  HorizontalPodAutoscaler: { metadata, spec: { minReplicas: true, maxReplicas: true, scaleTargetRef: true }, status: { desiredReplicas: true, conditions: condition } },
  PodDisruptionBudget: { metadata, spec: { minAvailable: true, maxUnavailable: true }, status: { disruptionsAllowed: true, currentHealthy: true, desiredHealthy: true, expectedPods: true } },
  ServiceAccount: { metadata, automountServiceAccountToken: true, imagePullSecrets: true },
  ConfigMap: names,
  Secret: names,
  Lease: { metadata, spec: { leaseDurationSeconds: true, renewTime: true } }
}

/** Comparing reduced states gives what comparing the whole ones gives. `share` makes equal texts one. */
export function reduced (kind: KubeKind, object: KubeObject, share: (text: string) => string = text => text): KubeObject {
  return (kept(object, masks[kind], share) ?? {}) as KubeObject
}

function kept (value: unknown, mask: Mask, share: (text: string) => string): unknown {
  if (typeof mask === 'function') return shared(mask(value), share)
  if (mask === true) return shared(value, share)
  if (Array.isArray(value)) return value.map(item => kept(item, mask, share) ?? {})
  if (typeof value !== 'object' || value === null) return undefined
  const result: Record<string, unknown> = {}
  for (const key in mask) {
    const inner = kept((value as Record<string, unknown>)[key], mask[key] as Mask, share)
    if (inner !== undefined) result[key] = inner
  }
  return result
}

function shared (value: unknown, share: (text: string) => string): unknown {
  if (typeof value === 'string') return share(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(item => shared(item, share))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shared(item, share)]))
}

/** Objects of the story's cluster as an API server has them, in the states they go through. */
import type { KubeObject } from '../../../core/kubernetes/objects.js'
import { containerIdOf, namespace, uidOf, type Role, type StoryPod } from './story.js'

type Fields = Readonly<Record<string, unknown>>
type State = KubeObject & Fields

const createdAt = '2026-01-08T09:00:00Z'
const podsSince = '2026-01-14T16:20:05Z'
const allocatable = { cpu: '4', memory: '3670016Ki', pods: '110', 'ephemeral-storage': '40Gi' }
const pressureTaint = { key: 'node.kubernetes.io/memory-pressure', effect: 'NoSchedule' }

/** API times have whole seconds. */
export function timestamp (timeMs: number): string { return `${new Date(timeMs).toISOString().slice(0, 19)}Z` }

const meta = (kind: string, name: string, more: Fields = {}): Fields => ({ name, namespace, uid: uidOf(`${kind} ${name}`), creationTimestamp: createdAt, ...more })
const owner = (apiVersion: string, kind: string, name: string): Fields => ({ apiVersion, kind, name, uid: uidOf(`${kind} ${name}`), controller: true, blockOwnerDeletion: true })
const labelsOf = ({ name }: Role): Readonly<Record<string, string>> => ({ app: name })
const setName = ({ name, hash }: Role): string => `${name}-${hash}`
const condition = (type: string, status: boolean, sinceMs: number, more: Fields = {}): Fields => ({ type, status: status ? 'True' : 'False', lastTransitionTime: timestamp(sinceMs), ...more })
const longAgoMs = Date.parse(podsSince)

export function namespaceObject (): State {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, uid: uidOf(`Namespace ${namespace}`), creationTimestamp: createdAt }, spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } }
}

/** `pressureMs`: since when it is short of memory. */
export function nodeObject (name: string, pressureMs?: number): State {
  const pressed = pressureMs !== undefined
  return {
    apiVersion: 'v1', kind: 'Node',
    metadata: { name, uid: uidOf(`Node ${name}`), creationTimestamp: createdAt, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' } },
    spec: { podCIDR: `10.244.${name.slice(5)}.0/24`, ...(pressed ? { taints: [pressureTaint] } : {}) },
    status: {
      capacity: { ...allocatable, memory: '4028856Ki' }, allocatable,
      conditions: [
        pressed
          ? condition('MemoryPressure', true, pressureMs, { reason: 'KubeletHasInsufficientMemory', message: 'kubelet has insufficient memory available' })
          : condition('MemoryPressure', false, longAgoMs, { reason: 'KubeletHasSufficientMemory', message: 'kubelet has sufficient memory available' }),
        condition('DiskPressure', false, longAgoMs, { reason: 'KubeletHasNoDiskPressure' }),
        condition('PIDPressure', false, longAgoMs, { reason: 'KubeletHasSufficientPID' }),
        condition('Ready', true, longAgoMs, { reason: 'KubeletReady', message: 'kubelet is posting ready status' })
      ],
      addresses: [{ type: 'InternalIP', address: `10.0.0.${name.slice(5)}` }, { type: 'Hostname', address: name }],
      nodeInfo: { kubeletVersion: 'v1.32.4', containerRuntimeVersion: 'containerd://1.6.20', operatingSystem: 'linux', architecture: 'amd64' }
    }
  }
}

function container ({ name, image, port, requestMib, limitMib, env }: Role): Fields {
  return {
    name, image, ports: [{ containerPort: port, protocol: 'TCP' }],
    resources: { requests: { cpu: '250m', memory: `${requestMib}Mi` }, limits: { memory: limitMib % 1024 === 0 ? `${limitMib / 1024}Gi` : `${limitMib}Mi` } },
    ...(Object.keys(env).length === 0 ? {} : { env: Object.entries(env).map(([key, value]) => ({ name: key, value })) })
  }
}

const templateOf = (role: Role): Fields => ({ metadata: { labels: labelsOf(role) }, spec: { containers: [container(role)], serviceAccountName: 'default' } })

export function deployment (role: Role, available: number, sinceMs = longAgoMs): State {
  return {
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: meta('Deployment', role.name, { labels: labelsOf(role), generation: 1 }),
    spec: { replicas: role.replicas, selector: { matchLabels: labelsOf(role) }, template: templateOf(role) },
    status: {
      observedGeneration: 1, replicas: role.replicas, updatedReplicas: role.replicas, readyReplicas: available, availableReplicas: available,
      ...(available < role.replicas ? { unavailableReplicas: role.replicas - available } : {}),
      conditions: [
        condition('Progressing', true, longAgoMs, { reason: 'NewReplicaSetAvailable' }),
        available < role.replicas
          ? condition('Available', false, sinceMs, { reason: 'MinimumReplicasUnavailable', message: 'Deployment does not have minimum availability.' })
          : condition('Available', true, longAgoMs, { reason: 'MinimumReplicasAvailable', message: 'Deployment has minimum availability.' })
      ]
    }
  }
}

export function replicaSet (role: Role, ready: number): State {
  const hashed = { ...labelsOf(role), 'pod-template-hash': role.hash }
  return {
    apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: meta('ReplicaSet', setName(role), { labels: hashed, ownerReferences: [owner('apps/v1', 'Deployment', role.name)] }),
    spec: { replicas: role.replicas, selector: { matchLabels: hashed }, template: { ...templateOf(role), metadata: { labels: hashed } } },
    status: { observedGeneration: 1, replicas: role.replicas, readyReplicas: ready, availableReplicas: ready }
  }
}

export function service (role: Role): State {
  return {
    apiVersion: 'v1', kind: 'Service', metadata: meta('Service', role.name, { labels: labelsOf(role) }),
    spec: { type: 'ClusterIP', clusterIP: role.clusterIp, clusterIPs: [role.clusterIp], selector: labelsOf(role), ports: [{ name: 'main', protocol: 'TCP', port: role.port, targetPort: role.port }] }
  }
}

export interface Endpoint { readonly pod: StoryPod, readonly ready: boolean }

export function slice (role: Role, endpoints: readonly Endpoint[]): State {
  return {
    apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice',
    metadata: meta('EndpointSlice', `${role.name}-c7r2w`, { labels: { 'kubernetes.io/service-name': role.name }, ownerReferences: [owner('v1', 'Service', role.name)] }),
    addressType: 'IPv4', ports: [{ name: 'main', protocol: 'TCP', port: role.port }],
    endpoints: endpoints.map(({ pod, ready }) => ({ addresses: [pod.ip], conditions: { ready, serving: ready, terminating: false }, nodeName: pod.node, targetRef: { kind: 'Pod', namespace, name: pod.name, uid: pod.uid } }))
  }
}

function podFrame (pod: StoryPod, created: string, status: Fields): State {
  const { role, name, uid, node } = pod
  return {
    apiVersion: 'v1', kind: 'Pod',
    metadata: { name, namespace, uid, creationTimestamp: created, labels: { ...labelsOf(role), 'pod-template-hash': role.hash }, ownerReferences: [owner('apps/v1', 'ReplicaSet', setName(role))] },
    spec: {
      ...(node === '' ? {} : { nodeName: node }), serviceAccountName: 'default', restartPolicy: 'Always', priority: 0, containers: [container(role)],
      tolerations: ['not-ready', 'unreachable'].map(key => ({ key: `node.kubernetes.io/${key}`, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }))
    },
    status: { qosClass: 'Burstable', ...status }
  }
}

const runtime = (id: string): string => `containerd://${id}`
const placed = ({ ip, node }: StoryPod): Fields => ({ hostIP: `10.0.0.${node.slice(5)}`, podIP: ip, podIPs: [{ ip }], startTime: podsSince })
const conditionsOf = (ready: boolean, sinceMs: number): readonly Fields[] => [
  condition('PodScheduled', true, longAgoMs), condition('Initialized', true, longAgoMs),
  ...['ContainersReady', 'Ready'].map(type => condition(type, ready, sinceMs, ready ? {} : { reason: 'ContainersNotReady', message: 'containers with unready status' }))
]

function containerStatus ({ role, containerId }: StoryPod, fields: Fields): Fields {
  return { name: role.name, image: role.image, imageID: `docker.io/library/${role.image}`, ready: true, started: true, restartCount: 0, containerID: runtime(containerId), ...fields }
}

export function runningPod (pod: StoryPod): State {
  return podFrame(pod, podsSince, { phase: 'Running', ...placed(pod), conditions: conditionsOf(true, longAgoMs), containerStatuses: [containerStatus(pod, { state: { running: { startedAt: podsSince } } })] })
}

const oomKilled = ({ containerId }: StoryPod, endMs: number): Fields => ({ terminated: { containerID: runtime(containerId), exitCode: 137, reason: 'OOMKilled', startedAt: podsSince, finishedAt: timestamp(endMs) } })

export function oomKilledPod (pod: StoryPod, endMs: number): State {
  return podFrame(pod, podsSince, { phase: 'Running', ...placed(pod), conditions: conditionsOf(false, endMs), containerStatuses: [containerStatus(pod, { ready: false, started: false, state: oomKilled(pod, endMs) })] })
}

/** Its container runs again; the readiness probe has not passed yet. */
export function restartedPod (pod: StoryPod, endMs: number, startMs: number): State {
  const status = containerStatus(pod, { ready: false, restartCount: 1, containerID: runtime(containerIdOf(pod.name, 1)), state: { running: { startedAt: timestamp(startMs) } }, lastState: oomKilled(pod, endMs) })
  return podFrame(pod, podsSince, { phase: 'Running', ...placed(pod), conditions: conditionsOf(false, endMs), containerStatuses: [status] })
}

/** By kubelet, because its node needs memory. */
export function evictedPod (pod: StoryPod, containerId: string, message: string, endMs: number): State {
  const end = { terminated: { containerID: runtime(containerId), exitCode: 143, reason: 'Error', startedAt: podsSince, finishedAt: timestamp(endMs) } }
  return podFrame(pod, podsSince, {
    phase: 'Failed', reason: 'Evicted', message, ...placed(pod),
    conditions: [condition('DisruptionTarget', true, endMs, { reason: 'TerminationByKubelet', message }), ...conditionsOf(false, endMs)],
    containerStatuses: [containerStatus(pod, { ready: false, started: false, containerID: runtime(containerId), state: end })]
  })
}

export function pendingPod (pod: StoryPod, createdMs: number, why?: string): State {
  const unplaced = why === undefined ? {} : { conditions: [condition('PodScheduled', false, createdMs, { reason: 'Unschedulable', message: why })] }
  return podFrame(pod, timestamp(createdMs), { phase: 'Pending', ...unplaced })
}

export interface Report {
  readonly about: { readonly kind: string, readonly name: string, readonly container?: string }
  readonly reason: string
  readonly type: 'Normal' | 'Warning'
  readonly message: string
  readonly by: string
  readonly host?: string
  readonly count?: number
  /** Tells an Event that comes again from another one. */
  readonly firstMs?: number
}

/** An Event (events.k8s.io/v1, as a client of v1 sees it). */
export function event ({ about: { kind, name, container: of }, reason, type, message, by, host, count = 1, firstMs }: Report, timeMs: number): State {
  const place = kind === 'Node' ? 'default' : namespace
  const eventName = `${name}.${uidOf(`Event ${name} ${reason} ${firstMs ?? timeMs}`).replaceAll('-', '').slice(0, 16)}`
  return {
    apiVersion: 'v1', kind: 'Event', metadata: { name: eventName, namespace: place, uid: uidOf(`Event ${eventName}`), creationTimestamp: timestamp(firstMs ?? timeMs) },
    type, reason, message, count, firstTimestamp: timestamp(firstMs ?? timeMs), lastTimestamp: timestamp(timeMs), source: { component: by, ...(host === undefined ? {} : { host }) },
    involvedObject: { kind, name, uid: kind === 'Node' ? name : uidOf(`${kind} ${name}`), ...(kind === 'Node' ? {} : { namespace }), ...(of === undefined ? {} : { fieldPath: `spec.containers{${of}}` }) }
  }
}


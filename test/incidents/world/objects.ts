/** Kubernetes objects of the world's parts, as an API server gives them. */
import type { Dice } from './random.js'
import { iso, type App, type NodePart, type Pod, type Thing } from './parts.js'

export type Draft = Omit<Thing, 'metadata'> & { readonly metadata: Partial<Thing['metadata']> & { readonly name: string } }

export function thing (dice: Dice, { metadata, ...rest }: Draft, bornMs: number): Thing {
  return { ...rest, metadata: { uid: dice.uuid(), resourceVersion: '1', creationTimestamp: iso(bornMs), ...metadata } } as Thing
}

export function ownerOf (owner: Thing): object[] {
  return [{ apiVersion: owner.apiVersion, kind: owner.kind, name: owner.metadata.name, uid: owner.metadata.uid, controller: true, blockOwnerDeletion: true }]
}

export function nodeDraft (name: string, ip: string, isControlPlane: boolean, bootId: string, bornMs: number): Draft {
  const condition = (type: string, status: string, reason: string, message: string) => ({ type, status, reason, message, lastTransitionTime: iso(bornMs), lastHeartbeatTime: iso(bornMs) })
  return {
    apiVersion: 'v1', kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', ...(isControlPlane ? { 'node-role.kubernetes.io/control-plane': '' } : {}) } },
    spec: isControlPlane ? { taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] } : {},
    status: {
      addresses: [{ type: 'InternalIP', address: ip }, { type: 'Hostname', address: name }],
      capacity: { cpu: '4', memory: '16Gi', pods: '110', 'ephemeral-storage': '100Gi' }, allocatable: { cpu: '3900m', memory: '15Gi', pods: '110', 'ephemeral-storage': '90Gi' },
      nodeInfo: { kubeletVersion: 'v1.31.4', kernelVersion: '6.8.0-45-generic', containerRuntimeVersion: 'containerd://1.7.22', bootID: bootId },
      conditions: [
        condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
        condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
        condition('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
        condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status')
      ]
    }
  }
}

export function templateOf (app: Omit<App, 'workload' | 'service'>): object {
  const env = app.calls.map(callee => ({ name: `${callee.name.toUpperCase().replaceAll('-', '_')}_ADDR`, value: `${callee.name}${callee.namespace === app.namespace ? '' : `.${callee.namespace}`}:${callee.port}` }))
  const probe = app.role === 'http' ? { httpGet: { path: '/healthz', port: app.port }, periodSeconds: 5, failureThreshold: 3, timeoutSeconds: 1 } : { tcpSocket: { port: app.port }, periodSeconds: 5, failureThreshold: 3, timeoutSeconds: 1 }
  return {
    metadata: { labels: { ...app.labels } },
    spec: {
      serviceAccountName: app.name,
      containers: [{
        name: app.container, image: app.image, ports: [{ name: 'main', containerPort: app.port, protocol: 'TCP' }], env,
        ...(app.config === '' ? {} : { envFrom: [{ configMapRef: { name: app.config } }, { secretRef: { name: app.secret } }] }),
        resources: { requests: { cpu: '100m', memory: `${app.memoryMi / 2}Mi` }, limits: { cpu: '500m', memory: `${app.memoryMi}Mi` } },
        readinessProbe: probe, livenessProbe: { ...probe, periodSeconds: 10 },
        ...(app.hasVolume ? { volumeMounts: [{ name: 'data', mountPath: '/data' }] } : {})
      }]
    }
  }
}

export function podDraft (dice: Dice, app: App, name: string, replicaSet: Thing | undefined): Draft {
  const owner = replicaSet ?? app.workload
  const template = structuredClone((owner['spec'] as { template: { metadata: object, spec: Record<string, unknown> } }).template)
  const volumes = app.hasVolume ? { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: `data-${name}` } }] } : {}
  const hash = (replicaSet?.metadata.labels ?? {})['pod-template-hash']
  return {
    apiVersion: 'v1', kind: 'Pod',
    metadata: { name, namespace: app.namespace, uid: dice.uuid(), labels: { ...app.labels, ...(hash === undefined ? {} : { 'pod-template-hash': hash }) }, ownerReferences: ownerOf(owner) },
    spec: { ...template.spec, ...volumes, restartPolicy: 'Always', schedulerName: 'default-scheduler' },
    status: { phase: 'Pending', qosClass: 'Burstable' }
  }
}

/** `status` of a pod from what the world knows, but the states of its container. */
export function runningStatus (pod: Pod, nowMs: number): Record<string, unknown> {
  const image = containerOf(pod)['image'] as string
  return {
    phase: 'Running', qosClass: 'Burstable', hostIP: (pod.node as NodePart).ip, podIP: pod.ip, podIPs: [{ ip: pod.ip }], startTime: iso(nowMs),
    conditions: [
      { type: 'PodScheduled', status: 'True', lastTransitionTime: iso(nowMs) }, { type: 'Initialized', status: 'True', lastTransitionTime: iso(nowMs) },
      { type: 'ContainersReady', status: 'False', reason: 'ContainersNotReady', message: `containers with unready status: [${pod.app.container}]`, lastTransitionTime: iso(nowMs) },
      { type: 'Ready', status: 'False', reason: 'ContainersNotReady', message: `containers with unready status: [${pod.app.container}]`, lastTransitionTime: iso(nowMs) }
    ],
    containerStatuses: [{ name: pod.app.container, image, imageID: image, restartCount: pod.restarts, ready: false, started: true, containerID: `containerd://${pod.containerId}`, state: { running: { startedAt: iso(nowMs) } }, lastState: {} }]
  }
}

export function containerOf (pod: Pod): Record<string, unknown> {
  return (pod.object['spec'] as { containers: Record<string, unknown>[] }).containers[0] as Record<string, unknown>
}

export interface ContainerStatusPart { name: string, image: string, containerID: string, restartCount: number, ready: boolean, state: Record<string, unknown>, lastState: Record<string, unknown> }
export interface PodStatusPart { phase: string, reason?: string, message?: string, conditions: ConditionPart[], containerStatuses: ContainerStatusPart[] }
export interface ConditionPart { type: string, status: string, reason?: string, message?: string, lastTransitionTime?: string }

export function statusOf (pod: Pod): PodStatusPart { return pod.object['status'] as PodStatusPart }

/** True: the condition was not so before. */
export function setCondition (conditions: ConditionPart[], condition: ConditionPart): boolean {
  const known = conditions.find(c => c.type === condition.type)
  if (known?.status === condition.status && known.reason === condition.reason) return false
  if (known === undefined) conditions.push(condition)
  else {
    delete known.reason
    delete known.message
    Object.assign(known, condition)
  }
  return true
}

/** The objects of story.test.ts on the stand-in API server, and what a kubelet and the controllers make of them. */
import { ApiServerStandIn } from '../../core/testing/api-server/server.js'
import { uuidOf } from '../../core/testing/api-server/pods.js'
import type { KubeObject } from '../../core/kubernetes/objects.js'

export const nodeName = 'node-live'
export const namespace = 'default'

/** One Deployment with one pod, behind a Service of the same name. */
export interface App {
  readonly name: string
  readonly port: number
  readonly memory: string
  readonly uid: string
  readonly env?: readonly { readonly name: string, readonly value: string }[]
}

export interface Place { readonly ip: string, readonly containerId: string }

const image = 'tapio.test/busybox:1'
const iso = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
/** Of all objects but what happens now. */
const bornMs = Date.now() - 3_600_000

const hashOf = (app: App): string => uuidOf(app.name).slice(0, 8)
export const replicaSetOf = (app: App): string => `${app.name}-${hashOf(app)}`
export const podOf = (app: App): string => `${replicaSetOf(app)}-${uuidOf(app.uid).slice(0, 5)}`

const meta = (name: string, more: object = {}): object => ({ name, namespace, creationTimestamp: iso(bornMs), ...more })
const owned = (apiVersion: string, kind: string, name: string): object => ({ ownerReferences: [{ apiVersion, kind, name, uid: uuidOf(`${kind}/${name}`), controller: true }] })
const labelsOf = (app: App): object => ({ labels: { app: app.name } })

function templateOf (app: App): { readonly metadata: object, readonly spec: object } {
  const { port, memory, env = [] } = app
  return { metadata: labelsOf(app), spec: { containers: [{ name: 'app', image, env, ports: [{ containerPort: port }], resources: { requests: { memory }, limits: { memory } } }] } }
}

export class Cluster {
  readonly server = new ApiServerStandIn()

  putNode (): void {
    const ready = { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status', lastTransitionTime: iso(bornMs), lastHeartbeatTime: iso(Date.now()) }
    this.#put('/nodes', {
      apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName, creationTimestamp: iso(bornMs), labels: { 'kubernetes.io/hostname': nodeName } }, spec: {},
      status: { addresses: [{ type: 'InternalIP', address: '192.0.2.10' }], capacity: { cpu: '2', memory: '8Gi', pods: '110' }, allocatable: { cpu: '2', memory: '8Gi', pods: '110' }, conditions: [ready] }
    })
    this.#put('/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, creationTimestamp: iso(bornMs) }, status: { phase: 'Active' } })
  }

  /** All of an app, running. */
  put (app: App, place: Place): void {
    const { name, port } = app
    const selector = { matchLabels: { app: name } }
    this.#put('/services', { apiVersion: 'v1', kind: 'Service', metadata: meta(name), spec: { selector: { app: name }, ports: [{ port, targetPort: port }], clusterIP: 'None' } })
    this.#putDeployment(app, true)
    this.#put('apps/replicasets', { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: meta(replicaSetOf(app), { uid: uuidOf(`ReplicaSet/${replicaSetOf(app)}`), ...labelsOf(app), ...owned('apps/v1', 'Deployment', name) }), spec: { replicas: 1, selector, template: templateOf(app) }, status: { replicas: 1, readyReplicas: 1 } })
    this.#putPod(app, place, { restartCount: 0, ready: true, started: true, containerID: `containerd://${place.containerId}`, state: { running: { startedAt: iso(bornMs) } }, lastState: {} })
    this.#putEndpoints(app, place, true)
  }

  /** As a kubelet and the controllers tell that the container was killed for memory and is not started again yet. */
  killed (app: App, place: Place, exitCode: number): void {
    const containerID = `containerd://${place.containerId}`
    const message = `back-off 10s restarting failed container=app pod=${podOf(app)}_${namespace}(${app.uid})`
    const terminated = { containerID, exitCode, reason: 'OOMKilled', startedAt: iso(bornMs), finishedAt: iso(Date.now()) }
    this.#putPod(app, place, { restartCount: 1, ready: false, started: false, containerID, state: { waiting: { reason: 'CrashLoopBackOff', message } }, lastState: { terminated } })
    this.#putEndpoints(app, place, false)
    this.#putDeployment(app, false)
    this.#event(app, 'BackOff', `Back-off restarting failed container app in pod ${podOf(app)}_${namespace}(${app.uid})`)
  }

  #putDeployment (app: App, isAvailable: boolean): void {
    const condition = { type: 'Available', status: isAvailable ? 'True' : 'False', reason: isAvailable ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable', message: `Deployment ${isAvailable ? 'has' : 'does not have'} minimum availability.`, lastTransitionTime: iso(isAvailable ? bornMs : Date.now()) }
    const ready = isAvailable ? 1 : 0
    this.#put('apps/deployments', {
      apiVersion: 'apps/v1', kind: 'Deployment', metadata: meta(app.name, { uid: uuidOf(`Deployment/${app.name}`), generation: 1, ...labelsOf(app) }),
      spec: { replicas: 1, selector: { matchLabels: { app: app.name } }, template: templateOf(app) },
      status: { observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: ready, availableReplicas: ready, unavailableReplicas: 1 - ready, conditions: [condition] }
    })
  }

  #putPod (app: App, { ip }: Place, container: { readonly ready: boolean } & Readonly<Record<string, unknown>>): void {
    const why = container.ready ? {} : { reason: 'ContainersNotReady', message: 'containers with unready status: [app]' }
    const condition = (type: string): object => ({ type, status: container.ready ? 'True' : 'False', lastTransitionTime: iso(container.ready ? bornMs : Date.now()), ...why })
    this.#put('/pods', {
      apiVersion: 'v1', kind: 'Pod', metadata: meta(podOf(app), { uid: app.uid, labels: { app: app.name, 'pod-template-hash': hashOf(app) }, ...owned('apps/v1', 'ReplicaSet', replicaSetOf(app)) }),
      spec: { nodeName, restartPolicy: 'Always', ...templateOf(app).spec },
      status: { phase: 'Running', podIP: ip, podIPs: [{ ip }], startTime: iso(bornMs), conditions: [condition('Ready'), condition('ContainersReady')], containerStatuses: [{ name: 'app', image, imageID: image, ...container }] }
    })
  }

  #putEndpoints (app: App, { ip }: Place, ready: boolean): void {
    this.#put('discovery.k8s.io/endpointslices', {
      apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4', metadata: meta(`${app.name}-live`, { labels: { 'kubernetes.io/service-name': app.name } }), ports: [{ port: app.port, protocol: 'TCP' }],
      endpoints: [{ addresses: [ip], conditions: { ready, serving: ready, terminating: false }, nodeName, targetRef: { kind: 'Pod', namespace, name: podOf(app), uid: app.uid } }]
    })
  }

  #event (app: App, reason: string, note: string): void {
    this.#put('events.k8s.io/events', {
      apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: { ...meta(`${podOf(app)}.${reason.toLowerCase()}`), creationTimestamp: iso(Date.now()) }, type: 'Warning', reason, note, action: 'Restarting',
      reportingController: 'kubelet', reportingInstance: nodeName, eventTime: new Date().toISOString(), regarding: { kind: 'Pod', namespace, name: podOf(app), uid: app.uid, fieldPath: 'spec.containers{app}' }
    })
  }

  #put (kind: string, object: KubeObject & Readonly<Record<string, unknown>>): void { this.server.store.put(kind, object) }
}

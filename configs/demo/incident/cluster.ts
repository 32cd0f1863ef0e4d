/**
 * Kubernetes' side of the incident. Synthetic: nobody's API server said this. States of objects go through the kubernetes
 * receiver's own comparison (objects: all), so the rows are what it would tell of such states.
 */
import type { Clock } from '../../../core/component/clock.js'
import { ChangeWriter } from '../../../core/kubernetes/changes/index.js'
import type { KubeObject } from '../../../core/kubernetes/objects.js'
import { kubeKinds, type KubeKind } from '../../../core/kubernetes/watchable.js'
import { eventToJson } from '../../../core/data/json.js'
import { ChangeQueue } from '../../../receivers/kubernetes/change-queue.js'
import { Tracker, type TrackerContext } from '../../../receivers/kubernetes/tracker.js'
import * as state from './objects.js'
import type { Report } from './objects.js'
import { catalog, containerIdOf, evicted, leaking, mysql, nextMysql, nextNginx, nginx, nodes, pods, roles, searcher, startMs, type Role, type StoryPod } from './story.js'

/** A row in the file exporter's JSON, and when it arrived. */
export interface Line { readonly arrivalMs: number, readonly text: string }

class Watched {
  readonly lines: Line[] = []
  #nowMs = startMs
  #version = 1000
  readonly #queue = new ChangeQueue(1 << 30)
  readonly #trackers = new Map<KubeKind, Tracker>()

  /** All that is there when the watching begins. */
  constructor (objects: readonly KubeObject[]) {
    const clock = { unixMs: () => this.#nowMs } as Clock
    const config: TrackerContext['config'] = { objects: 'all', events_since: 600_000, exclude_namespaces: [], max_objects: 10_000 }
    const broken = (kind: KubeKind, error: unknown): void => { throw new Error(`${kind}: ${String(error)}`) }
    for (const kind of kubeKinds) {
      const tracker = new Tracker(kind, { config, clock, queue: this.#queue, total: { held: 0 }, share: text => text, notHeld: () => undefined, malformed: broken })
      tracker.listing()
      for (const object of objects) if (object.kind === kind) tracker.put(this.#versioned(object))
      tracker.listed()
      this.#trackers.set(kind, tracker)
    }
    this.#write()
  }

  at (timeMs: number, ...objects: readonly KubeObject[]): void {
    this.#nowMs = Math.round(timeMs)
    for (const object of objects) this.#trackers.get(object.kind as KubeKind)?.put(this.#versioned(object))
    this.#write()
  }

  #versioned (object: KubeObject): KubeObject { return { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#version) } } }

  #write (): void {
    const writer = new ChangeWriter({ source: 'kubernetes' })
    for (const { change, object } of this.#queue.take(1000)) writer.add(change, object)
    for (const row of writer.finish(BigInt(this.#nowMs) * 1_000_000n)) this.lines.push({ arrivalMs: this.#nowMs, text: eventToJson(row, { raw: true }) })
  }
}

/** When the recorded things happened, on the story's time line. */
export interface Anchors { readonly oomMs: number, readonly mysqlEndMs: number, readonly nginxEndMs: number }

const endpointsOf = (role: Role, unready: readonly StoryPod[] = [], gone: readonly StoryPod[] = []): KubeObject =>
  state.slice(role, pods.filter(p => p.role === role && !gone.includes(p)).map(pod => ({ pod, ready: !unready.includes(pod) })))

const cannotPlace = '0/3 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/memory-pressure: }, 2 Insufficient memory. preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod.'
const lowOnMemory = (of: string, usedKib: number, requestMib: number): string => `The node was low on resource: memory. Threshold quantity: 100Mi, available: 83416Ki. Container ${of} was using ${usedKib}Ki, request is ${requestMib}Mi, has larger consumption of memory. `
const ofPod = ({ name, role }: StoryPod): Report['about'] => ({ kind: 'Pod', name, container: role.name })
const kubelet = (node: string) => ({ by: 'kubelet', host: node })

function unplaced (pod: StoryPod, timeMs: number, firstMs: number, count: number): KubeObject {
  return state.event({ about: { kind: 'Pod', name: pod.name }, reason: 'FailedScheduling', type: 'Warning', message: cannotPlace, by: 'default-scheduler', count, firstMs }, timeMs)
}

/** What has nothing to do with the incident. */
function noise (cluster: Watched, endMs: number): void {
  const busy: Report = { about: ofPod(searcher), reason: 'Unhealthy', type: 'Warning', message: 'Readiness probe failed: Get "http://10.244.5.32:8080/ready": context deadline exceeded (Client.Timeout exceeded while awaiting headers)', ...kubelet(searcher.node) }
  cluster.at(startMs + 6_200, state.event(busy, startMs + 6_000))
  const scaled: Report = { about: { kind: 'Deployment', name: catalog.name }, reason: 'SuccessfulRescale', type: 'Normal', message: 'New size: 2; reason: cpu resource utilization (percentage of request) above target', by: 'horizontal-pod-autoscaler' }
  cluster.at(startMs + 12_400, state.event(scaled, startMs + 12_000))
  cluster.at(endMs - 2_000, state.event({ ...busy, count: 2, firstMs: startMs + 6_000 }, endMs - 2_200))
}

function killed (cluster: Watched, oomMs: number): void {
  const again = { about: ofPod(leaking), type: 'Normal', ...kubelet(leaking.node) } as const
  cluster.at(oomMs + 700, state.oomKilledPod(leaking, oomMs))
  cluster.at(oomMs + 1_000, endpointsOf(nginx, [leaking]), state.deployment(nginx, 1, oomMs + 1_000), state.replicaSet(nginx, 1))
  cluster.at(oomMs + 1_900,
    state.event({ ...again, reason: 'Pulled', message: `Container image "${nginx.image}" already present on machine` }, oomMs + 1_400),
    state.event({ ...again, reason: 'Created', message: `Created container: ${nginx.name}` }, oomMs + 1_600),
    state.event({ ...again, reason: 'Started', message: `Started container ${nginx.name}` }, oomMs + 1_800))
  cluster.at(oomMs + 2_300, state.restartedPod(leaking, oomMs, oomMs + 1_800))
}

function shortOfMemory (cluster: Watched, pressureMs: number): void {
  const about = { kind: 'Node', name: leaking.node }
  cluster.at(pressureMs + 300,
    state.event({ about, reason: 'EvictionThresholdMet', type: 'Warning', message: 'Attempting to reclaim memory', ...kubelet(leaking.node) }, pressureMs),
    state.event({ about, reason: 'NodeHasInsufficientMemory', type: 'Normal', message: `Node ${leaking.node} status is now: NodeHasInsufficientMemory`, ...kubelet(leaking.node) }, pressureMs))
  cluster.at(pressureMs + 500, state.nodeObject(leaking.node, pressureMs))
}

function mysqlMustGo (cluster: Watched, endMs: number): void {
  const message = lowOnMemory(mysql.name, 1_790_212, mysql.requestMib)
  cluster.at(endMs + 100, state.event({ about: { kind: 'Pod', name: evicted.name }, reason: 'Evicted', type: 'Warning', message, ...kubelet(evicted.node) }, endMs))
  cluster.at(endMs + 250, state.evictedPod(evicted, evicted.containerId, message, endMs), endpointsOf(mysql, [], [evicted]))
  cluster.at(endMs + 500, state.deployment(mysql, 0, endMs + 500), state.replicaSet(mysql, 0))
  cluster.at(endMs + 700, state.pendingPod(nextMysql, endMs + 600))
  cluster.at(endMs + 800, state.pendingPod(nextMysql, endMs + 600, cannotPlace), unplaced(nextMysql, endMs + 700, endMs + 700, 1))
}

function nginxMustGo (cluster: Watched, endMs: number): void {
  const message = lowOnMemory(nginx.name, 1_204_608, nginx.requestMib)
  cluster.at(endMs + 100, state.event({ about: { kind: 'Pod', name: leaking.name }, reason: 'Evicted', type: 'Warning', message, ...kubelet(leaking.node) }, endMs))
  cluster.at(endMs + 300, state.evictedPod(leaking, containerIdOf(leaking.name, 1), message, endMs), endpointsOf(nginx, [], [leaking]))
  cluster.at(endMs + 600, state.pendingPod(nextNginx, endMs + 500))
  cluster.at(endMs + 700, state.pendingPod(nextNginx, endMs + 500, cannotPlace), unplaced(nextNginx, endMs + 600, endMs + 600, 1))
}

/** How long kubelet takes from seeing that memory is short to ending the first pod. */
const evictionMs = 1_500

/** Everything the kubernetes receiver tells from the beginning to `endMs`. */
export function clusterLines ({ oomMs, mysqlEndMs, nginxEndMs }: Anchors, endMs: number): readonly Line[] {
  const all: readonly KubeObject[] = [
    state.namespaceObject(), ...nodes.map(name => state.nodeObject(name)),
    ...roles.flatMap(role => [state.deployment(role, role.replicas), state.replicaSet(role, role.replicas), state.service(role), endpointsOf(role)]),
    ...pods.map(pod => state.runningPod(pod))
  ]
  const cluster = new Watched(all)
  noise(cluster, endMs)
  killed(cluster, oomMs)
  shortOfMemory(cluster, mysqlEndMs - evictionMs)
  mysqlMustGo(cluster, mysqlEndMs)
  nginxMustGo(cluster, nginxEndMs)
  cluster.at(mysqlEndMs + 9_000, unplaced(nextMysql, mysqlEndMs + 8_800, mysqlEndMs + 700, 2))
  return cluster.lines
}

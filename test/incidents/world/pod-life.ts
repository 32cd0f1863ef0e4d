/** Pods from their making to their end, with all that API server, kubelet, kernel and CNI say about it on the way. */
import { objectRef } from './names.js'
import { alive, fill, sync } from './controllers.js'
import { containerOf, podDraft, runningStatus, setCondition, statusOf, thing, type ConditionPart } from './objects.js'
import { iso, type App, type Ending, type NodePart, type Pod, type Thing } from './parts.js'
import { OtlpSource } from '../sources/otlp.js'
import type { World } from './world.js'

/** Makes a pod of the app's newest template; its `fate` says what becomes of it. */
export function createPod (world: World, app: App, name = podName(world, app)): void {
  const maker = app.replicaSet ?? app.workload
  if (app.fate.kind === 'forbidden') { isForbidden(world, app, maker, app.fate.message); return }
  const pod = newPod(world, app, name, world.nowMs)
  world.put(pod.object)
  world.event({ about: objectRef(maker), type: 'Normal', reason: 'SuccessfulCreate', note: `Created pod: ${name}`, from: `${maker.kind.toLowerCase()}-controller` })
  world.sim.after(world.dice.between(20, 300), () => { place(world, pod) })
  sync(world, app)
}

function isForbidden (world: World, app: App, maker: Thing, message: string): void {
  const status = maker['status'] as { conditions?: ConditionPart[] }
  if (setCondition(status.conditions ??= [], { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message, lastTransitionTime: iso(world.nowMs) })) world.put(maker)
  againUntil(world, 15_000, () => {
    if (app.fate.kind !== 'forbidden') return false
    world.event({ about: objectRef(maker), type: 'Warning', reason: 'FailedCreate', note: `Error creating: ${message}`, from: `${maker.kind.toLowerCase()}-controller` })
    return true
  })
  sync(world, app)
}

/** One that runs since long: of the time before the story. */
export function bornRunning (world: World, app: App, node: NodePart, name = podName(world, app)): Pod {
  const pod = newPod(world, app, name, world.nowMs - 86_400_000)
  pod.isReady = pod.isUp = true
  settle(world, pod, node)
  pod.object['status'] = runningStatus(pod, world.nowMs - 86_400_000)
  markReady(pod, world.nowMs - 86_000_000)
  world.put(pod.object)
  return pod
}

function newPod (world: World, app: App, name: string, bornMs: number): Pod {
  const { dice } = world
  const object = thing(dice, podDraft(dice, app, name, app.replicaSet), bornMs)
  const pod: Pod = { app, name, uid: object.metadata.uid, node: undefined, ip: '', containerId: '', task: undefined, isReady: false, isUp: false, isGone: false, restarts: 0, object, replicaSet: app.replicaSet, otlp: new OtlpSource(dice.hex(16)) }
  app.pods.push(pod)
  return pod
}

function podName (world: World, app: App): string {
  if (app.kind === 'StatefulSet') {
    const taken = new Set(alive(app).map(p => p.name))
    for (let i = 0; ; i++) if (!taken.has(`${app.name}-${i}`)) return `${app.name}-${i}`
  }
  return `${(app.replicaSet ?? app.workload).metadata.name}-${world.dice.suffix(5)}`
}

/** Address, container and process of a pod on its node. */
function settle (world: World, pod: Pod, node: NodePart): void {
  pod.node = node
  ;(pod.object['spec'] as { nodeName?: string }).nodeName = node.name
  pod.ip = `${node.subnet}.${node.nextAddress++}`
  newContainer(world, pod)
}

function newContainer (world: World, pod: Pod): void {
  const { dice } = world
  const node = pod.node as NodePart
  pod.containerId = dice.hex(64)
  const uid = pod.uid.replaceAll('-', '_')
  const cgroupPath = `/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${uid}.slice/cri-containerd-${pod.containerId}.scope`
  pod.task = { pid: node.nextPid += dice.between(3, 40), comm: pod.app.comm, cgroupId: BigInt(dice.between(10_000, 900_000)), cgroupPath, netns: pod.task?.netns ?? 4026532000 + dice.below(100_000) }
}

function place (world: World, pod: Pod): void {
  const { app } = pod
  if (pod.isGone) return
  const node = app.fate.kind === 'unschedulable' || app.fate.kind === 'unseen' ? undefined : choose(world, app)
  if (node === undefined) {
    if (app.fate.kind === 'unseen') return
    const count = world.nodes.length
    const note = app.fate.kind === 'unschedulable' ? app.fate.message : `0/${count} nodes are available: ${world.nodes.filter(n => n.isCordoned).length} node(s) were unschedulable. preemption: 0/${count} nodes are available: ${count} Preemption is not helpful for scheduling.`
    statusOf(pod).conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: note, lastTransitionTime: iso(world.nowMs) }]
    world.put(pod.object)
    againUntil(world, 20_000, () => {
      if (pod.isGone || pod.node !== undefined) return false
      world.event({ about: objectRef(pod.object), type: 'Warning', reason: 'FailedScheduling', note, from: 'default-scheduler' })
      return true
    })
    return
  }
  settle(world, pod, node)
  statusOf(pod).conditions = [{ type: 'PodScheduled', status: 'True', lastTransitionTime: iso(world.nowMs) }]
  world.put(pod.object)
  world.event({ about: objectRef(pod.object), type: 'Normal', reason: 'Scheduled', note: `Successfully assigned ${app.namespace}/${pod.name} to ${node.name}`, from: 'default-scheduler' })
  world.sim.after(world.dice.between(200, 900), () => { prepare(world, pod) })
}

function choose (world: World, app: App): NodePart | undefined {
  const pool = (app.pool.length > 0 ? app.pool : world.workers()).filter(n => n.isReady && !n.isDown && !n.isCordoned)
  const load = (n: NodePart): number => world.apps.reduce((sum, a) => sum + alive(a).filter(p => p.node === n).length, 0)
  return [...pool].sort((a, b) => load(a) - load(b) || (a.name < b.name ? -1 : 1))[0]
}

/** Network, volumes, configuration, image: whatever may fail before the first process. */
function prepare (world: World, pod: Pod): void {
  const { app: { fate }, node } = pod
  if (pod.isGone || node === undefined || !node.isReady || node.isDown) return
  const subject = { podName: pod.name, podNamespace: pod.app.namespace, podUid: pod.uid, containerId: world.dice.hex(64) }
  const isRefused = fate.kind === 'sandbox'
  world.cni(node, (cni, atMs) => cni.run(atMs, 'bridge', 'ADD', subject, isRefused ? 1 : 0, world.dice.between(20, 200), node.nextPid += 3))
  if (fate.kind === 'sandbox') { kubeletSays(world, pod, 'FailedCreatePodSandBox', fate.message, 12_000, undefined); return }
  if (fate.kind === 'mount') { kubeletSays(world, pod, 'FailedMount', fate.message, 16_000, undefined); return }
  if (fate.kind === 'config_error') {
    waits(world, pod, 'CreateContainerConfigError', fate.message)
    kubeletSays(world, pod, 'Failed', `Error: ${fate.message}`, 13_000, pod.app.container)
    return
  }
  if (fate.kind === 'image') { pullFails(world, pod, fate.error); return }
  const image = containerOf(pod)['image'] as string
  world.event({ about: objectRef(pod.object), type: 'Normal', reason: 'Pulled', note: `Container image "${image}" already present on machine`, from: 'kubelet', node, container: pod.app.container })
  world.event({ about: objectRef(pod.object), type: 'Normal', reason: 'Created', note: `Created container: ${pod.app.container}`, from: 'kubelet', node, container: pod.app.container })
  world.sim.after(world.dice.between(100, 600), () => { start(world, pod) })
}

function pullFails (world: World, pod: Pod, error: string): void {
  const image = containerOf(pod)['image'] as string
  const node = pod.node as NodePart
  const about = objectRef(pod.object)
  world.event({ about, type: 'Normal', reason: 'Pulling', note: `Pulling image "${image}"`, from: 'kubelet', node, container: pod.app.container })
  world.sim.after(world.dice.between(400, 1500), () => {
    waits(world, pod, 'ErrImagePull', error)
    world.event({ about, type: 'Warning', reason: 'Failed', note: `Failed to pull image "${image}": ${error}`, from: 'kubelet', node, container: pod.app.container })
    world.event({ about, type: 'Warning', reason: 'Failed', note: 'Error: ErrImagePull', from: 'kubelet', node, container: pod.app.container })
    world.sim.after(world.dice.between(9000, 14_000), () => { waits(world, pod, 'ImagePullBackOff', `Back-off pulling image "${image}": ErrImagePull: ${error}`) })
    againUntil(world, 20_000, () => {
      if (pod.isGone) return false
      world.event({ about, type: 'Normal', reason: 'BackOff', note: `Back-off pulling image "${image}"`, from: 'kubelet', node, container: pod.app.container })
      return true
    })
  })
}

/** The container is there and does not run. */
function waits (world: World, pod: Pod, reason: string, message: string): void {
  if (pod.isGone) return
  const image = containerOf(pod)['image'] as string
  const { conditions } = statusOf(pod)
  pod.object['status'] = { phase: 'Pending', qosClass: 'Burstable', hostIP: (pod.node as NodePart).ip, startTime: iso(world.nowMs), conditions, containerStatuses: [{ name: pod.app.container, image, imageID: '', containerID: '', restartCount: 0, ready: false, started: false, state: { waiting: { reason, message } }, lastState: {} }] }
  setCondition(conditions, { type: 'Ready', status: 'False', reason: 'ContainersNotReady', message: `containers with unready status: [${pod.app.container}]`, lastTransitionTime: iso(world.nowMs) })
  world.put(pod.object)
  sync(world, pod.app)
}

/** A Warning of the kubelet that comes again and again. */
function kubeletSays (world: World, pod: Pod, reason: string, note: string, everyMs: number, container: string | undefined): void {
  againUntil(world, everyMs, () => {
    if (pod.isGone || pod.isUp) return false
    world.event({ about: objectRef(pod.object), type: 'Warning', reason, note, from: 'kubelet', node: pod.node as NodePart, ...(container === undefined ? {} : { container }) })
    return true
  })
}

/** Now, and every `everyMs` (give or take) while `act` says so. */
export function againUntil (world: World, everyMs: number, act: () => boolean): void {
  if (!act()) return
  world.sim.after(everyMs + world.dice.below(everyMs / 3), () => { againUntil(world, everyMs, act) })
}

/** A container's process begins. */
export function start (world: World, pod: Pod): void {
  const { app, node } = pod
  if (pod.isGone || node === undefined || !node.isReady || node.isDown) return
  if (pod.restarts > 0) newContainer(world, pod)
  const last = statusOf(pod).containerStatuses?.[0]?.state['terminated'] ?? statusOf(pod).containerStatuses?.[0]?.lastState['terminated']
  pod.object['status'] = runningStatus(pod, world.nowMs)
  if (last !== undefined) (statusOf(pod).containerStatuses[0] as { lastState: object }).lastState = { terminated: last }
  pod.isUp = true
  world.put(pod.object)
  world.event({ about: objectRef(pod.object), type: 'Normal', reason: 'Started', note: `Started container ${app.container}`, from: 'kubelet', node, container: app.container })
  world.kernel(node, 'kernel', (k, atMs) => k.exec(atMs, taskOf(pod), `/usr/bin/${app.comm}`, ['--config', '/etc/app/config.yaml'], { pid: 1, comm: 'containerd-shim' }))
  const { fate } = app
  if (fate.kind === 'crash') { world.sim.after(fate.livesMs + world.dice.below(600), () => { crash(world, pod, fate.how) }); return }
  if (fate.kind === 'unready') {
    againUntil(world, 5000, () => { if (!isProbed(pod, app)) return false; world.event({ about: objectRef(pod.object), type: 'Warning', reason: 'Unhealthy', note: fate.message.replaceAll('{ip}', pod.ip), from: 'kubelet', node, container: app.container }); return true })
    return
  }
  world.sim.after(world.dice.between(2500, 6000), () => { ready(world, pod) })
}

const isProbed = (pod: Pod, app: App): boolean => !pod.isGone && pod.isUp && app.fate.kind === 'unready'

export function taskOf (pod: Pod): NonNullable<Pod['task']> {
  if (pod.task === undefined) throw new Error(`${pod.name} has no process`)
  return pod.task
}

function markReady (pod: Pod, atMs: number): void {
  const status = statusOf(pod)
  for (const type of ['ContainersReady', 'Ready']) setCondition(status.conditions, { type, status: 'True', lastTransitionTime: iso(atMs) })
  const [container] = status.containerStatuses
  if (container !== undefined) container.ready = true
}

export function ready (world: World, pod: Pod): void {
  if (pod.isGone || !pod.isUp) return
  pod.isReady = true
  markReady(pod, world.nowMs)
  world.put(pod.object)
  sync(world, pod.app)
}

/** It runs, but its probe or its node says no. */
export function unready (world: World, pod: Pod, reason = 'ContainersNotReady', message = `containers with unready status: [${pod.app.container}]`): void {
  if (pod.isGone || !pod.isReady) return
  pod.isReady = false
  const condition: ConditionPart = { type: 'Ready', status: 'False', reason, message, lastTransitionTime: iso(world.nowMs) }
  setCondition(statusOf(pod).conditions, condition)
  const [container] = statusOf(pod).containerStatuses
  if (container !== undefined) container.ready = false
  world.put(pod.object)
  sync(world, pod.app)
}

/** The container's process ends; the kubelet starts it again, each time after a longer wait. */
export function crash (world: World, pod: Pod, how: Ending): void {
  const { node, app } = pod
  if (pod.isGone || !pod.isUp || node === undefined) return
  pod.isUp = false
  const task = taskOf(pod)
  world.kernel(node, 'kernel', (k, atMs) => k.exit(atMs, task, { code: how.signal === undefined ? how.exitCode : 0, ...(how.signal === undefined ? {} : { signal: how.signal }), ...(how.core === true ? { core: true } : {}), oom: how.reason === 'OOMKilled' }, 120_000))
  world.sim.after(world.dice.between(200, 900), () => {
    if (pod.isGone) return
    pod.isReady = false
    const status = statusOf(pod)
    const [container] = status.containerStatuses
    if (container === undefined) return
    container.state = { terminated: { exitCode: how.exitCode, reason: how.reason, startedAt: iso(world.nowMs - 60_000), finishedAt: iso(world.nowMs), containerID: `containerd://${pod.containerId}`, ...(how.signal === undefined ? {} : { signal: how.signal }) } }
    container.ready = false
    for (const type of ['ContainersReady', 'Ready']) setCondition(status.conditions, { type, status: 'False', reason: 'ContainersNotReady', message: `containers with unready status: [${app.container}]`, lastTransitionTime: iso(world.nowMs) })
    world.put(pod.object)
    sync(world, app)
    restart(world, pod)
  })
}

function restart (world: World, pod: Pod): void {
  pod.restarts++
  const backOffMs = pod.restarts <= 1 ? 1000 : Math.min(300_000, 10_000 * 2 ** (pod.restarts - 2))
  if (pod.restarts > 1) world.sim.after(world.dice.between(500, 1500), () => { backsOff(world, pod, backOffMs) })
  world.sim.after(backOffMs + world.dice.below(1000), () => { start(world, pod) })
}

function backsOff (world: World, pod: Pod, backOffMs: number): void {
  const [container] = statusOf(pod).containerStatuses ?? []
  if (pod.isGone || container === undefined) return
  const { app, name, uid } = pod
  const note = `Back-off restarting failed container ${app.container} in pod ${name}_${app.namespace}(${uid})`
  const ended = container.state['terminated']
  container.lastState = ended === undefined ? container.lastState : { terminated: ended }
  container.state = { waiting: { reason: 'CrashLoopBackOff', message: `back-off ${Math.round(backOffMs / 1000)}s restarting failed container=${app.container} pod=${name}_${app.namespace}(${uid})` } }
  container.restartCount = pod.restarts
  world.put(pod.object)
  world.event({ about: objectRef(pod.object), type: 'Warning', reason: 'BackOff', note, from: 'kubelet', node: pod.node as NodePart, container: app.container })
}

/** Gone at once, from the API server too. */
export function removePod (world: World, pod: Pod): void {
  if (pod.isGone) return
  pod.isGone = true
  pod.isReady = false
  pod.isUp = false
  world.remove(pod.object)
  sync(world, pod.app)
}

/** Asked to go; a new one comes when its workload wants one. */
export function deletePod (world: World, pod: Pod, options: { readonly isReplaced?: boolean, readonly graceMs?: number } = {}): void {
  if (pod.isGone || pod.object.metadata.deletionTimestamp !== undefined) return
  pod.object.metadata.deletionTimestamp = iso(world.nowMs + 30_000)
  world.put(pod.object)
  if (pod.node?.isReady === true) world.event({ about: objectRef(pod.object), type: 'Normal', reason: 'Killing', note: `Stopping container ${pod.app.container}`, from: 'kubelet', node: pod.node, container: pod.app.container })
  world.sim.after(world.dice.between(400, options.graceMs ?? 2500), () => { removePod(world, pod) })
  if (options.isReplaced !== false) world.sim.after(world.dice.between(100, 800), () => { refill(world, pod.app, pod.name) })
}

/** The pods of a StatefulSet keep their names: one that goes makes room first. */
function refill (world: World, app: App, name: string): void {
  if (app.kind !== 'StatefulSet') {
    if (alive(app).filter(p => p.object.metadata.deletionTimestamp === undefined).length < app.replicas) createPod(world, app)
    return
  }
  if (alive(app).some(p => p.name === name)) { world.sim.after(500, () => { refill(world, app, name) }); return }
  fill(world, app)
}

/** The kubelet throws it out: it stays as a failed one, and a new one is made. */
export function evict (world: World, pod: Pod, message: string): void {
  if (pod.isGone || pod.node === undefined) return
  const { node, task } = pod
  world.event({ about: objectRef(pod.object), type: 'Warning', reason: 'Evicted', note: message, from: 'kubelet', node })
  if (pod.isUp && task !== undefined) world.kernel(node, 'kernel', (k, atMs) => k.exit(atMs, task, { signal: 9 }, 300_000))
  pod.isGone = true
  pod.isReady = false
  pod.isUp = false
  const { conditions } = statusOf(pod)
  setCondition(conditions, { type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', message, lastTransitionTime: iso(world.nowMs) })
  setCondition(conditions, { type: 'Ready', status: 'False', reason: 'PodFailed', lastTransitionTime: iso(world.nowMs) })
  Object.assign(statusOf(pod), { phase: 'Failed', reason: 'Evicted', message })
  world.put(pod.object)
  sync(world, pod.app)
  if (pod.app.kind === 'StatefulSet') world.remove(pod.object)
  world.sim.after(world.dice.between(300, 1500), () => { fill(world, pod.app) })
}

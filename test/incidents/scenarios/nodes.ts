/** Faults of one node: memory, disk, services, clock, and its being taken out of service. */
import type { NodePart, Pod } from '../world/parts.js'
import { alive } from '../world/controllers.js'
import { objectRef } from '../world/names.js'
import { becomesNotReady, heartbeatIsLost, nodeCondition, podsOf } from '../world/node-life.js'
import { crash, deletePod, evict, taskOf } from '../world/pod-life.js'
import { setCondition, statusOf } from '../world/objects.js'
import type { Scenario, Stage, Truth } from '../scenario.js'
import { formsOf, nodeRef, podRef, serviceRef, signs, stage, type Scene } from '../scene.js'
import type { EntityRef } from '../../../core/correlation/entity.js'
import type { Task } from '../sources/kernel.js'
import type { App } from '../world/parts.js'

/** The node of the namespace's database: its loss is felt. */
function importantNode (scene: Scene): NodePart { return alive(scene.database())[0]?.node ?? scene.busyNode() }

/** Pods that were on the node when the fault began. */
function hitBy (scene: Scene, node: NodePart): () => readonly Pod[] {
  let hit: readonly Pod[] = []
  scene.at(-1000, () => { hit = podsOf(scene.world, node) })
  return () => hit
}

/** What every loss of pods by a node's fault leads to. */
function consequences (scene: Scene, hit: readonly Pod[], from: string): { readonly stages: Record<string, Stage>, readonly edges: string[], readonly affected: EntityRef[] } {
  const apps = [...new Set(hit.map(p => p.app))]
  const callers = [...new Set(apps.flatMap(a => scene.callersOf(a)))]
  const upstream = [...new Set(apps.flatMap(a => scene.upstreamOf(a)))]
  return {
    stages: {
      pods: stage(`${signs.podDown} kernel.fatal_signal net.cni_failed k8s.failed_* k8s.volume_failed`, formsOf(...apps)),
      down: stage(signs.workloadDown, formsOf(...apps)),
      calls: stage(signs.callFails, formsOf(...callers)),
      errors: stage(signs.appFails, formsOf(...new Set([...upstream, ...apps])))
    },
    edges: [`${from}>pods`, 'pods>down', 'down>calls', 'calls>errors'], affected: [...apps.map(serviceRef), ...upstream.map(serviceRef)]
  }
}

function nodeTruth (scene: Scene, node: NodePart, hit: readonly Pod[], causes: string, stages: Readonly<Record<string, Stage>>, edges: readonly string[], from: string, extra: Partial<Truth> = {}): Truth {
  const then = consequences(scene, hit, from)
  return { causes: causes.split(' '), subjects: [nodeRef(node), ...extra.subjects ?? []], stages: { ...stages, ...then.stages }, edges: [...edges, ...then.edges], affected: [nodeRef(node), ...then.affected], ...(extra.needs === undefined ? {} : { needs: extra.needs }) }
}

const unit = (node: NodePart, name: string): EntityRef => ({ kind: 'Unit', namespace: node.name, name })

export const nodeMemory: Scenario = {
  name: 'node runs out of memory', layer: 'kernel', isLocal: true,
  story: 'A process of the host takes all memory: the kernel kills containers of several pods, the kubelet evicts more, callers are refused.',
  script (scene) {
    const { world, dice } = scene
    const node = importantNode(scene)
    const hit = hitBy(scene, node)
    const hog: Task = { pid: node.nextPid += 5, comm: 'updatedb', cgroupId: 4242n, cgroupPath: '/system.slice/plocate-updatedb.service', netns: 4026531840 }
    scene.times(5, 0, 900, () => { world.kernel(node, 'kernel', (k, atMs) => k.stall(atMs, hog, 300, 2400, true)) })
    scene.at(3000, () => {
      const victims = dice.some(hit().filter(p => p.isUp && p.app.kind !== 'DaemonSet'), 2)
      for (const pod of victims) {
        const task = taskOf(pod)
        world.kernel(node, 'kernel', (k, atMs) => k.oomKill(atMs, task, { anonBytes: 310 * 1048576 }, hog))
        world.journal(node, 'kernel', (j, atMs) => j.kernel(atMs, `Out of memory: Killed process ${task.pid} (${task.comm}) total-vm:812344kB, anon-rss:317440kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:900kB oom_score_adj:900`))
        world.event({ about: objectRef(node.object), type: 'Warning', reason: 'SystemOOM', note: `System OOM encountered, victim process: ${task.comm}, pid: ${task.pid}`, from: 'kubelet', node })
        crash(world, pod, { reason: 'OOMKilled', exitCode: 137 })
      }
    })
    scene.at(6000, () => {
      nodeCondition(world, node, 'MemoryPressure', 'True', 'KubeletHasInsufficientMemory', 'kubelet has insufficient memory available')
      world.event({ about: objectRef(node.object), type: 'Warning', reason: 'EvictionThresholdMet', note: 'Attempting to reclaim memory', from: 'kubelet', node })
      node.isCordoned = true
    })
    scene.times(40, 9000, 2500, () => {
      const next = hit().filter(p => !p.isGone && p.app.kind !== 'DaemonSet').sort((a, b) => Number(b.app.role === 'database') - Number(a.app.role === 'database') || (a.name < b.name ? -1 : 1))[0]
      if (next !== undefined) evict(world, next, 'The node was low on resource: memory. Threshold quantity: 100Mi, available: 61Mi. ')
    })
    return () => nodeTruth(scene, node, hit(), 'node_memory_exhausted node_memory* memory_exhaustion* symptom.kernel.oom_kill symptom.node.pressure_memory symptom.kernel.memory_stall symptom.node.memory_exhausted',
      { oom: stage('kernel.oom_kill kernel.memory_stall node.memory_exhausted k8s.container_oom_killed', [nodeRef(node), ...hit().map(podRef), unit(node, 'plocate-updatedb.service')]), pressure: stage('node.pressure_memory node.memory_exhausted', [nodeRef(node)]) },
      ['oom>pressure'], 'pressure', { subjects: [unit(node, 'plocate-updatedb.service')] })
  }
}

export const diskPressure: Scenario = {
  name: 'node disk is full', layer: 'node', isLocal: true,
  story: 'The disk of a node fills up: images cannot be collected, the kubelet reports disk pressure and evicts pods.',
  script (scene) {
    const { world } = scene
    const node = importantNode(scene)
    const hit = hitBy(scene, node)
    scene.at(0, () => {
      world.event({ about: objectRef(node.object), type: 'Warning', reason: 'FreeDiskSpaceFailed', note: 'Failed to garbage collect required amount of images. Attempted to free 4294967296 bytes, but only found 0 bytes eligible to free.', from: 'kubelet', node })
      world.journal(node, 'node', (j, atMs) => j.log(atMs, 'containerd.service', 'failed to write layer: write /var/lib/containerd/io.containerd.content.v1.content/ingest/1: no space left on device', 3))
    })
    scene.at(5000, () => {
      nodeCondition(world, node, 'DiskPressure', 'True', 'KubeletHasDiskPressure', 'kubelet has disk pressure')
      world.event({ about: objectRef(node.object), type: 'Warning', reason: 'EvictionThresholdMet', note: 'Attempting to reclaim ephemeral-storage', from: 'kubelet', node })
      node.isCordoned = true
    })
    scene.times(40, 9000, 2500, () => {
      const next = hit().filter(p => !p.isGone && p.app.kind !== 'DaemonSet').sort((a, b) => Number(b.app.role === 'database') - Number(a.app.role === 'database') || (a.name < b.name ? -1 : 1))[0]
      if (next !== undefined) evict(world, next, 'The node was low on resource: ephemeral-storage. Threshold quantity: 10Gi, available: 2Gi. ')
    })
    return () => nodeTruth(scene, node, hit(), 'node_disk_pressure node_disk* disk* no_space* symptom.node.pressure_disk symptom.node.image_gc_failed', { pressure: stage('node.pressure_disk node.image_gc_failed node.error app.no_space', [nodeRef(node), unit(node, 'containerd.service')]) }, [], 'pressure', { subjects: [unit(node, 'containerd.service')] })
  }
}

export const kubeletDown: Scenario = {
  name: 'kubelet is down', layer: 'node', isLocal: true,
  story: 'The kubelet of a node dies and does not come back: the node is no longer heard of, its pods count as not ready.',
  script (scene) {
    const { world } = scene
    const node = importantNode(scene)
    const hit = hitBy(scene, node)
    scene.at(0, () => {
      world.journal(node, 'node', (j, atMs) => j.unit(atMs, 'unit_process_exit', 'kubelet.service', 'kubelet.service: Main process exited, code=exited, status=1/FAILURE', { EXIT_CODE: 'exited', EXIT_STATUS: '1' }))
      node.isReady = false
    })
    scene.at(150, () => { world.journal(node, 'node', (j, atMs) => j.unit(atMs, 'unit_failed', 'kubelet.service', 'kubelet.service: Failed with result \'exit-code\'.', { UNIT_RESULT: 'exit-code' })) })
    scene.times(5, 10_000, 10_000, () => { world.journal(node, 'node', (j, atMs) => j.unit(atMs, 'unit_start_failed', 'kubelet.service', 'Failed to start kubelet.service - kubelet: The Kubernetes Node Agent.', { JOB_RESULT: 'failed', JOB_TYPE: 'start' })) })
    scene.at(50_000, () => { heartbeatIsLost(world, node, 50_000) })
    scene.at(54_000, () => { becomesNotReady(world, node, 'Unknown', 'NodeStatusUnknown', 'Kubelet stopped posting node status.') })
    return () => nodeTruth(scene, node, hit(), 'kubelet_unavailable kubelet* symptom.node.unit_failed', {
      unit: stage('node.unit_*', [nodeRef(node), unit(node, 'kubelet.service')]), lost: stage('node.not_ready node.heartbeat_lost', [nodeRef(node)], ['k8s'])
    }, ['unit>lost'], 'lost', { subjects: [unit(node, 'kubelet.service')] })
  }
}

export const containerdDown: Scenario = {
  name: 'containerd is down', layer: 'node', isLocal: true,
  story: 'The container runtime of a node fails again and again: the kubelet says the node is not ready.',
  script (scene) {
    const { world } = scene
    const node = importantNode(scene)
    const hit = hitBy(scene, node)
    scene.at(0, () => { world.journal(node, 'node', (j, atMs) => j.unit(atMs, 'unit_process_exit', 'containerd.service', 'containerd.service: Main process exited, code=dumped, status=6/ABRT', { EXIT_CODE: 'dumped', EXIT_STATUS: '6' })) })
    scene.at(120, () => { world.journal(node, 'node', (j, atMs) => j.unit(atMs, 'unit_failed', 'containerd.service', 'containerd.service: Failed with result \'core-dump\'.', { UNIT_RESULT: 'core-dump' })) })
    scene.times(6, 5000, 5000, i => { world.journal(node, 'node', (j, atMs) => j.unit(atMs, 'unit_restart_scheduled', 'containerd.service', `containerd.service: Scheduled restart job, restart counter is at ${i + 1}.`, { N_RESTARTS: String(i + 1) })) })
    scene.times(4, 6000, 8000, () => { world.journal(node, 'node', (j, atMs) => j.log(atMs, 'kubelet.service', 'E0301 kubelet.go:2885 "Container runtime not ready" runtimeReady="RuntimeReady=false reason:ContainerRuntimeDown"', 3)) })
    scene.at(30_000, () => {
      node.isReady = false
      becomesNotReady(world, node, 'False', 'KubeletNotReady', 'container runtime is down, PLEG is not healthy: pleg was last seen active 3m2s ago')
    })
    return () => nodeTruth(scene, node, hit(), 'containerd_unavailable containerd* container_runtime* symptom.node.unit_failed symptom.node.unit_restarting', {
      unit: stage('node.unit_* node.core_dump', [nodeRef(node), unit(node, 'containerd.service'), unit(node, 'kubelet.service')]), lost: stage('node.not_ready node.error node.kubelet_failed', [nodeRef(node), unit(node, 'kubelet.service')])
    }, ['unit>lost'], 'lost', { subjects: [unit(node, 'containerd.service')] })
  }
}

export const nodePower: Scenario = {
  name: 'node loses power', layer: 'node', isLocal: true,
  story: 'A node is gone at once: nothing of it says anything, connections to its pods time out until the control plane gives it up.',
  script (scene) {
    const { world } = scene
    const node = importantNode(scene)
    const hit = hitBy(scene, node)
    scene.at(0, () => {
      node.isDown = true
      node.isReady = false
      for (const pod of hit()) pod.isUp = false
    })
    scene.traffic.break({ kind: 'timeout', of: (_, pod) => pod?.node === node && node.isDown })
    scene.at(47_000, () => { heartbeatIsLost(world, node, 49_000) })
    scene.at(52_000, () => { becomesNotReady(world, node, 'Unknown', 'NodeStatusUnknown', 'Kubelet stopped posting node status.') })
    return () => {
      const truth = nodeTruth(scene, node, hit(), 'node_down* node_lost* node_unreachable* kubelet_unavailable symptom.node.not_ready symptom.node.heartbeat_lost', { lost: stage('node.not_ready node.heartbeat_lost', [nodeRef(node)], ['k8s']) }, ['lost>calls'], 'lost', { needs: ['k8s'] })
      return truth
    }
  }
}

export const drain: Scenario = {
  name: 'node is drained', layer: 'k8s', isLocal: true,
  story: 'Somebody drains a node for maintenance: its pods are evicted, its only database is away for a while.',
  script (scene) {
    const { world } = scene
    const node = importantNode(scene)
    const hit = hitBy(scene, node)
    scene.at(0, () => {
      node.isCordoned = true
      ;(node.object['spec'] as { unschedulable?: boolean }).unschedulable = true
      world.put(node.object)
    })
    scene.at(1500, () => {
      for (const pod of hit()) {
        if (pod.isGone || pod.app.kind === 'DaemonSet') continue
        world.sim.after(scene.dice.below(9000), () => {
          if (pod.isGone) return
          setCondition(statusOf(pod).conditions, { type: 'DisruptionTarget', status: 'True', reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting' })
          world.put(pod.object)
          deletePod(world, pod, { graceMs: 6000 })
        })
      }
    })
    return () => nodeTruth(scene, node, hit(), 'node_cordoned node_drain* drain* maintenance* symptom.k8s.node_cordoned', { cordon: stage('k8s.node_cordoned k8s.node_tainted', [nodeRef(node)]) }, [], 'cordon', { needs: ['k8s'] })
  }
}

export const readOnlyDisk: Scenario = {
  name: 'disk errors make the file system read-only', layer: 'kernel', isLocal: true,
  story: 'A disk fails: tasks hang, the file system is remounted read-only, the database on it crashes.',
  script (scene) {
    const { world, traffic } = scene
    const app = scene.database()
    const node = importantNode(scene)
    const hit = hitBy(scene, node)
    const line = (message: string, priority = 3): void => { world.journal(node, 'kernel', (j, atMs) => j.kernel(atMs, message, priority)) }
    scene.times(6, 0, 1500, i => { line(`blk_update_request: I/O error, dev ${node.disk}, sector ${88_112_640 + i * 8} op 0x1:(WRITE) flags 0x800 phys_seg 1 prio class 0`) })
    scene.at(4000, () => { line(`INFO: task ${app.comm}:${alive(app)[0]?.task?.pid ?? 1} blocked for more than 120 seconds.`) })
    scene.at(8000, () => { line(`EXT4-fs error (device ${node.disk}): ext4_journal_check_start:83: comm ${app.comm}: Detected aborted journal`) })
    scene.at(8200, () => { line(`EXT4-fs (${node.disk}): Remounting filesystem read-only`, 2) })
    scene.at(12_000, () => { nodeCondition(world, node, 'ReadonlyFilesystem', 'True', 'FilesystemIsReadOnly', `EXT4-fs (${node.disk}): Remounting filesystem read-only`) })
    scene.at(9500, () => {
      const how = { reason: 'Error' as const, exitCode: 1, log: 'PANIC: could not write to file "pg_wal/xlogtemp.71": Read-only file system' }
      app.fate = { kind: 'crash', livesMs: 1500, how }
      for (const pod of alive(app)) {
        if (pod.node !== node) continue
        traffic.log(pod, 'FATAL', how.log)
        crash(world, pod, how)
      }
    })
    return () => {
      const pods = hit().filter(p => p.app === app)
      return nodeTruth(scene, node, pods, 'disk* io_error* filesystem* read_only* symptom.kernel.io_error symptom.kernel.filesystem_read_only symptom.kernel.filesystem_error symptom.kernel.hung_task', {
        io: stage('kernel.io_error kernel.hung_task kernel.filesystem_*', [nodeRef(node), ...pods.map(podRef)]), readonly: stage('node.condition kernel.filesystem_read_only', [nodeRef(node)])
      }, ['io>readonly', 'io>pods'], 'readonly')
    }
  }
}

export const clockJump: Scenario = {
  name: 'clock of a node jumps', layer: 'node', isLocal: true,
  story: 'The clock of a node is set five minutes ahead: what its pods ask with tokens is refused as not valid yet.',
  script (scene) {
    const { world } = scene
    const node = importantNode(scene)
    const hit = hitBy(scene, node)
    scene.at(0, () => {
      node.skewMs += 300_000
      world.journal(node, 'node', (j, atMs) => j.unit(atMs, 'clock_changed', '', 'Time has been changed', { REALTIME: String(Math.round(atMs * 1000)) }))
      world.journal(node, 'node', (j, atMs) => j.log(atMs, 'chronyd.service', 'Forward time jump detected!', 4))
    })
    scene.traffic.break({ kind: 'auth', of: () => true, by: caller => caller.node === node && world.nowMs >= scene.faultMs, share: 0.8 })
    return () => {
      const apps = [...new Set(hit().map(p => p.app))].filter((a: App) => a.role === 'http')
      const upstream = [...new Set(apps.flatMap(a => [a, ...scene.upstreamOf(a)]))]
      return {
        causes: ['clock*', 'time_*', 'symptom.node.clock_changed'], subjects: [nodeRef(node), unit(node, 'chronyd.service')], needs: ['node'],
        stages: { clock: stage('node.clock_changed node.error', [nodeRef(node), unit(node, 'chronyd.service')], ['node']), errors: stage('app.* net.*', formsOf(...upstream)) },
        edges: ['clock>errors'], affected: [nodeRef(node), ...upstream.map(serviceRef)]
      }
    }
  }
}


/** Changes of one workload that do not work. */
import { thing } from '../world/objects.js'
import { againUntil } from '../world/pod-life.js'
import { alive } from '../world/controllers.js'
import type { App, Ending, Fate } from '../world/parts.js'
import { rollout, type PodSpecPart } from '../world/rollout.js'
import type { Scenario, Truth } from '../scenario.js'
import { appRef, fallout, formsOf, serviceRef, signs, stage, type Scene } from '../scene.js'

const changes = 'k8s.rollout_started k8s.image_changed k8s.config_changed k8s.template_changed k8s.resources_changed k8s.scaled k8s.created k8s.deleted'

/** What a rollout that takes the old pods away first does to everyone. */
function outage (scene: Scene, app: App, causes: string, broken: string, extra: Partial<Truth> = {}): Truth {
  const fall = fallout(scene, app, 'down')
  return {
    causes: causes.split(' '), subjects: [...formsOf(app), ...extra.subjects ?? []],
    stages: { change: stage(changes, [...formsOf(app), ...extra.subjects ?? []]), broken: stage(broken, [...formsOf(app), ...extra.subjects ?? []]), down: stage(`${signs.workloadDown} k8s.pod_not_ready`, formsOf(app)), ...fall.stages },
    edges: ['change>broken', 'broken>down', ...fall.edges], affected: [appRef(app), serviceRef(app), ...fall.affected]
  }
}

const deployed = (scene: Scene): App => scene.dice.pick(scene.apps().filter(a => a.kind === 'Deployment' && a.role === 'http' && scene.callersOf(a).length > 0))

export const missingImage: Scenario = {
  name: 'rollout of an image that is not there', layer: 'k8s', isLocal: true,
  story: 'A rollout names a tag that nobody pushed; the new pod cannot pull it and the rollout stands still. The old pods go on.',
  script (scene) {
    const app = deployed(scene)
    scene.at(0, () => {
      const image = app.image.replace(/:.*/, `:1.${scene.dice.between(40, 90)}.0-rc${scene.dice.below(9)}`)
      rollout(scene.world, app, spec => { spec.containers[0].image = image }, { isRecreate: false, fate: { kind: 'image', error: `rpc error: code = NotFound desc = failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${image}: not found` } })
    })
    return () => ({
      causes: ['incorrect_image_reference', 'image*', 'symptom.k8s.image_pull_failed'], subjects: formsOf(app),
      stages: { change: stage(changes, formsOf(app)), pull: stage('k8s.image_pull_failed k8s.container_waiting k8s.pod_*', formsOf(app)), stuck: stage(`k8s.rollout_failed ${signs.workloadDown}`, formsOf(app)) },
      edges: ['change>pull', 'pull>stuck'], affected: [appRef(app)]
    })
  }
}

function crashes (log: string, exitCode = 1): Fate & { readonly kind: 'crash' } { return { kind: 'crash', livesMs: 1500, how: { reason: 'Error', exitCode, log } } }

/** New pods of the app write why before they end. */
function lastWords (scene: Scene, app: App, how: Ending): void {
  againUntil(scene.world, 2000, () => {
    for (const pod of alive(app)) if (pod.isUp && !pod.isReady && how.log !== undefined && scene.dice.chance(0.7)) scene.traffic.log(pod, 'FATAL', how.log)
    return app.fate.kind === 'crash'
  })
}

export const crashingRollout: Scenario = {
  name: 'rollout of a version that crashes', layer: 'k8s', isLocal: true,
  story: 'A new version ends with code 1 soon after its start; the old pods are gone (Recreate), so callers are refused.',
  script (scene) {
    const app = deployed(scene)
    const fate = crashes('panic: runtime error: invalid memory address or nil pointer dereference', 2)
    scene.at(0, () => {
      rollout(scene.world, app, spec => { spec.containers[0].image = app.image.replace(/:.*/, ':2.0.0') }, { isRecreate: true, fate })
      lastWords(scene, app, fate.how)
    })
    return () => outage(scene, app, 'bad_rollout* rollout* container_crash crash* bad_release* symptom.k8s.rollout_started symptom.k8s.image_changed symptom.k8s.crash_loop symptom.k8s.container_exited', `${signs.podDown} kernel.* app.log_* app.*`)
  }
}

export const configChange: Scenario = {
  name: 'configuration change makes pods crash', layer: 'k8s', isLocal: true,
  story: 'A ConfigMap is changed, pods are restarted to read it, and end with code 1.',
  script (scene) {
    const app = deployed(scene)
    const fate = crashes('fatal: config /etc/app/config.yaml: cannot parse "max_connections": invalid value "ten"')
    scene.at(0, () => { scene.world.put(scene.world.thing('ConfigMap', app.namespace, app.config) as never) })
    scene.at(9000, () => {
      rollout(scene.world, app, (_, annotations) => { annotations['kubectl.kubernetes.io/restartedAt'] = new Date(scene.world.nowMs).toISOString() }, { isRecreate: true, fate })
      lastWords(scene, app, fate.how)
    })
    return () => outage(scene, app, 'config* bad_config* container_crash symptom.k8s.config_changed', `${signs.podDown} kernel.* app.*`, { subjects: [{ kind: 'ConfigMap', namespace: app.namespace, name: app.config }] })
  }
}

export const missingSecret: Scenario = {
  name: 'Secret that is not there', layer: 'k8s', isLocal: true,
  story: 'A rollout refers to a Secret that nobody made: containers cannot be created.',
  script (scene) {
    const app = deployed(scene)
    const secret = `${app.name}-token-${scene.dice.suffix(4)}`
    scene.at(0, () => {
      rollout(scene.world, app, spec => { spec.containers[0].envFrom = [{ secretRef: { name: secret } }] }, { isRecreate: true, fate: { kind: 'config_error', message: `secret "${secret}" not found` } })
    })
    return () => outage(scene, app, 'config_missing secret* missing_secret* symptom.k8s.container_config_error', 'k8s.container_* k8s.pod_* k8s.failed_mount', { subjects: [{ kind: 'Secret', namespace: app.namespace, name: secret }] })
  }
}

export const quota: Scenario = {
  name: 'quota is used up', layer: 'k8s', isLocal: true,
  story: 'The namespace has no memory left in its quota: pods of a rollout cannot be made.',
  script (scene) {
    const app = deployed(scene)
    const limits = scene.world.thing('ResourceQuota', app.namespace, 'compute')
    const message = `pods "${app.name}-" is forbidden: exceeded quota: compute, requested: requests.memory=${app.memoryMi / 2}Mi, used: requests.memory=20Gi, limited: requests.memory=20Gi`
    scene.at(-3000, () => {
      if (limits === undefined) return
      ;(limits['status'] as { used: Record<string, string> }).used['requests.memory'] = '20Gi'
      scene.world.put(limits)
    })
    scene.at(0, () => { rollout(scene.world, app, spec => { spec.containers[0].image = app.image.replace(/:.*/, ':3.1.4') }, { isRecreate: true, fate: { kind: 'forbidden', message } }) })
    return () => outage(scene, app, 'namespace_memory_quota_exceeded quota* symptom.k8s.quota_exhausted', 'k8s.quota_* k8s.failed_create k8s.rollout_failed', { subjects: [{ kind: 'ResourceQuota', namespace: app.namespace, name: 'compute' }, { kind: 'Namespace', name: app.namespace }] })
  }
}

export const wrongProbe: Scenario = {
  name: 'readiness probe asks a wrong port', layer: 'k8s', isLocal: true,
  story: 'A rollout changes the port of the readiness probe: new pods run and never become ready.',
  script (scene) {
    const app = deployed(scene)
    scene.at(0, () => {
      rollout(scene.world, app, spec => { spec.containers[0].readinessProbe = { httpGet: { path: '/healthz', port: app.port + 1 }, periodSeconds: 5, failureThreshold: 3 } }, { isRecreate: true, fate: { kind: 'unready', message: `Readiness probe failed: Get "http://{ip}:${app.port + 1}/healthz": dial tcp {ip}:${app.port + 1}: connect: connection refused` } })
    })
    return () => outage(scene, app, 'readiness_probe* symptom.k8s.probe_failed', 'k8s.probe_failed k8s.pod_*')
  }
}

export const nodeSelector: Scenario = {
  name: 'node selector that no node fits', layer: 'k8s', isLocal: true,
  story: 'A rollout asks for nodes with a label that none has: its pods cannot be placed.',
  script (scene) {
    const app = deployed(scene)
    const n = scene.world.nodes.length
    scene.at(0, () => {
      rollout(scene.world, app, (spec: PodSpecPart) => { spec.nodeSelector = { disktype: 'nvme' } }, { isRecreate: true, fate: { kind: 'unschedulable', message: `0/${n} nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, ${n - 1} node(s) didn't match Pod's node affinity/selector. preemption: 0/${n} nodes are available: ${n} Preemption is not helpful for scheduling.` } })
    })
    return () => outage(scene, app, 'node_selector_mismatch node_affinity_mismatch symptom.k8s.failed_scheduling', 'k8s.failed_scheduling k8s.pod_*')
  }
}

export const pendingClaim: Scenario = {
  name: 'claim waits for a volume', layer: 'k8s', isLocal: true,
  story: 'A database comes back with a claim of a storage class that does not exist: its pod stays Pending.',
  script (scene) {
    const { world, dice } = scene
    const app = scene.database()
    const claim = { kind: 'PersistentVolumeClaim', namespace: app.namespace, name: `data-${app.name}-0` }
    scene.at(0, () => {
      const old = world.thing('PersistentVolumeClaim', app.namespace, claim.name)
      app.fate = { kind: 'unschedulable', message: `0/${world.nodes.length} nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: 0/${world.nodes.length} nodes are available: ${world.nodes.length} Preemption is not helpful for scheduling.` }
      if (old !== undefined) world.remove(old)
      const made = thing(dice, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: claim.name, namespace: app.namespace }, spec: { storageClassName: 'fast-ssd', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Gi' } } }, status: { phase: 'Pending' } }, world.nowMs)
      world.put(made)
      againUntil(world, 15_000, () => { world.event({ about: { ...claim, uid: made.metadata.uid }, type: 'Warning', reason: 'ProvisioningFailed', note: 'storageclass.storage.k8s.io "fast-ssd" not found', from: 'persistentvolume-controller' }); return true })
    })
    scene.at(1500, () => { rollout(world, app, (_, annotations) => { annotations['kubectl.kubernetes.io/restartedAt'] = new Date(world.nowMs).toISOString() }, { isRecreate: true, fate: app.fate }) })
    return () => outage(scene, app, 'pvc* claim* storage_class* missing_storage* symptom.k8s.claim_pending', 'k8s.claim_* k8s.failed_scheduling k8s.pod_* k8s.volume_*', { subjects: [claim, { kind: 'StorageClass', name: 'fast-ssd' }] })
  }
}
